#!/usr/bin/env bash
# Writes the type stubs of the native modules anew. Run it after a build that changed a binding.
set -euo pipefail
cd "$(dirname "$0")/.."
for module in _native _wayland _x11; do
  .venv/bin/python -m nanobind.stubgen -q -m neural_focus.$module -o neural_focus/$module.pyi
done
sed -i 's/os\.PathLike\b/os.PathLike[str]/' neural_focus/_native.pyi
