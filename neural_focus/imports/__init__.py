"""History from elsewhere: what other tools logged of a person, as records of streams of its own.

files, or a server ──► its reader ──► rows ──► cleaned ──► records ──► the person's events
                         │                      │            │ what is captured or stored already stays as it is
                         └── zone, unit asked ──┴── what is left out is counted by reason
"""
