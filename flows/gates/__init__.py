"""Data-quality gates: what each kind of data is like, day by day, and which days nothing may learn from."""
