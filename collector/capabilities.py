"""What of a desktop can be captured here, and what to do about the rest: one list for ``doctor``, tray and page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXTENSIONS = Path(__file__).with_name("extensions")
GNOME_UUID, KWIN_ID = "neural-focus@neuralfocus.org", "neural-focus"
JOIN_INPUT_GROUP = "sudo usermod -aG input $USER, then log out and in again (every program of yours can then read keys)"


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that capture can do (``there``) or cannot: how or why not, and what would help."""

    subject: str
    there: bool
    description: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of a Wayland session.

    ``inputs``: keyboards and pointers that can be read, and devices that may not be. ``reported``: an extension of
    the desktop has reported the focus. ``bus``: why the session bus cannot be used, empty when it can.
    """

    desktop: str
    inputs: tuple[int, int, int]
    built: bool
    tells_windows: bool
    tells_idle: bool
    reported: bool
    bus: str = ""


def of_x11(*, lock: bool) -> tuple[Capability, ...]:
    """An X server tells everything; ``lock``: whether locking the screen is seen."""
    return (
        Capability("keyboard and mouse", True, "by the X server"),
        Capability("focus", True, "by the X server"),
        Capability("pauses", True, "by the input"),
        _lock(lock),
    )


def of_wayland(seen: Seen, *, lock: bool) -> tuple[Capability, ...]:
    """Wayland gives a program nothing by itself."""
    return (_inputs(seen), _focus(seen), _pauses(seen), _lock(lock))


def of_gamepads(denied: Sequence[str]) -> tuple[Capability, ...]:
    """Nothing is said of gamepads but that some may not be read: ``denied``, by their device's name."""
    if not denied:
        return ()
    why = f"{', '.join(denied)} may not be read, so who plays without keyboard and mouse counts as away"
    return (Capability("gamepad", False, why, JOIN_INPUT_GROUP),)


def missing(found: tuple[Capability, ...]) -> tuple[Capability, ...]:
    """What is not there."""
    return tuple(one for one in found if not one.there)


def is_useful(seen: Seen) -> bool:
    """Whether anything at all would be captured."""
    keyboards, pointers, _ = seen.inputs
    return keyboards + pointers > 0 or seen.tells_windows or seen.reported or extension_installed(seen.desktop)


def kind_of(desktop: str) -> str:
    """gnome, kde or empty, from XDG_CURRENT_DESKTOP."""
    names = desktop.lower().split(":")
    return "gnome" if "gnome" in names or "ubuntu" in names else "kde" if "kde" in names else ""


def extension_installed(desktop: str, home: Path | None = None) -> bool:
    """Whether our extension lies where the desktop looks for it."""
    share = (home or Path.home()) / ".local" / "share"
    places = {"gnome": ("gnome-shell/extensions", GNOME_UUID), "kde": ("kwin/scripts", KWIN_ID)}
    place = places.get(kind_of(desktop))
    return place is not None and share.joinpath(*place, "metadata.json").exists()


def how_to_install(desktop: str) -> str:
    """The commands that install our extension into GNOME Shell or KWin; empty for other desktops."""
    if kind_of(desktop) == "gnome":
        folder = shlex.quote(str(EXTENSIONS / "gnome" / GNOME_UUID))
        return (
            f"mkdir -p ~/.local/share/gnome-shell/extensions && cp -r {folder} ~/.local/share/gnome-shell/extensions/,"
            f" log out and in again, then: gnome-extensions enable {GNOME_UUID}"
        )
    if kind_of(desktop) == "kde":
        folder = shlex.quote(str(EXTENSIONS / "kwin" / KWIN_ID))
        return (
            f"kpackagetool6 --type KWin/Script --install {folder} && kwriteconfig6 --file kwinrc --group Plugins --key"
            f" {KWIN_ID}Enabled true && qdbus6 org.kde.KWin /KWin reconfigure"
        )
    return ""


def _inputs(seen: Seen) -> Capability:
    keyboards, pointers, denied = seen.inputs
    if keyboards and pointers:
        return Capability("keyboard and mouse", True, f"{keyboards} keyboards, {pointers} pointers, by evdev")
    lacking = "keyboard and mouse" if not keyboards + pointers else "mouse" if keyboards else "keyboard"
    if denied:
        why = "their devices may not be read: you are not in the group input"
        return Capability(lacking, False, why, JOIN_INPUT_GROUP)
    return Capability(lacking, False, "there is no such device in /dev/input", "Plug one in; it is noticed at once")


def _focus(seen: Seen) -> Capability:
    if seen.tells_windows:
        return Capability("focus", True, "by the compositor (wlr-foreign-toplevel)")
    if seen.reported:
        return Capability("focus", True, "from the desktop's extension")
    desktop = {"gnome": "GNOME", "kde": "KDE"}.get(kind_of(seen.desktop))
    if desktop and seen.bus:
        return Capability(
            "focus", False, f"{desktop} sends it over D-Bus, and {seen.bus}", "Start the agent in your session"
        )
    if desktop and extension_installed(seen.desktop):
        return Capability(
            "focus", False, f"{desktop}'s extension has sent nothing yet", "Enable it, then change the window"
        )
    if desktop:
        return Capability("focus", False, f"{desktop} shows it only to an extension", how_to_install(seen.desktop))
    if not seen.built:
        hint = "Install libwayland-dev and libwayland-bin, then run: make setup"
        return Capability("focus", False, "this was built without libwayland", hint)
    why = "this compositor does not offer wlr-foreign-toplevel-management"
    return Capability("focus", False, why, "Log in with Sway, Hyprland, GNOME, KDE or an Xorg session")


def _pauses(seen: Seen) -> Capability:
    if seen.inputs[0] + seen.inputs[1] > 0:
        return Capability("pauses", True, "by the input")
    if seen.tells_idle:
        return Capability("pauses", True, "by the compositor (ext-idle-notify)")
    return Capability("pauses", False, "no source reports input: pauses are not seen", JOIN_INPUT_GROUP)


def _lock(lock: bool) -> Capability:
    if lock:
        return Capability("screen lock", True, "by D-Bus")
    return Capability("screen lock", False, "no D-Bus reports it", "Start the agent from within a desktop session")
