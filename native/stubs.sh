#!/usr/bin/env bash
# Writes the type stub of the native module anew. Run it after a build that changed a binding.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -m nanobind.stubgen -q -m neural_focus._native -o neural_focus/_native.pyi
sed -i 's/os\.PathLike\b/os.PathLike[str]/' neural_focus/_native.pyi
