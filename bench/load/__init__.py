"""`make load`: how many desktops one service answers at a snapshot a second, and how many requests, beside its peers.

::

    installation ─► service, as `up` starts it ◄── WebSockets ── desktops (one process) ─► latencies
                                 └── processor and memory, each second ─────────────────► rows
"""
