"""With ``CI`` set a test session finds nothing of earlier ones: each cache is a new folder, removed at its end."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDERS = {
    "HOME": "home",
    "NEURAL_FOCUS_HOME": "neural-focus",
    "NEURAL_FOCUS_CACHE": "cache",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
}
"""Variable → folder: what ours and the libraries' caches go by."""


class FreshCaches:
    """The folders of one session; the workers of pytest-xdist are its children and have its environment."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="neural-focus-ci-"))
        self.folder.chmod(0o711)  # the account of a test's database server has to pass
        self._before = {name: os.environ.get(name) for name in FOLDERS}
        for name, folder in FOLDERS.items():
            os.environ[name] = str(self.folder / folder)
        (self.folder / "home").mkdir()

    def remove(self) -> None:
        """Everything is as it was."""
        for name, value in self._before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(self.folder)
