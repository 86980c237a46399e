"""Throughput against parallelism."""

from godyno.studies.library.parallelism.study import Parallelism

__all__ = ["Parallelism"]
