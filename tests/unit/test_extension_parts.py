"""The browser extension's own parts under node, on as much of a browser as they ask for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from node_here import find_node

EXTENSION = Path(__file__).parents[2] / "collector" / "extensions" / "browser"
TESTS = sorted(Path(__file__).with_name("extension").glob("*.test.mjs"))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_its_parts_do_what_they_say(file: Path) -> None:
    ran = subprocess.run([find_node(), "--test", str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "# fail 0" in ran.stdout or "ℹ fail 0" in ran.stdout, ran.stdout[-500:]


def test_the_manifest_asks_for_no_more_than_is_used() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    used = "".join(path.read_text() for path in EXTENSION.rglob("*.js"))
    assert set(manifest["permissions"]) == {
        "alarms",
        "declarativeNetRequestWithHostAccess",
        "scripting",
        "storage",
        "webNavigation",
    }
    for permission in manifest["permissions"]:
        assert f"api.{permission.removesuffix('WithHostAccess')}." in used, permission
    assert manifest["incognito"] == "not_allowed"
    assert "web_accessible_resources" not in manifest, "every page could see that it is here"
    policy = manifest["content_security_policy"]["extension_pages"]
    assert "upgrade-insecure-requests" not in policy and "connect-src http://127.0.0.1:* ws://127.0.0.1:*" in policy


def test_every_file_that_is_named_is_there() -> None:
    manifest = json.loads((EXTENSION / "manifest.json").read_text())
    named = {manifest["background"]["service_worker"], *manifest["background"]["scripts"]}
    named |= {
        manifest["action"]["default_popup"],
        manifest["options_ui"]["page"],
        *manifest["content_scripts"][0]["js"],
    }
    assert all((EXTENSION / name).is_file() for name in named)
    assert manifest["version"].count(".") == 2
