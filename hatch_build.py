"""Bundles ``web/`` into the page that reports embed. Placeholder hook until web/ exists."""
