"""TimescaleDB (Apache edition) on Debian, without root and without touching the host.

Debian trixie's packages, from the mirror that this machine's own apt uses and checked against Debian's keyring,
are unpacked into a private folder. Every program there becomes a stub that starts it under trixie's own loader
and libraries, so it runs on older Debians too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded_database_account import open_to_others
from neural_focus.errors import ConfigurationError
from neural_focus.passable_folder import make_folder

SUITE = "trixie"
MAJOR = "17"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LOADERS = {
    "amd64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "arm64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
"""dpkg's architecture → (library folder, loader)."""
PACKAGES = (
    *("postgresql-17", "postgresql-17-timescaledb", "postgresql-client-17", "libpq5"),
    *("libc6", "libgcc-s1", "libstdc++6", "libssl3t64", "zlib1g", "liblz4-1", "libzstd1", "libxxhash0"),
    *("libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libcom-err2", "libkeyutils1"),
    *("libldap2", "libsasl2-2", "libpam0g", "libaudit1", "libcap-ng0", "libcap2", "libsystemd0"),
    *("libicu76", "libxml2", "liblzma5", "libreadline8t64", "libtinfo6"),
)
STUB = """#!/bin/sh
d=$(dirname "$(readlink -f "$0")"); f=$d/../../../../..
exec "$f/usr/lib/{folder}/{loader}" --argv0 "$0" --library-path "$f/usr/lib/{folder}" "$d/real/{name}" "$@"
"""


def obstacle() -> str:
    """Why TimescaleDB's packages cannot be had here; empty where they can."""
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            return f"this system has no {tool}"
    if _architecture() not in LOADERS:
        return f"there is no build for {_architecture()}"
    if not KEYRING.exists():
        return f"{KEYRING} is missing"
    if _mirror() is None:
        return "apt has no Debian mirror"
    return ""


def install(prefix: Path, report: Callable[[str], None]) -> Path:
    """The folder of PostgreSQL's programs below ``prefix``, unpacked there first if need be.

    Raises:
        ConfigurationError: the mirror or the disk refuses; nothing half-done stays behind.
    """
    programs = prefix / "usr" / "lib" / "postgresql" / MAJOR / "bin"
    if programs.exists():
        return programs
    make_folder(prefix.parent)
    with _exclusive(prefix.with_suffix(".lock")):
        if not programs.exists():
            report(f"downloading TimescaleDB from {_mirror()}")
            partial = prefix.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            try:
                _unpack(partial)
                partial.rename(prefix)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return programs


def _unpack(root: Path) -> None:
    apt = root / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "none", "debs"):
        (apt / folder).mkdir(parents=True)
    (apt / "status").touch()
    source = f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n"
    (apt / "sources.list").write_text(source)
    _run(["apt-get", *_apt_options(apt), "update"], apt)
    _run(["apt-get", *_apt_options(apt), "download", *PACKAGES], apt / "debs")
    for package in sorted((apt / "debs").glob("*.deb")):
        _run(["dpkg", "-x", str(package), str(root)], apt)
    shutil.rmtree(apt)
    _slim(root)
    _stub_programs(root / "usr" / "lib" / "postgresql" / MAJOR / "bin")
    open_to_others(root)


def _apt_options(apt: Path) -> list[str]:
    options = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": apt / "none",
        "Dir::Etc::preferencesparts": apt / "none",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "APT::Sandbox::User": _user_name(),
    }
    return ["-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]


def _slim(root: Path) -> None:
    library = root / "usr" / "lib" / "postgresql" / MAJOR / "lib"
    unused = [library / "bitcode", *library.glob("llvmjit*")]
    unused += [root / "usr" / "share" / name for name in ("doc", "man", "locale", "lintian", "bug")]
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _stub_programs(programs: Path) -> None:
    folder, loader = LOADERS[_architecture()]
    real = programs / "real"
    real.mkdir()
    for program in [path for path in programs.iterdir() if path.is_file()]:
        with program.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        program.rename(real / program.name)
        program.write_text(STUB.format(folder=folder, loader=loader, name=program.name))
        program.chmod(0o755)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise ConfigurationError(
            f"{command[0]} could not fetch TimescaleDB",
            why=lines[-1] if lines else f"exit code {done.returncode}",
            hint="Check the network and the disk, or set DATABASE_URL to a server of yours",
        )


def _mirror() -> str | None:
    """The first Debian mirror in this machine's apt sources."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return next((line for line in lines if line.rstrip("/").endswith("/debian")), None)


def _architecture() -> str:
    asked = ["dpkg", "--print-architecture"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _user_name() -> str:
    asked = ["id", "-un"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "root"


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
