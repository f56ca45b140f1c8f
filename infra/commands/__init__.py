"""One module a subcommand, each with a Typer ``app``; the wiring of the parts happens here."""
