import pytest

from collector.freedesktop_categories import hint_of
from neural_focus.categories import category_label
from neural_focus.events import CategoryFlag

PRODUCTIVITY, LEISURE = CategoryFlag.PRODUCTIVITY, CategoryFlag.ENTERTAINMENT
KINDS = 0x3F


@pytest.mark.parametrize(
    ("app", "categories", "kinds", "label"),
    [
        ("Firefox", "Network;WebBrowser;", CategoryFlag.BROWSER, ""),
        ("Visual Studio Code", "TextEditor;Development;IDE;", CategoryFlag.IDE, "Building"),
        ("Slack", "GNOME;GTK;Network;InstantMessaging;", CategoryFlag.COMMUNICATION, "Communication"),
        ("Evolution", "GNOME;GTK;Office;Email;Calendar;", CategoryFlag.COMMUNICATION, "Communication"),
        ("VLC", "AudioVideo;Player;Recorder;", LEISURE, "Entertainment"),
        ("OBS", "AudioVideo;Recorder;", PRODUCTIVITY, "Building"),
        ("Ardour", "AudioVideo;Audio;X-AudioEditing;Midi;Mixer;Sequencer;", PRODUCTIVITY, "Building"),
        ("Volume control", "AudioVideo;Audio;Mixer;GTK;Settings;", 0, ""),
        ("Video", "AudioVideo;Video;", LEISURE, "Entertainment"),
        ("Steam", "Network;FileTransfer;Game;", LEISURE, "Entertainment"),
        ("NewsFlash", "GNOME;GTK;Network;Feed;", LEISURE | CategoryFlag.PSEUDO_PRODUCTIVE, "Entertainment"),
        ("Writer", "Office;WordProcessor;X-Red-Hat-Base;", PRODUCTIVITY, "Knowledge"),
        ("gedit", "GNOME;GTK;Utility;TextEditor;", PRODUCTIVITY, "Knowledge"),
        ("Okular", "Qt;KDE;Graphics;Office;Viewer;", PRODUCTIVITY, "Studying"),
        ("Stellarium", "Education;Science;Astronomy;", PRODUCTIVITY, "Studying"),
        ("FreeCAD", "Graphics;Science;Engineering;", PRODUCTIVITY, "Building"),
        ("GIMP", "Graphics;2DGraphics;RasterGraphics;GTK;", PRODUCTIVITY, "Building"),
        ("Eye of GNOME", "GNOME;GTK;Graphics;2DGraphics;RasterGraphics;Viewer;", 0, ""),
        ("Konsole", "Qt;KDE;System;TerminalEmulator;", PRODUCTIVITY, "Building"),
        ("Files", "GNOME;GTK;Utility;Core;FileManager;", 0, ""),
        ("nothing", "", 0, ""),
    ],
)
def test_what_the_apps_of_a_desktop_say_of_themselves(app: str, categories: str, kinds: int, label: str) -> None:
    hint = hint_of(categories.split(";"))
    assert hint & KINDS == kinds, app
    assert category_label(hint) == label
