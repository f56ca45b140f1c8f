"""The registrable domain, in the extension's JavaScript and in Python, from one public suffix list."""

from __future__ import annotations

import json
import subprocess
from importlib import resources

from node_here import find_node
from publicsuffixlist import PublicSuffixList

from infra.suffix_list import TARGET, suffixes_script

PROGRAM = """
const { registrable } = await import(process.argv[1]);
let text = "";
for await (const part of process.stdin) text += part;
console.log(JSON.stringify(JSON.parse(text).map(registrable)));
"""


def test_the_extension_ships_the_list_that_the_project_uses() -> None:
    assert TARGET.read_text(encoding="utf-8") == suffixes_script(), "run: python -m infra.suffix_list"


def test_both_find_the_same_domain() -> None:
    hosts = _hosts()
    module = TARGET.with_name("registrable.js").as_uri()
    ran = subprocess.run(
        [find_node(), "--input-type=module", "-e", PROGRAM, module],
        input=json.dumps(hosts),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    theirs, suffixes = json.loads(ran.stdout), PublicSuffixList()
    ours = [suffixes.privatesuffix(host) for host in hosts]
    different = [(host, one, other) for host, one, other in zip(hosts, ours, theirs, strict=True) if one != other]
    assert not different, different[:10]
    assert len(hosts) > 20_000


def _hosts() -> list[str]:
    """Each rule's suffix itself, one and two names under it, and a name beside it."""
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    rules = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("//")]
    found = []
    for rule in rules:
        name = rule.removeprefix("!").replace("*", "any").encode("idna").decode("ascii")
        if not name.endswith((".arpa", ".onion")) and name not in ("arpa", "onion"):
            found += [name, f"one.{name}", f"two.one.{name}"]
    return found
