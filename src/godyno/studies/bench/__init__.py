"""Benchmarks compared so that a noisy machine does not decide: revisions, toolchains, environments, flags, commands.

``arms`` prepares what is compared (worktrees, prebuilt test binaries, caches of their own), ``trials`` runs them, ``session``
interleaves and stops, ``table`` shows, ``gate`` judges, ``files`` compares what others measured.
"""
