"""The page's own tests and types, its generated types against the service's schemas, and what the build contains."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from node_here import DASHBOARD, run_node

from neural_focus.prediction import HIGH_FROM, LOW_BELOW


def test_unit_tests_of_the_page_pass() -> None:
    ran = run_node("node_modules/vitest/vitest.mjs", "run")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_types_are_strict_and_right() -> None:
    ran = run_node("node_modules/typescript/bin/tsc", "--noEmit")
    assert ran.returncode == 0, ran.stdout


def test_generated_types_are_what_the_service_says() -> None:
    ran = run_node("generate.mjs", "--check", PYTHON=sys.executable)
    assert ran.returncode == 0, ran.stderr


def test_levels_of_risk_are_the_services() -> None:
    source = (DASHBOARD / "src" / "words" / "risk.ts").read_text()
    borders = dict(re.findall(r"export const (LOW_BELOW|HIGH_FROM) = ([0-9.]+);", source))
    assert {name: float(value) for name, value in borders.items()} == {"LOW_BELOW": LOW_BELOW, "HIGH_FROM": HIGH_FROM}


def test_the_build_fits_a_strict_content_policy(tmp_path: Path) -> None:
    ran = run_node("node_modules/vite/bin/vite.js", "build", "--outDir", str(tmp_path / "dist"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page = (tmp_path / "dist" / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    styles = "".join(path.read_text() for path in (tmp_path / "dist" / "assets").glob("*.css"))
    assert re.findall(r"url\((?!/assets/)[^)]*\)|@import", styles) == []


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (DASHBOARD / "package-lock.json").read_text()
