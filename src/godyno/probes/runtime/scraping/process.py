"""The process that scrapes, beside the recorder: ``python -m godyno.probes.runtime.scraping.process URL FOLDER SETTINGS``.

It waits until the program answers, then keeps an execution trace and CPU profiles coming and takes the other profiles at the
start, at intervals and at the end. Its standard input tells it to end: it closes when the recorder says so, and also when
the recorder is dead; its standard output tells that it looks for the program, or has found one that ran before. What came
lies in FOLDER, one file a request, and ``index.jsonl`` says what each is and when it was asked for. Standard library only:
this runs beside what is being measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from godyno.clock import now_ns
from godyno.machine.listeners import pids_listening
from godyno.probes.runtime.scraping.address import Address, address, authorization
from godyno.probes.runtime.scraping.fetch import Fetch, FetchError

INDEX = "index.jsonl"
KINDS = ("trace", "cpu", "heap", "allocs", "mutex", "block", "goroutine")
LASTING = ("trace", "cpu")  # requests that last; the others tell of an instant
# One request brings both: net/http/pprof's heap and allocs are the same profile with another default.
_SAME = {"allocs": "heap"}
_POLL_S = 0.02
_GRACE_S = 5.0  # beyond what was asked for
_END_S = 3.0  # for the profiles at the end
_FIRST_WINDOW_S = 1
_SHORT_S = 5  # where a long window is refused
_LONG_S = 86_400
_PROFILE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What to scrape, how often (seconds), and how many bytes of execution trace are kept."""

    kinds: tuple[str, ...] = KINDS
    every_s: float = 10.0
    most_trace_bytes: int = 256 << 20
    pid: int = 0  # where it is known already
    from_start: bool = False  # the program starts with the recording

    @classmethod
    def read(cls, text: str) -> Settings:
        """From the JSON of ``text``."""
        found = json.loads(text)
        return cls(**{**found, "kinds": tuple(found["kinds"])})

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))


class Scraper:
    """``run()`` until ``end()``."""

    def __init__(
        self, where: Address, folder: Path, settings: Settings, header: str, on_begun: Callable[[], None] = lambda: None
    ) -> None:  # fmt: skip
        self.on_begun = on_begun
        self.where, self.folder, self.settings, self.header = where, folder, settings, header
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._index = (folder / INDEX).open("a", buffering=1)
        self._lasting: dict[str, Fetch] = {}
        self._refused: dict[str, str] = {}  # what will not come, and why
        self._lost = False  # it did not answer since it was last seen: it may be another process by now
        self._count = 0

    def run(self) -> None:
        """Waits for the program, scrapes it, and takes the last profiles."""
        self.tell(kind="settings", **asdict(self.settings))
        if self.settings.from_start:
            self.on_begun()
        if not self._wait():
            return
        if not self.settings.from_start:
            self.on_begun()
        threads = [
            threading.Thread(target=self._keep_coming, args=(kind,), daemon=True)
            for kind in LASTING
            if kind in self.settings.kinds
        ]
        for thread in threads:
            thread.start()
        self._instants("start", _GRACE_S)
        while not self.ended.wait(self.settings.every_s):
            if not self._lost or self._wait():
                self._instants("interval", _GRACE_S)
        self._join(threads, _END_S)
        self._instants("end", _END_S)
        for fetch in list(self._lasting.values()):
            fetch.give_up()
        self._join(threads, 0.5)

    def end(self) -> None:
        """Ends what lasts, keeping what the program still sends of it."""
        self.ended.set()
        with self._lock:
            for fetch in self._lasting.values():
                fetch.stop()

    def tell(self, **row: Any) -> None:
        """A line of the index."""
        with self._lock, contextlib.suppress(OSError):
            self._index.write(json.dumps(row) + "\n")

    # ---- parts

    def _join(self, threads: Sequence[threading.Thread], within_s: float) -> None:
        until = time.monotonic() + within_s
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _wait(self) -> bool:
        """Until the program answers, or the recording ends. Nothing listens yet: trying costs microseconds."""
        out = self.folder / "cmdline"
        while not self.ended.is_set():
            asked, told = now_ns(), True
            try:
                Fetch(
                    self.where, "/cmdline", out, header=self.header, within_s=_GRACE_S, most_bytes=1 << 20
                ).run()
            except FetchError as error:
                if error.transient:
                    self.ended.wait(_POLL_S)
                    continue
                told = False  # each profile will say for itself whether it is there
            pid, why = self.settings.pid, ""
            if not pid:
                pid, why = serving(self.where, out) if told else (0, "it does not tell its command line")
            out.unlink(missing_ok=True)  # it may hold secrets
            self.tell(kind="ready", sent_ns=asked, end_ns=now_ns(), pid=pid, no_pid=why)
            self._lost = False
            return True
        return False

    def _keep_coming(self, kind: str) -> None:
        """One request that lasts after another."""
        window, wait_s, left = _FIRST_WINDOW_S, 1.0, self.settings.most_trace_bytes
        if kind == "trace":
            window = _LONG_S
        path = {"trace": "trace", "cpu": "profile"}[kind]
        while not self.ended.is_set() and kind not in self._refused:
            before = time.monotonic()
            most = left if kind == "trace" else _PROFILE_BYTES
            try:
                found = self._fetch(kind, f"/{path}?seconds={window}", "window", window + _GRACE_S, most)
            except FetchError as error:
                if (
                    "WriteTimeout" in str(error) and window > 1
                ):  # before Go 1.23 a window must be shorter than that
                    window = min(window, 2 * _SHORT_S) // 2
                    continue
                self._fail(kind, error)
                self.ended.wait(wait_s)
                wait_s = min(2 * wait_s, self.settings.every_s)
                continue
            wait_s = 1.0
            if kind == "cpu":
                window = int(max(1, min(2 * window, self.settings.every_s)))
            elif (left := left - found) <= 0:
                most = self.settings.most_trace_bytes >> 20
                self._fail(kind, FetchError(f"it was ended after {most} MiB, the most that is kept"))
            if time.monotonic() - before < 0.5:
                self.ended.wait(1.0)  # whatever it is that answers at once

    def _instants(self, when: str, within_s: float) -> None:
        wanted = [kind for kind in self.settings.kinds if kind not in LASTING]
        until = time.monotonic() + within_s
        for kind in dict.fromkeys(_SAME.get(kind, kind) for kind in wanted):
            left = until - time.monotonic()
            if kind in self._refused or left <= 0 or (self.ended.is_set() and when != "end"):
                continue
            try:
                self._fetch(kind, f"/{kind}", when, left, _PROFILE_BYTES)
            except FetchError as error:
                self._fail(kind, error)

    def _fail(self, kind: str, error: FetchError) -> None:
        if self.ended.is_set():  # the program has ended too, as a rule
            return
        if error.transient:
            self._lost = True
        else:
            self._refused[kind] = str(error)
        self.tell(kind=kind, error=str(error), t_ns=now_ns(), transient=error.transient)

    def _fetch(self, kind: str, path: str, when: str, within_s: float, most_bytes: int) -> int:
        """The bytes that came. Raises FetchError."""
        with self._lock:
            self._count += 1
            out = self.folder / f"{self._count:05d}-{kind}{'.trace' if kind == 'trace' else '.pb.gz'}"
            fetch = Fetch(self.where, path, out, header=self.header, within_s=within_s, most_bytes=most_bytes)
            if kind in LASTING:
                if self.ended.is_set():
                    raise FetchError("it was stopped", transient=True)
                self._lasting[kind] = fetch
        if kind == "trace":  # if this process is killed, what came of it can still be read
            self.tell(kind=kind, file=out.name, sent_ns=now_ns())
        try:
            found = fetch.run()
        except OSError as error:  # a full disk
            raise FetchError(f"it cannot be kept: {error.strerror}") from error
        finally:
            if kind in LASTING:
                self._lasting.pop(kind, None)
        self.tell(kind=kind, file=out.name, when=when, **asdict(found))
        return found.bytes


def serving(where: Address, cmdline: Path) -> tuple[int, str]:
    """The process that serves ``where``, and if it is not known, why not: who listens must also have the arguments that the
    program tells of itself, or it is a proxy before a program elsewhere.
    """
    pids = pids_listening(where.host, where.port)
    if not pids:
        return 0, "no process of this machine that may be looked into listens there"
    told = cmdline.read_bytes().strip(b"\0")
    for pid in pids:
        try:
            own = Path(f"/proc/{pid}/cmdline").read_bytes().strip(b"\0")
        except OSError:
            continue
        if own == told:
            return pid, ""
    return 0, f"process {pids[0]} listens there, but what answers was started with other arguments"


def _say_begun() -> None:
    os.write(1, b".")


def main(argv: Sequence[str]) -> int:
    """Scrapes until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the recorder gets them, and tells
    scraper = Scraper(address(argv[0]), Path(argv[1]), Settings.read(argv[2]), authorization(), _say_begun)

    def wait_for_end() -> None:
        while os.read(0, 1):
            pass
        scraper.end()

    threading.Thread(target=wait_for_end, daemon=True).start()
    scraper.run()
    used = time.process_time()
    scraper.tell(kind="end", cpu_s=used)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
