"""``godyno startup``: from exec to ready, over many starts, why it takes that long, and what would shorten it."""
