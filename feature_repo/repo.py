"""What `feast apply` finds in this folder; only Feast's own command line imports it."""

from __future__ import annotations

from feature_repo.definitions import define
from neural_focus.settings import read_settings

_defined = define(read_settings().feast)
stream, files, push, snapshots = _defined.stream, _defined.files, _defined.push, _defined.snapshots
input_files, inputs = _defined.input_files, _defined.inputs
services = _defined.services
