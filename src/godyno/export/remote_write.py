"""Prometheus remote write 1.0: protobuf, snappy, in the order of time.

A server takes the samples of a series only in their order, and Prometheus none that is older than about an hour before
the newest that it holds of *any* series. So all series are sent together, a slice of time after another. Where a slice is
refused it is halved until what is refused is small, so that one sample does not cost its neighbours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from godyno.errors import EndpointError
from godyno.export.endpoint import Answer, Endpoint
from godyno.export.messages import write_request

if TYPE_CHECKING:
    from godyno.export.prometheus import Metrics

_SAMPLES = 5_000  # of a request: 200 kB before compression
_MOST_HALVINGS = 400  # in all; then whole slices are given up
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_TYPES = {"unknown": 0, "counter": 1, "gauge": 2, "info": 6}

# The NaN by which Prometheus knows that a series has ended (its pkg "value", StaleNaN): without it the memory of a process
# that has ended stays in every sum for five minutes.
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]

Sample = tuple[int, int, float]  # index of the labels, ms since 1970, value


def send(metrics: Metrics, url: str) -> None:
    """Sends every sample. Raises EndpointError where the server takes none; what it refuses else is counted as omitted."""
    with Endpoint(url) as endpoint:
        _Sender(metrics, endpoint).run()


class _Sender:
    def __init__(self, metrics: Metrics, endpoint: Endpoint) -> None:
        self.metrics, self.endpoint = metrics, endpoint
        self.labels = [
            (("__name__", family.sample_name), *labels.items()) for family, _, labels in metrics.order
        ] + [(("__name__", family.sample_name), *metrics.common.items()) for family, _ in metrics.single]
        self.taken = self.refused = self.halvings = self.slices = 0
        self.reasons: dict[str, int] = {}

    def run(self) -> None:
        """Slice by slice, in the order of time."""
        for piece in _pieces(self._everything()):
            self.slices += 1
            self._send(piece)
        if self.refused and not self.taken:
            reason = max(self.reasons, key=lambda one: self.reasons[one])
            raise EndpointError(
                f"{self.endpoint} takes no sample of this capture: {reason}", hint=_hint(reason)
            )
        for reason, number in self.reasons.items():
            self.metrics.source.omitted.count(
                number, "sample", f"refused by the server: {reason} ({_hint(reason)[:-1]})"
            )

    def _everything(self) -> Iterator[Sample]:
        first = len(self.metrics.order)
        last = [(first + at, self.metrics.end_ms, value) for at, (_, value) in enumerate(self.metrics.single)]
        for rank, unix_ms, value in self.metrics.samples("unix_ms, rank", ends=True):
            if last and unix_ms > self.metrics.end_ms:
                yield from last
                last = []
            yield rank, unix_ms, STALE if value is None else value
        yield from last

    def _send(self, samples: Sequence[Sample]) -> None:
        answer = self.endpoint.post(_snappy(self._request(samples)), _HEADERS)
        if answer.status < 300:
            self.taken += len(samples)
            return
        instants = {sample[1] for sample in samples}
        if len(instants) > 1 and self.halvings < _MOST_HALVINGS and (self.taken or self.slices == 1):
            self.halvings += 1
            middle = sorted(instants)[len(instants) // 2]
            self._send([sample for sample in samples if sample[1] < middle])
            self._send([sample for sample in samples if sample[1] >= middle])
            return
        self.refused += len(samples)
        reason = _reason(answer)
        self.reasons[reason] = self.reasons.get(reason, 0) + len(samples)

    def _request(self, samples: Sequence[Sample]) -> bytes:
        message = write_request()()
        for rank, group in groupby(
            sorted(samples, key=lambda sample: sample[:2]), key=lambda sample: sample[0]
        ):
            series = message.timeseries.add()
            for name, value in sorted(self.labels[rank]):
                series.labels.add(name=name, value=value)
            for _, unix_ms, number in group:
                series.samples.add(value=number, timestamp=unix_ms)
        if self.slices == 1:  # once is enough; Prometheus 2 passes over it, others show it
            for family in self.metrics.families:
                message.metadata.add(
                    type=_TYPES[family.type],
                    metric_family_name=family.sample_name,
                    help=family.help,
                    unit=family.unit,
                )
        data: bytes = message.SerializeToString()
        return data


def _pieces(samples: Iterator[Sample]) -> Iterator[list[Sample]]:
    """Samples in slices that end between two instants, so that a slice never splits one."""
    piece: list[Sample] = []
    for sample in samples:
        if len(piece) >= _SAMPLES and sample[1] != piece[-1][1]:
            yield piece
            piece = []
        piece.append(sample)
    if piece:
        yield piece


def _snappy(data: bytes) -> bytes:
    import cramjam

    return bytes(cramjam.snappy.compress_raw(data))


def _reason(answer: Answer) -> str:
    text = answer.text.lower()
    for known in ("out of order sample", "out of bounds", "too old sample", "duplicate sample for timestamp"):
        if known in text:
            return known
    return f"{answer.status} {answer.text}".strip().rstrip(".")


def _hint(reason: str) -> str:
    if reason in ("out of bounds", "too old sample"):
        return (
            "Prometheus takes nothing older than about an hour before its newest sample: give it"
            " storage.tsdb.out_of_order_time_window, or export FILE.om and run"
            " `promtool tsdb create-blocks-from openmetrics FILE.om DATA_DIR`."
        )
    if reason in ("out of order sample", "duplicate sample for timestamp"):
        return (
            "It holds newer samples of these series already, perhaps from an earlier export of this capture."
        )
    return "See the server's log."
