"""Categories of the freedesktop menu specification → ours, for apps that no rule of ours names.

https://specifications.freedesktop.org/menu-spec/latest/category-registry.html (main and additional categories)
"""

from __future__ import annotations

from collections.abc import Iterable

from neural_focus.events import PRODUCTIVITY_SHIFT, CategoryFlag, ProductivityCategory

_BUILDING, _STUDYING, _KNOWLEDGE, _COMMUNICATION, _ENTERTAINMENT = (
    int(category) << PRODUCTIVITY_SHIFT
    for category in (
        ProductivityCategory.BUILDING,
        ProductivityCategory.STUDYING,
        ProductivityCategory.KNOWLEDGE,
        ProductivityCategory.COMMUNICATION,
        ProductivityCategory.ENTERTAINMENT,
    )
)
_PRODUCTIVITY, _LEISURE = int(CategoryFlag.PRODUCTIVITY), int(CategoryFlag.ENTERTAINMENT)

_TABLE: tuple[tuple[str, int], ...] = (
    ("Settings DesktopSettings HardwareSettings PackageManager Screensaver", 0),
    ("WebBrowser", int(CategoryFlag.BROWSER)),
    ("IDE", CategoryFlag.IDE | _BUILDING),
    ("Game", _LEISURE | _ENTERTAINMENT),
    ("News Feed", _LEISURE | CategoryFlag.PSEUDO_PRODUCTIVE | _ENTERTAINMENT),
    (
        "Chat InstantMessaging IRCClient Email VideoConference Telephony Calendar ContactManagement",
        CategoryFlag.COMMUNICATION | _COMMUNICATION,
    ),
    ("AudioVideoEditing Midi Sequencer", _PRODUCTIVITY | _BUILDING),
    ("Player Music TV Tuner", _LEISURE | _ENTERTAINMENT),
    ("Recorder", _PRODUCTIVITY | _BUILDING),
    ("DiscBurning Mixer", 0),
    ("AudioVideo Audio Video", _LEISURE | _ENTERTAINMENT),
    ("TerminalEmulator Development Building Debugger GUIDesigner Profiling", _PRODUCTIVITY | _BUILDING),
    ("RevisionControl Translation WebDevelopment Engineering Electronics", _PRODUCTIVITY | _BUILDING),
    ("Office+Viewer Education Science Languages Dictionary Literature Math", _PRODUCTIVITY | _STUDYING),
    ("Office WordProcessor Spreadsheet Presentation Publishing FlowChart Chart", _PRODUCTIVITY | _KNOWLEDGE),
    ("ProjectManagement Finance Database Calculator TextEditor", _PRODUCTIVITY | _KNOWLEDGE),
    ("Graphics+Viewer Graphics+Scanning", 0),
    ("Graphics 2DGraphics 3DGraphics VectorGraphics RasterGraphics Photography", _PRODUCTIVITY | _BUILDING),
)
"""From the telling to the vague; the first row that fits is taken. ``A B``: one of them is there, ``A+B``: both are."""

_ROWS = tuple((frozenset(wanted.split("+")), int(bits)) for words, bits in _TABLE for wanted in words.split())


def hint_of(categories: Iterable[str]) -> int:
    """``category_hint`` bits of an app with these categories, 0 for none."""
    given = frozenset(categories)
    return next((bits for wanted, bits in _ROWS if wanted <= given), 0)
