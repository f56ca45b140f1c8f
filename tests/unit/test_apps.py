import pytest

from neural_focus.apps import app_id, on_site, split_site
from neural_focus.events import encode_app_name

NAMES = {
    "chrome": "chrome chrome.exe google-chrome Google-chrome google-chrome-stable google-chrome-beta "
    "google-chrome-unstable "
    "com.google.Chrome com.google.Chrome.beta com.google.Chrome.canary com.google.ChromeDev",
    "chromium": "chromium chromium-browser Chromium org.chromium.Chromium chromium_chromium chromium_chromium.desktop",
    "firefox": "firefox firefox.exe firefox-bin firefox-esr firefox_firefox org.mozilla.firefox Navigator/firefox "
    "Navigator "
    "firefox-developer-edition firefox-nightly org.mozilla.firefoxdeveloperedition",
    "edge": "msedge.exe microsoft-edge Microsoft-edge-dev com.microsoft.Edge com.microsoft.edgemac "
    "Microsoft.MicrosoftEdge.Stable_8wekyb3d8bbwe!App",
    "brave": "brave.exe brave-browser Brave-browser-nightly com.brave.Browser brave_brave",
    "zen": "zen zen-browser app.zen_browser.zen",
    "code": "code Code.exe code-insiders code-oss code_code com.visualstudio.code com.visualstudio.code.insiders "
    "com.microsoft.VSCode",
    "vscodium": "codium VSCodium com.vscodium.codium",
    "zed": "zed zeditor dev.zed.Zed dev.zed.Zed-Preview",
    "idea": "idea64.exe jetbrains-idea jetbrains-idea-ce com.jetbrains.intellij.ce "
    "intellij-idea-community_intellij-idea-community",
    "pycharm": "pycharm64.exe jetbrains-pycharm-ce com.jetbrains.pycharm pycharm-community_pycharm-community",
    "android-studio": "studio64.exe jetbrains-studio com.google.AndroidStudio com.google.android.studio",
    "obs": "obs obs64.exe com.obsproject.Studio obs-studio_obs-studio",
    "windows-terminal": "WindowsTerminal.exe Microsoft.WindowsTerminal_8wekyb3d8bbwe!App",
    "texteditor": "gnome-text-editor org.gnome.TextEditor",
    "nautilus": "nautilus org.gnome.Nautilus org.gnome.Nautilus.desktop",
    "preview": "Preview Preview.app com.apple.Preview",
    "safari": "Safari com.apple.Safari",
    "xcode": "Xcode com.apple.dt.Xcode",
    "word": "WINWORD.EXE com.microsoft.Word",
    "libreoffice": "soffice.bin org.libreoffice.LibreOffice libreoffice",
    "obsidian": "obsidian Obsidian.exe md.obsidian md.obsidian.Obsidian Obsidian-1.5.3.AppImage "
    "Obsidian-1.5.3-x86_64.AppImage",
    "gimp": "gimp gimp-2.10 org.gimp.GIMP Gimp-2.10",
    "foliate": "foliate com.github.johnfactotum.Foliate",
    "slack": "slack Slack.exe com.slack.Slack slack_slack com.tinyspeck.slackmacgap snap.slack.slack "
    "snap.slack.slack-0b1f3c52-5f2e-4c5e-9a56-0123456789ab.scope",
    "discord": "discord Discord.exe discord-canary com.discordapp.Discord com.hnc.Discord "
    "DiscordPTB com.discordapp.DiscordCanary",
    "teams": "Teams.exe ms-teams.exe teams-for-linux MSTeams_8wekyb3d8bbwe!MSTeams com.microsoft.teams2",
    "zoom": "zoom Zoom.exe zoom.us us.zoom.Zoom us.zoom.xos",
    "telegram": "Telegram.exe telegram-desktop TelegramDesktop org.telegram.desktop ru.keepcoder.Telegram "
    "telegram-desktop_telegram-desktop",
    "signal": "signal signal-desktop org.signal.Signal org.whispersystems.signal-desktop",
    "element": "element element-desktop im.riot.Riot",
    "skype": "skype com.skype.Client",
    "thunderbird": "thunderbird thunderbird-esr org.mozilla.Thunderbird thunderbird_thunderbird",
    "spotify": "spotify Spotify.exe com.spotify.Client com.spotify.client spotify_spotify "
    "SpotifyAB.SpotifyMusic_zpdnekdrzrea0!Spotify",
    "vlc": "vlc vlc.exe org.videolan.VLC org.videolan.vlc vlc_vlc",
    "steam": "steam Steam.exe com.valvesoftware.Steam",
    "libreoffice-writer": "libreoffice-writer libreoffice_writer libreoffice-writer.desktop",
}
SPACED = {
    "chrome": ["Google Chrome", "Google Chrome.app", "/Applications/Google Chrome.app/", "Google Chrome Canary"],
    "firefox": [
        "Firefox Developer Edition",
        r"C:\Program Files\Mozilla Firefox\firefox.exe",
        "/usr/lib/firefox/firefox-bin",
    ],
    "code": [
        "Visual Studio Code",
        "Code - Insiders",
        r"C:\Users\Ann\AppData\Local\Programs\Microsoft VS Code\Code.exe",
    ],
    "teams": ["Microsoft Teams"],
    "idea": ["IntelliJ IDEA", "IntelliJ IDEA Community Edition"],
}
APART = [
    "app1",
    "app2",
    "app-3",
    "app_4",
    "App 5",
    "work.app6",
    "app64",
    "app32",
    "u1.app",
    "draw.io",
    "rocket.chat",
    "日本語",
]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *((name, app) for app, names in NAMES.items() for name in names.split()),
        *((name, app) for app, names in SPACED.items() for name in names),
    ],
)
def test_an_app_has_one_id_whatever_it_is_called(name: str, wanted: str) -> None:
    assert app_id(name) == wanted
    assert app_id(wanted) == wanted


def test_names_that_say_different_apps_stay_apart() -> None:
    assert len({app_id(name) for name in APART}) == len(APART)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("", ""),
        (" ", ""),
        ("-", "-"),
        (".", "."),
        ("/", ""),
        ("beta", "beta"),
        ("Desktop", "desktop"),
        ("\0", ""),
        ("com.beta", "com.beta"),
        (".exe", ".exe"),
        ("a\x1b[0m", "a\ufffd[0m"),
        ("caf\udcc3\udca9-beta", "café"),
    ],
)
def test_what_is_hardly_a_name_is_taken_as_it_is(name: str, wanted: str) -> None:
    assert app_id(name) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "com.jetbrains.IntelliJ-IDEA-Community",
        "org.whispersystems.signal-desktop",
        "telegram-desktop_telegram-desktop",
        "intellij-idea-community_intellij-idea-community",
        "com.github.johnfactotum.Foliate",
    ],
)
def test_a_record_that_cuts_a_name_keeps_its_id(name: str) -> None:
    assert app_id(encode_app_name(name).decode()) == app_id(name)


def test_a_browser_on_a_kind_of_site_is_an_app_of_its_own_that_fits_into_a_record() -> None:
    assert on_site("Google Chrome", "video") == "chrome (video)"
    for name in ("Google-chrome (video)", "chrome.exe (video)", "com.google.Chrome (video)", "chrome (video)"):
        assert app_id(name) == "chrome (video)" == encode_app_name(app_id(name)).decode()
    assert split_site("chrome (video)") == ("chrome", "video")
    assert split_site("chrome (beta)") == ("chrome (beta)", "") and app_id("chrome (beta)") == "chrome-(beta)"
    long = on_site("café-" * 9, "documents")
    assert len(long.encode()) <= 31 and long.endswith(" (documents)") and app_id(long) == long
