"""``/metrics`` over recordings that run and captures that are there.

A recording that runs shows the latest value of every series, read from its journal as that grows; a sealed capture shows
how its run ended. Values have no timestamps of their own here: Prometheus stamps them when it scrapes, and sees by itself
what has gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any

from godyno.capture import journal as journals
from godyno.capture.journal import JOURNAL
from godyno.capture.manifest import MANIFEST, Manifest, read_manifest
from godyno.clock import now_ns
from godyno.errors import CaptureError, CaptureNotFound
from godyno.export.metrics import Family, common_labels, families, header, label_text, outcome, value_text
from godyno.export.source import Series, clean
from godyno.recorder.identity import is_alive

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
_MOST_SERIES = 200_000
_PROCESS_GONE_NS = 5 * 10**9  # a process of which nothing was heard for so long has ended


class Recordings:
    """What ``path`` holds, a capture or a directory of captures, as metrics of this moment. Zips are passed over."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise CaptureNotFound(
                f"{path} is no directory", hint="Name a capture or a directory of captures."
            )
        self.path = path
        self._followers: dict[Path, Follower] = {}
        self._manifests: dict[Path, tuple[tuple[int, int], Manifest | None]] = {}
        self._lock = Lock()

    def text(self, openmetrics: bool) -> str:
        """The whole exposition. Never raises for a capture that cannot be read: it is counted."""
        with self._lock:
            return "".join(self._text(openmetrics))

    def _text(self, openmetrics: bool) -> Iterator[str]:
        found: dict[str, tuple[Family, list[tuple[dict[str, str], float]]]] = {}

        def add(family: Family, labels: dict[str, str], value: float) -> None:
            kept, rows = found.setdefault(family.name, (family, []))
            if kept.type == family.type:  # another capture's probe may mean something else by the name
                rows.append((labels, value))

        states = {"recording": 0, "sealed": 0, "unsealed": 0, "unreadable": 0}
        for directory, manifest in self._captures():
            state = _state(manifest)
            states[state] += 1
            if manifest is None:
                continue
            labels = _labels(manifest, directory)
            if state == "recording":
                for family, own, value in self._follow(directory, labels):
                    add(family, own, value)
            else:
                self._followers.pop(directory, None)
                for family, value in outcome(manifest):
                    add(family, labels, value)
        count = Family("godyno_captures", "gauge", "", "Captures here, by their state.")
        for state, there in states.items():
            add(count, {"state": state}, float(there))
        for _, (family, rows) in sorted(found.items()):
            yield header(family, openmetrics)
            for labels, value in rows:
                yield f"{family.sample_name}{label_text(labels)} {value_text(value)}\n"
        if openmetrics:
            yield "# EOF\n"

    def _follow(
        self, directory: Path, common: dict[str, str]
    ) -> Iterator[tuple[Family, dict[str, str], float]]:
        follower = self._followers.get(directory)
        if follower is None:
            follower = self._followers[directory] = Follower(directory / JOURNAL)
        follower.read()
        series, values = follower.latest(now_ns())
        for family in families(series, common):
            for number, labels in family.members:
                yield family, labels, values[number]

    def _captures(self) -> Iterator[tuple[Path, Manifest | None]]:
        if (self.path / MANIFEST).exists():
            places = [self.path]
        else:
            try:
                places = sorted(one for one in self.path.iterdir() if one.suffix == ".dyno" and one.is_dir())
            except OSError:
                places = []
        for gone in self._manifests.keys() - set(places):
            del self._manifests[gone]
            self._followers.pop(gone, None)
        for place in places:
            yield place, self._manifest(place)

    def _manifest(self, place: Path) -> Manifest | None:
        try:
            about = (place / MANIFEST).stat()
            version = (about.st_mtime_ns, about.st_ino)  # it is replaced, not rewritten
            known = self._manifests.get(place)
            if known is None or known[0] != version:
                self._manifests[place] = known = (version, read_manifest(place))
        except (OSError, CaptureError):
            return None
        return known[1]


class Follower:
    """Reads a journal as it grows, and keeps the latest value of each series."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._position = 0
        self._series: dict[int, tuple[str, str, str, dict[str, str]]] = {}
        self._groups: dict[int, list[int]] = {}
        self._latest: dict[int, tuple[int, float]] = {}

    def read(self) -> None:
        """Takes what is new. What is torn at the end is read when it is whole."""
        try:
            for kind, payload, position in journals.frames_from(self._journal, self._position):
                self._position = position
                if kind == journals.JSON:
                    for record in journals.objects(payload):
                        self._object(record)
                elif kind == journals.ROWS:
                    widths = {group: len(ids) for group, ids in self._groups.items()}
                    for group, t_ns, values in journals.rows(payload, widths):
                        for number, value in zip(self._groups[group], values, strict=True):
                            self._point(number, t_ns, value)
        except (OSError, CaptureError):
            return  # sealed in this moment, or not begun yet

    def latest(self, t_ns: int) -> tuple[list[Series], dict[int, float]]:
        """Every series that has a value at ``t_ns``, and the values by its id."""
        series, values = [], {}
        for number, (at_ns, value) in sorted(self._latest.items()):
            name, unit, layer, labels = self._series[number]
            if "pid" in labels and t_ns - at_ns > _PROCESS_GONE_NS:
                continue
            rises = labels.get("kind") == "counter" or (layer == "pressure" and unit == "s")
            series.append(Series(number, name, unit, layer, labels, rises, 1, value, at_ns))
            values[number] = value
        return series, values

    def _point(self, number: int, t_ns: int, value: float) -> None:
        if value == value and number in self._series:
            self._latest[number] = (t_ns, value)

    def _object(self, record: dict[str, Any]) -> None:
        try:
            kind = record.get("k")
            if kind == "series" and len(self._series) < _MOST_SERIES:
                labels = {clean(str(key)): clean(str(value)) for key, value in record["labels"].items()}
                self._series[int(record["id"])] = (
                    clean(str(record["name"])), str(record["unit"]), clean(str(record["layer"])), labels,
                )  # fmt: skip
            elif kind == "rows":
                self._groups[int(record["id"])] = [int(number) for number in record["series"]]
            elif kind == "point":
                self._point(int(record["s"]), int(record["t"]), float(record["v"]))
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # sealing counts what is damaged


class Server(ThreadingHTTPServer):
    """Serves ``recordings`` at ``/metrics``. ``server_address`` tells the port where 0 was asked for."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], recordings: Recordings) -> None:
        self.recordings = recordings
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server_version, sys_version = "godyno", ""
    disable_nagle_algorithm = True
    timeout = 30

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self._answer(
                200,
                "text/html; charset=utf-8",
                b'<!doctype html><title>godyno</title><a href="/metrics">/metrics</a>\n',
            )
            return
        if path != "/metrics":
            self._answer(404, "text/plain; charset=utf-8", b"There is only /metrics.\n")
            return
        wanted = "application/openmetrics-text" in self.headers.get("Accept", "")
        assert isinstance(self.server, Server)
        self._answer(200, OPENMETRICS if wanted else TEXT, self.server.recordings.text(wanted).encode())

    do_HEAD = do_GET

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: a line for each scrape helps nobody."""


def _state(manifest: Manifest | None) -> str:
    if manifest is None:
        return "unreadable"
    if manifest.state == "sealed":
        return "sealed"
    return "recording" if is_alive(manifest.recorder) else "unsealed"


def _labels(manifest: Manifest, directory: Path) -> dict[str, str]:
    name = clean(directory.resolve().name).removesuffix(".dyno")
    found = common_labels(manifest, name)
    del found["job"], found["instance"]  # Prometheus sets them when it scrapes
    return found
