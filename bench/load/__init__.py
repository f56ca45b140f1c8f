"""`make load`: how many desktops one service answers at a snapshot a second, and how many requests, beside its peers.

::

    installation ──► service, as `up` starts it ◄── WebSockets ── desktops ─► latencies ──┐
                 └─► its peers                  ◄── POST ──────── requests ─► latencies ──┴─► build/load.jsonl
                     └─ processor time, memory each second ──────────────────────────────┘

The client's side runs in one process of its own, and its processor time is in each row.
"""
