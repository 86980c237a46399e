"""How far an export is, for whoever wants to know: a listener is set around a call and told now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# (what, done, of how many; 0 where that is not known)
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def watched_by(listener: Listener) -> Iterator[None]:
    """Tells ``listener`` of the progress of exports inside the ``with``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(what: str, done: int, total: int) -> None:
    """Tells the listener, where there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)
