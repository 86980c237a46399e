"""What an instrumented program tells is read with tolerance, and never trusted."""

import json
import math
import random

import pytest

from godyno.errors import FormatError
from godyno.formats.instrumentlog import InstrumentLog, instrument_log, quantile

HEAD = {
    "godyno": 1, "pid": 7, "t_ns": 100, "package": "example.com/x", "go": "go1.26.6",
    "names": ["/sched/goroutines:goroutines", "/sched/latencies:seconds"], "bounds": {"1": ["0", "1e-06", "1e-05", "+Inf"]},
}  # fmt: skip


def log_of(*lines: object, head: object = HEAD) -> InstrumentLog:
    return instrument_log([json.dumps(line).encode() for line in (head, *lines)])


def test_values_histograms_and_the_end_are_read() -> None:
    log = log_of([110, 112, 5, [[0, 3], [2, 1]]], [210, 212, 6, []], {"end": "exit", "t_ns": 300})
    assert (log.pid, log.package, log.ended, log.t_last_ns, log.odd_lines) == (
        7,
        "example.com/x",
        "exit",
        300,
        0,
    )
    assert [sample.values for sample in log.samples] == [(5.0, ((0, 3), (2, 1))), (6.0, ())]
    assert (log.samples[0].t_start_ns, log.samples[0].t_end_ns) == (110, 112)


def test_a_killed_programs_torn_line_is_counted_and_nothing_more() -> None:
    text = json.dumps(HEAD).encode()
    log = instrument_log([text, b"[110,112,5,[]]", b"[210,212,"])
    assert (len(log.samples), log.odd_lines, log.ended) == (1, 1, "")


def test_a_quantile_is_the_upper_bound_of_its_bucket_and_finite() -> None:
    bounds = (0.0, 1e-6, 1e-5, math.inf)
    assert quantile(bounds, ((0, 99), (2, 1)), 0.5) == 1e-6
    assert quantile(bounds, ((0, 99), (2, 1)), 1.0) == 1e-5
    assert quantile(bounds, (), 0.5) is None
    assert quantile(bounds, ((77, 4),), 0.5) is None  # a bucket that there is not


@pytest.mark.parametrize(
    "head",
    [
        {},
        [],
        {**HEAD, "godyno": 2},
        {**HEAD, "pid": "7"},
        {**HEAD, "bounds": {"x": []}},
        {**HEAD, "t_ns": 1e300},
    ],
)
def test_a_first_line_that_tells_of_no_process_is_refused(head: object) -> None:
    with pytest.raises(FormatError):
        log_of(head=head)


def test_no_line_whatever_makes_it_fail() -> None:
    chance = random.Random(7)
    good = b'[110,112,5,[[0,3]]]\n{"end":"exit","t_ns":300}\n{"error":"trace","t_ns":1}'
    for _ in range(500):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        instrument_log(
            [json.dumps(HEAD).encode(), *bytes(data).splitlines(), b"[" * 100000, b"null", b"[1e999,2,3,4]"]
        )
