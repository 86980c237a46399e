import json
from pathlib import Path

from godyno.probes.runtime.go_debug import GoDebug
from godyno.testing.recording import FakeSink

BEGAN = 5_000_000_000
MS = 1_000_000
HEADER = {"shim": 1, "clock": "monotonic", "pid": 7, "ppid": 6, "argv0": "x", "start_ns": BEGAN}


def starts(tmp_path: Path, *cycles: tuple[int, int]) -> list[int]:
    """Where collections are placed; each is (ns after the runtime's beginning, how late its line arrives). All last 2 ms."""
    rows: list[dict[str, object]] = [HEADER]
    for number, (at, late) in enumerate(cycles, 1):
        text = (
            f"gc {number} @{at // MS / 1000:.3f}s 2%: 0.50+1.0+0.50 ms clock, 1.0+0/0/0+1.0 ms cpu, 4->4->1 MB, "
            "4 MB goal, 0 MB stacks, 0 MB globals, 2 P"
        )
        arrived = BEGAN + at + 2 * MS + late
        rows.append({"t_ns": arrived, "t_start_ns": arrived, "kind": "gctrace", "line": text})
    raw = tmp_path / "raw" / "go_debug"
    raw.mkdir(parents=True)
    (raw / "7").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sink = FakeSink(tmp_path)
    GoDebug().decode(raw, sink, {})
    assert not sink.warnings
    return [span["t_start_ns"] - BEGAN for span in sink.spans if span["name"].startswith("GC ")]


def test_one_line_that_came_at_once_places_all_within_a_millisecond(tmp_path: Path) -> None:
    cycles = [(100 * MS + 700_000, 40 * MS), (200 * MS + 100_000, 20_000), (300 * MS + 900_000, 15 * MS)]
    for (at, _), placed in zip(cycles, starts(tmp_path, *cycles), strict=True):
        assert abs(placed - at) <= MS


def test_a_collection_is_never_placed_after_its_line(tmp_path: Path) -> None:
    (placed,) = starts(tmp_path, (100 * MS + 10_000, 0))
    assert placed == 100 * MS + 10_000
