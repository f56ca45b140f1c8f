"""Folders on the way to what another account uses: root's database server has an account of its own."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Makes ``folder`` and what is missing above it; root's let other accounts pass, whatever the umask.

    Raises:
        OSError: it cannot be made.
    """
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        for step in {folder, *missing}:
            step.chmod(stat.S_IMODE(step.stat().st_mode) | 0o711)
