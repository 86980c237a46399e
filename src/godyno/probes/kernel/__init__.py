"""Probes that ask the kernel about the tree of processes under observation."""
