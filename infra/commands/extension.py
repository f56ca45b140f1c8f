"""``neural-focus extension``: where the browser extension is, and how a browser gets it."""

from __future__ import annotations

from pathlib import Path

import typer

from neural_focus.addresses import service_link
from neural_focus.settings import read_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)
FOLDER = Path(__file__).parents[2] / "collector" / "extensions" / "browser"


@app.command()
def extension() -> None:
    """Print the folder of the browser extension and how to load it."""
    typer.echo(
        f"""The extension is in
  {FOLDER}

Chromium, Chrome, Edge, Brave: open chrome://extensions (edge://extensions), switch on "Developer mode",
  "Load unpacked", choose the folder. It stays until you remove it.
Firefox: open about:debugging#/runtime/this-firefox, "Load Temporary Add-on", choose manifest.json in the folder.
  It stays until Firefox ends: other Firefox versions take only add-ons that Mozilla signed.
Firefox ESR: the same; or for good, with xpinstall.signatures.required set to false in about:config, as a packed file:
  (cd '{FOLDER}' && zip -qr ~/neural-focus.xpi .), then about:addons, the gear, "Install Add-on From File".

Then pair the browser: open {service_link(read_settings())}/pair in it and accept."""
    )
