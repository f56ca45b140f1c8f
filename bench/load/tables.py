"""The rows of a load as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bench.load.steps import Row


def desktops_table(rows: Sequence[Row]) -> Table:
    """The rows of desktops, and why a service got no further."""
    columns = (
        "desktops",
        "sent",
        "unanswered",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "cores",
        "database",
        "client",
        "others",
        "MiB",
    )
    table = Table("service", *columns, title="A snapshot a second from each desktop", caption=_stopped(rows))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        if row["kind"] == "desktops":
            times = (_ms(row[name]) for name in ("p50_ms", "p99_ms", "p999_ms"))
            cores = (f"{row[name]:.2f}" for name in ("service_cores", "database_cores", "client_cores", "other_cores"))
            counts = (f"{row[name]:,}" for name in ("desktops", "sent", "unanswered"))
            table.add_row(row["service"], *counts, *times, *cores, _memory(row["rss_mib"]))
    return table


def requests_table(rows: Sequence[Row]) -> Table:
    """The rows of requests."""
    columns = ("path", "requests/s", "p50 ms", "p99 ms", "failed", "cores", "client")
    table = Table("service", *columns, title="POST at 16 connections, in turn")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        if row["kind"] == "requests":
            times, cores = (_ms(row["p50_ms"]), _ms(row["p99_ms"])), (row["service_cores"], row["client_cores"])
            failed = f"{sum(row['failed'].values()):,}"
            counts = (f"{row['requests_per_s']:,.0f}", *times, failed)
            table.add_row(row["service"], row["path"], *counts, *(f"{value:.2f}" for value in cores))
    return table


def _stopped(rows: Sequence[Row]) -> str | None:
    return (
        "\n".join(
            f"{row['service']} goes no further than {row['desktops']:,} desktops: {row['why']}"
            for row in rows
            if row["kind"] == "stopped"
        )
        or None
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _memory(points: Sequence[tuple[float, float]]) -> str:
    return f"{points[0][1]:,.0f} → {points[-1][1]:,.0f}" if points else "–"
