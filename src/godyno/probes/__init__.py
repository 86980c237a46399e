"""Probes: each watches one thing and writes to the sink it is given. ``kernel``, ``machine`` and ``runtime`` say where it looks."""
