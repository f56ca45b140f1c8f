"""The README's pictures: a platform of their own, a real browser, and a list of shots."""
