"""Spikes and shifts in a longer recording, and what else changed at the same moment.

``signals`` puts what was recorded on one grid of time; ``stats.episodes`` finds where a figure left its usual range; ``causes`` says which
other layer did so at the same moment; ``anomalies`` makes findings of it.
"""
