"""One person's share in their model: experts that learn from them, and a mixture that is no worse than recency."""
