from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.report.test_page_data import Page

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.report.page_data import Window, window_of
from godyno.report.payload import Payload
from godyno.report.stacks import stacks
from godyno.testing.captures import SECOND, T0, a_service, write_capture


def page_of(
    capture: Capture, most: int = 100_000, baseline: Capture | None = None
) -> tuple[Page, dict[str, Any]]:
    payload = Payload()
    header = stacks(capture, window_of(capture), payload, most, baseline)
    page = Page(payload.packed({"stacks": header}))
    return page, page.header["stacks"]


def by_leaf(page: Page, header: dict[str, Any], layer: dict[str, Any]) -> dict[str, float]:
    """Weight of each stack's innermost function."""
    first, frames = page.column(header["first"]), page.column(header["frames"])
    sums: dict[str, float] = {}
    for stack, weight in zip(page.column(layer["stack"]), page.column(layer["weight"]), strict=True):
        name = header["functions"][frames[first[stack]]]
        sums[name] = sums.get(name, 0.0) + float(weight)
    return sums


SQL = (
    "SELECT function, sum(weight) AS w FROM stacks JOIN frames USING (stack_id) "
    "WHERE depth = 0 AND layer = ? AND t_ns BETWEEN ? AND ? GROUP BY 1"
)


@pytest.fixture(scope="module")
def service_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_capture(tmp_path_factory.mktemp("captures") / "service.dyno", a_service(samples=4000))


@pytest.mark.parametrize("most", [100_000, 1000])
def test_weights_are_those_of_sql_whole_or_added_up_in_slices(service_path: Path, most: int) -> None:
    with open_capture(service_path) as capture:
        page, header = page_of(capture, most)
        for layer in header["layers"]:
            rows = capture.sql(SQL, [layer["id"], T0, T0 + 10 * SECOND]).to_pylist()
            assert by_leaf(page, header, layer) == pytest.approx(
                {row["function"]: row["w"] for row in rows}, rel=1e-4
            )
        assert [layer["title"] for layer in header["layers"]] == ["On-CPU", "Off-CPU"]


def test_stacks_are_leaf_first_and_complete(service_path: Path) -> None:
    with open_capture(service_path) as capture:
        page, header = page_of(capture)
    first, frames = page.column(header["first"]).tolist(), page.column(header["frames"]).tolist()
    names = [
        [header["functions"][f] for f in frames[a:b]]
        for a, b in zip(first, [*first[1:], len(frames)], strict=True)
    ]
    assert ["encoding/json.Marshal", "main.encode", "main.serve", "main.main"] in names
    assert header["places"][header["functions"].index("main.handle")] == "/src/handle.go:20"


def test_a_baseline_stands_beside_with_its_own_stacks(service_path: Path, tmp_path: Path) -> None:
    slow = write_capture(tmp_path / "slow.dyno", a_service(samples=2000, slow=True))
    with open_capture(slow) as capture, open_capture(service_path) as before:
        page, header = page_of(capture, baseline=before)
        now, then = (
            next(la for la in header["layers"] if la["id"] == "cpu" and la["baseline"] == which)
            for which in (False, True)
        )
        assert by_leaf(page, header, now)["encoding/json.Marshal"] == pytest.approx(6.0, rel=0.1)
        assert by_leaf(page, header, then)["encoding/json.Marshal"] == pytest.approx(3.0, rel=0.1)


def test_a_stack_without_frames_is_one_unknown_frame(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        known = writer.stack([("f", "", 0, "")])
        writer.sample(T0 + 1, "cpu", known, 1.0)
        writer.sample(T0 + 2, "cpu", 77, 2.0)
        writer.sample(T0 + 3, "cpu", known, float("nan"))

    with open_capture(write_capture(tmp_path / "c.dyno", fill)) as capture:
        page, header = page_of(capture)
        assert by_leaf(page, header, header["layers"][0]) == {"f": 1.0, "[unknown]": 2.0}


def test_hostile_ids_and_depths_do_not_stop_the_page(tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        deep = writer.stack([("f" * 5000 + str(i), "\x1b", -5, "") for i in range(2000)])
        writer.sample(T0, "", deep, -1e300, -5, 2**63 - 1, -(2**63))

    with open_capture(write_capture(tmp_path / "c.dyno", fill)) as capture:
        _, header = page_of(capture)
        assert header["layers"][0]["title"] == "Samples" and len(header["functions"]) < 600


def test_without_samples_there_is_nothing(build: Capture) -> None:
    assert stacks(build, Window(T0, T0 + SECOND), Payload(), 1000) is None


@pytest.mark.parametrize(("most", "instants"), [(100_000, [0, 1, 2]), (11_000, [2])])
def test_states_come_whole_or_not_at_all(most: int, instants: list[int], tmp_path: Path) -> None:
    def fill(writer: TableWriter) -> None:
        for instant in range(3):
            for number in range(8000):
                writer.sample(
                    T0 + instant * SECOND, "heap", writer.stack([(f"f{number}", "", 0, "")]), 1.0, 1
                )

    with open_capture(write_capture(tmp_path / "heap.dyno", fill)) as capture:
        page, header = page_of(capture, most)
    (layer,) = header["layers"]
    assert layer["snapshot"]
    assert ("Earlier states" in layer["note"]) == (most < 24_000)
    assert sum(page.column(layer["weight"])) == 8000 * len(instants)
