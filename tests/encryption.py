"""A certificate for servers of tests, signed by an authority that only they know."""

from __future__ import annotations

from pathlib import Path

import trustme


def certificate_of(folder: Path, *names: str) -> tuple[Path, Path]:
    """The PEM files of a certificate for ``names``, with what signed it, and of its key."""
    made = trustme.CA().issue_cert(*names)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))
    key.touch(0o600)
    key.write_bytes(made.private_key_pem.bytes())
    return certificate, key
