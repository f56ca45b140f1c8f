"""What help does on this desktop: a break screen, windows put away, a program of the person's list ended in a jail.

    service ── APPLY_ACTION ──► runner ── store ─► apply ─► store ──► INTERVENTION_APPLIED, or why not
                                   │ each turn: its end, the person's leave, windows that come back
                                   ▼
                                 undo ─► store ──► INTERVENTION_UNDONE, and why

``journal`` is on the disk before anything is done, so that a start after any crash finds what is left over and takes it
back. Targets come from the person's own lists, as the order names them; nothing is made of a model's words.
"""
