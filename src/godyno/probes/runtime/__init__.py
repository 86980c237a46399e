"""Probes that ask Go itself: the toolchain and the runtime of what it builds."""
