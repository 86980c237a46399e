"""The page in a real Chromium: what it draws equals what SQL says, and what users do to it works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tests.report.browser import Browser

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.diagnose.hottest import hottest
from godyno.model import Result
from godyno.report.document import Document, Grid
from godyno.report.html import capture_html, html, write_text
from godyno.report.page_data import Budget, page_data
from godyno.report.summary import capture_document
from godyno.testing.captures import SECOND, T0, a_service, an_hour, write_capture

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with Browser(chromium_path) as browser:
        yield browser


@pytest.fixture(scope="module")
def page_path(build_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "build.html"
    with open_capture(build_path) as capture:
        write_text(path, capture_html(capture))
    return path


@pytest.fixture
def page(browser: Browser, page_path: Path) -> Browser:
    browser.console.clear()
    browser.resize(1400, 900)
    browser.open(page_path)
    browser.frame()
    return browser


def lane(page: Browser, title: str) -> str:
    """The JavaScript of the lane whose title begins so."""
    return f"Object.values(godyno.lanes).find(lane => lane.title.startsWith({title!r}))"


def window(page: Browser) -> tuple[int, int]:
    """The window that is shown, ns of MONOTONIC."""
    a, b = page.evaluate("[godyno.view.a, godyno.view.b].map(t => t * godyno.header.tick_ns)")
    return T0 + round(a), T0 + round(b)


def ticked(t_ns: int, tick_ns: int) -> int:
    """An instant as the page keeps it: the start plus whole ticks (10 ns for a capture of 10 s)."""
    return T0 + (t_ns - T0) // tick_ns * tick_ns


def colours(page: Browser, lane_id: str) -> int:
    """How many colours a lane's canvas shows: more than one says that something is drawn."""
    return page.evaluate(
        f"""(() => {{ const c = document.querySelector('[data-lane="{lane_id}"] canvas');
        const d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(d).size; }})()"""
    )


def test_the_page_opens_without_an_error_or_a_policy_violation(page: Browser) -> None:
    assert page.console == []
    assert page.evaluate("document.querySelectorAll('details.lane[open]').length") >= 5


@pytest.mark.parametrize("zoom", [(0.0, 1.0), (0.2, 0.4), (0.501, 0.502)])
def test_a_span_lane_draws_what_sql_says(page: Browser, build: Capture, zoom: tuple[float, float]) -> None:
    page.evaluate(f"godyno.view.show({zoom[0]} * godyno.view.end, {zoom[1]} * godyno.view.end)")
    a, b = window(page)
    drawn = page.evaluate(f"{lane(page, 'Process tree')}.drawn()")
    tick = page.evaluate("godyno.header.tick_ns")
    found = {(one["name"].split()[0], T0 + one["start"] * tick, T0 + one["end"] * tick) for one in drawn}
    rows = build.sql(
        "SELECT name, t_start_ns, t_end_ns FROM spans WHERE layer = 'process' AND t_start_ns < ? AND t_end_ns >= ?",
        [b, a],
    )
    assert found == {
        (row["name"], *(ticked(row[t], tick) for t in ("t_start_ns", "t_end_ns"))) for row in rows.to_pylist()
    }
    assert len(drawn) == len(rows)


@pytest.mark.parametrize("zoom", [(0.0, 1.0), (0.3, 0.35)])
def test_a_chart_draws_what_sql_says(page: Browser, build: Capture, zoom: tuple[float, float]) -> None:
    page.evaluate(f"godyno.view.show({zoom[0]} * godyno.view.end, {zoom[1]} * godyno.view.end)")
    a, b = window(page)
    drawn = page.evaluate(f"{lane(page, 'The command')}.drawn()")
    tick = page.evaluate("godyno.header.tick_ns")
    assert drawn["labels"] == ["usage", "anon", "file"] and drawn["exact"]
    for index, name in enumerate(drawn["labels"]):
        points = {
            T0 + x * tick: value
            for x, value in zip(drawn["x"], drawn["hi"][index], strict=True)
            if a <= T0 + x * tick <= b
        }
        rows = build.sql(
            "SELECT t_ns, value FROM points JOIN series USING (series_id) WHERE name = ? AND t_ns BETWEEN ? AND ? ORDER BY t_ns",
            [f"cgroup.memory.{name}", a, b],
        ).to_pylist()
        assert list(points) == [row["t_ns"] for row in rows]
        assert list(points.values()) == pytest.approx([row["value"] for row in rows], rel=1e-6)


def test_pixels_are_drawn_where_the_spans_are(page: Browser) -> None:
    plot(page, "spans-process")
    page.frame()
    assert colours(page, "spans-process") >= 4
    page.evaluate(
        "godyno.view.show(0.86 * godyno.view.end, 0.88 * godyno.view.end)"
    )  # between the last compile and the link
    page.frame()
    gap = colours(page, "spans-process")
    page.evaluate("godyno.view.show(0, godyno.view.end)")
    page.frame()
    assert gap < colours(page, "spans-process")


def plot(page: Browser, lane_id: str) -> dict[str, float]:
    box: dict[str, float] = page.evaluate(
        f"""(() => {{ const e = document.querySelector('[data-lane="{lane_id}"] .plot'); e.scrollIntoView({{block: 'center'}});
        const r = e.getBoundingClientRect(); return {{x: r.x, y: r.y, w: r.width, h: r.height}}; }})()"""
    )
    return box


def test_dragging_zooms_and_a_double_click_shows_everything_again(page: Browser) -> None:
    box = plot(page, "spans-gc")
    left, width = box["x"] + 76, box["w"] - 84
    page.drag(left + width * 0.25, box["y"] + 5, left + width * 0.5, box["y"] + 5)
    a, b = window(page)
    assert (a - T0) / SECOND == pytest.approx(2.5, abs=0.05) and (b - T0) / SECOND == pytest.approx(
        5.0, abs=0.05
    )
    for count in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            page.mouse(kind, left + width * 0.9, box["y"] + 16, button="left", clickCount=count)
    page.frame()
    assert window(page) == (T0, T0 + 10 * SECOND)


def test_the_keyboard_zooms_moves_and_resets(page: Browser) -> None:
    page.key("+")
    assert window(page) == (T0 + 5 * SECOND // 2, T0 + 15 * SECOND // 2)
    page.key("ArrowRight")
    assert window(page)[0] == T0 + 15 * SECOND // 4
    page.key("0")
    assert window(page) == (T0, T0 + 10 * SECOND)
    page.key("n")
    assert page.evaluate("document.activeElement.className") == "jump"


def test_a_span_under_the_pointer_is_explained(page: Browser) -> None:
    box = plot(page, "spans-process")
    page.mouse("mouseMoved", box["x"] + 76 + (box["w"] - 84) * 0.1, box["y"] + 17 * 1.5)
    page.frame()
    text = page.evaluate("document.querySelector('.tip').innerText")
    assert (
        text.startswith("compile example.com/p0\n1.32 s, from 500 ms to 1.82 s")
        and "peak memory 60.0 MB" in text
    )


def test_search_counts_spans_and_lines(page: Browser) -> None:
    page.evaluate(
        "(() => { const i = document.querySelector('input[type=search]'); i.value = 'p11'; i.dispatchEvent(new Event('input')); })()"
    )
    # One process, one action, one step of the critical path, one line of output.
    assert page.evaluate("document.querySelector('.count').textContent") == "4 found"


def test_the_theme_follows_the_system_and_the_button(page: Browser, page_path: Path) -> None:
    for name in ("dark", "light"):
        page.theme(name)
        page.evaluate("localStorage.clear()")
        page.open(page_path)
        assert page.evaluate("document.documentElement.dataset.theme") == name
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.key("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.evaluate("localStorage.clear()")


def test_at_400_pixels_a_table_of_many_columns_hides_none(browser: Browser, tmp_path: Path) -> None:
    row = (
        "init example.com/a/package/with/a/long/path",
        "61.2 % [58.1 %, 64.0 %]",
        "120 ms",
        "on CPU in Go code; page faults, new memory",
    )
    caption = "where the time went, with its interval over all recorded starts"
    table = Grid(("where", "share of it", "time", "mostly"), (row,), frozenset({1, 2}), caption)
    write_text(tmp_path / "page.html", html(Document("Startup", "", (table,))))
    browser.resize(400, 800)
    browser.open(tmp_path / "page.html")
    wide, shown, heads = browser.evaluate(
        """(() => { const box = document.querySelector('.scroll'), cells = [...box.querySelectorAll('td')];
        return [box.scrollWidth - box.clientWidth, cells.every(cell => cell.getBoundingClientRect().right <= 400),
        cells.map(cell => getComputedStyle(cell, '::before').content)]; })()"""
    )
    assert wide <= 0 and shown
    assert heads == ["none", '"share of it"', '"time"', '"mostly"']


def test_at_400_pixels_nothing_reaches_beyond_the_screen(page: Browser, page_path: Path) -> None:
    page.resize(400, 800)
    page.open(page_path)
    page.frame()
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    for name in ("processes.memory", "spans-process"):
        plot(page, name)
        page.frame()
        assert (
            page.evaluate(
                f"""document.querySelector('[data-lane="{name}"] canvas').getBoundingClientRect().width"""
            )
            > 300
        )


def test_an_hour_of_hundreds_of_processes_opens_in_a_second(browser: Browser, tmp_path: Path) -> None:
    made = write_capture(
        tmp_path / "hour.dyno", an_hour(), result=Result(T0, T0 + 3600 * SECOND, 0, 0, 2000.0, 300.0)
    )
    with open_capture(made) as capture:
        write_text(tmp_path / "hour.html", capture_html(capture))
    assert (tmp_path / "hour.html").stat().st_size < 6_000_000
    browser.resize(1400, 900)
    browser.open(tmp_path / "hour.html")  # the first one reads the browser itself in
    before = browser.cpu_s()
    browser.open(tmp_path / "hour.html")
    browser.frame()
    opening_s = browser.cpu_s() - before
    wall_ms = browser.evaluate("Number(document.documentElement.dataset.ready)")
    frames_s = []
    for _ in range(
        4
    ):  # what others do on the same core makes it slower, never quicker: the quickest of four is its own
        before = browser.cpu_s()
        for factor in (0.8,) * 5 + (1.25,) * 5:
            browser.evaluate(f"godyno.view.zoom({factor})")
            browser.frame()
        frames_s.append((browser.cpu_s() - before) / 10)
    frame_s = min(frames_s)
    print(
        f"opened with {opening_s:.3f} s of CPU, ready after {wall_ms:.0f} ms; {frame_s * 1e3:.1f} ms of CPU a zoom"
    )
    # CPU of the page's thread, since tests share their processors: on an idle machine it is ready as soon.
    assert opening_s < 1.0
    assert frame_s < 0.1


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:
    attack = "</script><script>window.owned=1</script><img src=x onerror='window.owned=1'>"

    def fill(writer: TableWriter) -> None:
        writer.span(T0, T0 + SECOND, "process", attack, attack, 1, 1, {"argv": [attack], "package": attack})
        writer.span(T0, T0 + SECOND, attack, attack, attack, 1, 1, {attack: attack})
        writer.line(T0 + 5, attack, attack)
        writer.point(writer.series(attack, attack, attack, {"x": attack}), T0 + 5, 1.0)

    with open_capture(write_capture(tmp_path / "hostile.dyno", fill, warnings=(attack,))) as capture:
        write_text(tmp_path / "hostile.html", capture_html(capture))
    browser.console.clear()
    browser.open(tmp_path / "hostile.html")
    browser.frame()
    box: Any = plot(browser, "spans-process")
    browser.mouse("mouseMoved", box["x"] + 200, box["y"] + 5)
    browser.frame()
    assert browser.evaluate("document.querySelector('.tip strong').textContent").endswith(attack)
    assert browser.evaluate("window.owned") is None
    assert browser.console == []


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Capture, Path]]:
    """A service and its page, which compares it with a faster one."""
    folder = tmp_path_factory.mktemp("service")
    before = write_capture(folder / "before.dyno", a_service())
    with (
        open_capture(write_capture(folder / "now.dyno", a_service(slow=True))) as capture,
        open_capture(before) as baseline,
    ):
        write_text(folder / "now.html", capture_html(capture, baseline))
        yield capture, folder / "now.html"


FLAME = """WITH s AS (SELECT stack_id, sum(weight) AS w FROM stacks WHERE layer = ? AND t_ns BETWEEN ? AND ? GROUP BY 1)
SELECT function, sum(w) AS total, sum(w) FILTER (depth = 0) AS self FROM s JOIN frames USING (stack_id) GROUP BY 1"""


@pytest.mark.parametrize(
    ("layer", "zoom"), [("On-CPU", (0.0, 1.0)), ("On-CPU", (0.31, 0.33)), ("Off-CPU", (0.5, 0.9))]
)
def test_a_flame_graph_of_a_window_says_what_sql_says(
    browser: Browser, service: tuple[Capture, Path], layer: str, zoom: tuple[float, float]
) -> None:
    capture, path = service
    browser.console.clear()
    browser.resize(1400, 900)
    browser.open(path)
    browser.evaluate(f"""(() => {{ document.getElementById('flame-graph').scrollIntoView();
        const s = document.querySelector('#flame-graph select'); s.value = [...s.options].find(o => o.text === '{layer}').value;
        s.dispatchEvent(new Event('change')); godyno.view.show({zoom[0]} * godyno.view.end, {zoom[1]} * godyno.view.end); }})()""")
    browser.frame()
    browser.frame()
    a, b = window(browser)
    rows = capture.sql(
        FLAME, [layer.lower().replace("-", "_") if layer == "Off-CPU" else "cpu", a, b]
    ).to_pylist()
    drawn = {box["label"]: box for box in browser.evaluate("godyno.flame.drawn()") if box["label"] != "all"}
    assert {name: box["total"] for name, box in drawn.items()} == pytest.approx(
        {row["function"]: row["total"] for row in rows}, rel=1e-4
    )
    assert {name: box["self"] for name, box in drawn.items()} == pytest.approx(
        {row["function"]: row["self"] or 0.0 for row in rows}, rel=1e-4
    )
    assert browser.console == []


def test_a_flame_graph_by_goroutine_and_by_system_call(
    browser: Browser, service: tuple[Capture, Path]
) -> None:
    capture, path = service
    browser.open(path)
    choose = """((index, text) => { const s = document.querySelectorAll('#flame-graph select')[index];
        s.value = [...s.options].find(o => o.text.startsWith(text)).value; s.dispatchEvent(new Event('change')); })"""
    browser.evaluate(f"{choose}(1, 'by goroutine')")
    boxes = browser.evaluate("godyno.flame.drawn().filter(box => box.depth === 1)")
    query = "SELECT goroutine, sum(weight) AS w FROM stacks WHERE layer = 'cpu' GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    top = capture.sql(query).to_pylist()[0]
    assert boxes[0]["label"] == (f"goroutine {top['goroutine']}" if top["goroutine"] else "no goroutine")
    assert boxes[0]["total"] == pytest.approx(top["w"], rel=1e-4)
    assert len(boxes) == 41 and boxes[-1]["label"] == "the rest"
    browser.evaluate(f"{choose}(0, 'System calls: time by name')")
    calls = {
        box["label"]: box["total"]
        for box in browser.evaluate("godyno.flame.drawn().filter(box => box.depth === 1)")
    }
    rows = capture.sql(
        "SELECT name, sum(t_end_ns - t_start_ns) / 1e9 AS s FROM spans WHERE layer = 'syscall' GROUP BY 1"
    ).to_pylist()
    assert calls == pytest.approx({row["name"]: row["s"] for row in rows}, rel=1e-3)


def test_a_differential_flame_graph_says_what_grew(browser: Browser, service: tuple[Capture, Path]) -> None:
    browser.open(service[1])
    boxes = {box["label"]: box for box in browser.evaluate("godyno.flame.drawn()")}
    encode, handle = boxes["main.encode"], boxes["main.handle"]
    assert encode["before"] == pytest.approx(0.3, abs=0.02) and encode["width"] == pytest.approx(
        0.6, abs=0.02
    )
    assert handle["before"] == pytest.approx(0.6, abs=0.02) and handle["width"] == pytest.approx(
        0.3, abs=0.02
    )
    browser.evaluate("godyno.view.show(0, godyno.view.end / 2)")
    browser.key("c")  # from now on against this half
    browser.evaluate("godyno.view.show(godyno.view.end / 2, godyno.view.end)")
    browser.evaluate("document.getElementById('flame-graph').scrollIntoView()")
    browser.frame()
    browser.frame()
    boxes = {box["label"]: box for box in browser.evaluate("godyno.flame.drawn()")}
    assert boxes["main.encode"]["before"] == pytest.approx(0.6, abs=0.03)


def test_the_flame_graph_obeys_the_keyboard(browser: Browser, service: tuple[Capture, Path]) -> None:
    browser.open(service[1])
    browser.mouse("mouseMoved", 0, 0)  # where an earlier test left it, the graph may come to lie below
    browser.evaluate(
        "(() => { const c = document.querySelector('#flame-graph canvas'); c.scrollIntoView(); c.focus(); })()"
    )
    browser.wait(
        "godyno.flame.drawn().length > 0"
    )  # nothing obeys before it is drawn, as it is when it comes into view
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        browser.key(key)
    browser.frame()  # what a key changes is drawn in the next frame
    deepest = browser.evaluate("godyno.flame.drawn().map(box => [box.label, box.width])")
    assert ["main.encode", 1] in deepest and "main.handle" not in dict(deepest)
    browser.key("Escape")
    browser.frame()
    assert "main.handle" in dict(browser.evaluate("godyno.flame.drawn().map(box => [box.label, box.width])"))


def test_a_million_points_do_not_stutter(browser: Browser, tmp_path: Path) -> None:
    """A million spans, a million samples and a million values on one page, zoomed frame by frame."""

    def fill(writer: TableWriter) -> None:
        a_service(samples=50_000, wall_s=100.0)(writer)
        columns = writer._rows["spans"]
        n = 1_000_000
        starts = [T0 + i * 100_000 for i in range(n)]
        for column, values in zip(
            columns,
            (starts, [t + 60_000 for t in starts], ["syscall"] * n, [f"t{i % 8}" for i in range(n)], ["read", "write"] * (n // 2),
             [100] * n, [1] * n, ["{}"] * n), strict=True,
        ):  # fmt: skip
            column.extend(values)
        samples = writer._rows["stacks"]
        for column, values in zip(
            samples,
            (
                starts,
                ["cpu"] * n,
                [100] * n,
                [100] * n,
                [i % 500 for i in range(n)],
                [1e-4] * n,
                [1 + i % 3 for i in range(n)],
            ),
            strict=True,
        ):
            column.extend(values)
        series = writer.series("go.memory.used", "By", "go")
        for i, t in enumerate(starts):
            writer.point(series, t, float(i * 7919 % 100_003))

    made = write_capture(
        tmp_path / "million.dyno", fill, result=Result(T0, T0 + 100 * SECOND, 0, 0, 1.0, 1.0)
    )
    budget = Budget(buckets=1_100_000, spans=1_200_000, samples=1_200_000)
    with open_capture(made) as capture:
        text = html(
            capture_document(capture, []), page_data(capture, budget), T0, frozenset({"spans", "stacks"})
        )
        write_text(tmp_path / "million.html", text)
    browser.resize(1400, 1000)
    browser.open(tmp_path / "million.html")
    browser.evaluate("document.querySelectorAll('details.lane').forEach(lane => lane.open = true)")
    for element in ('[data-lane="spans-syscall"]', "#flame-graph"):
        browser.evaluate(f"document.querySelector('{element}').scrollIntoView({{block: 'center'}})")
        browser.frame()
        browser.frame()
        browser.evaluate("godyno.view.show(0, godyno.view.end)")
        before = browser.cpu_s()
        for _ in range(20):
            browser.evaluate("godyno.view.zoom(0.85, godyno.view.end * 0.4)")
            browser.frame()
        frame_s = (browser.cpu_s() - before) / 20
        print(f"{element}: {frame_s * 1e3:.1f} ms of CPU a zoom")
        assert frame_s < 0.1, element  # 33 ms where two processors were shared by ten


@pytest.fixture(scope="module")
def go_program_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of 60 goroutines, each with a life and states; the lower its number, the more it ran."""

    def fill(writer: TableWriter) -> None:
        for g in range(1, 61):
            track, t = f"100/{g}", T0
            for turn in range(20):
                ran = 1_000_000 * (61 - g) // 2
                writer.span(t, t + ran, "goroutine_state", track, "running", 100, 7, {})
                writer.span(
                    t + ran,
                    t + 40_000_000,
                    "goroutine_state",
                    track,
                    "waiting",
                    100,
                    7,
                    {"reason": f"turn {turn}"},
                )
                t += 40_000_000
            writer.span(T0, t, "goroutine", track, "main.worker" if g > 1 else "main.main", 100, 0, {})
            writer.span(
                T0 + g * 1_000_000, T0 + g * 2_000_000, "go_syscall", track, "os.(*File).Read", 100, 7, {}
            )
        for p in range(2):
            writer.span(T0, T0 + SECOND, "proc", f"100/P {p}", "running", 100, 7, {})
        writer.span(T0, T0 + 3_000_000, "gc", "100 trace", "GC cycle", 100, 0, {})
        writer.span(T0, T0 + 40_000, "stw", "100", "GC sweep termination", 100, 0, {})
        stack = writer.stack([("main.work", "/m.go", 3, "")])
        for index in range(100):
            writer.sample(T0 + index * 1_000_000, "trace", stack, 0.01, 100, 7, 1 + index % 2)
        writer.sample(T0 + 1, "trace", stack, 0.5, 200, 8, 1)  # another process has a goroutine 1 too
        writer.span(T0, T0 + SECOND // 2, "task", "request", "request", 100, 0, {"task": 1})

    path = tmp_path_factory.mktemp("captures") / "go.dyno"
    write_capture(path, fill, result=Result(T0, T0 + SECOND, 0))
    return path


def test_goroutines_are_drawn_as_sql_says_the_busiest_first_and_the_rest_folded(
    browser: Browser, go_program_path: Path, tmp_path: Path
) -> None:
    with open_capture(go_program_path) as capture:
        write_text(tmp_path / "go.html", capture_html(capture))
        rows = capture.sql(
            "SELECT track, name, t_start_ns, t_end_ns FROM spans WHERE layer = 'goroutine_state'"
        ).to_pylist()
    browser.open(tmp_path / "go.html")
    browser.frame()
    tick = browser.evaluate("godyno.header.tick_ns")
    drawn = browser.evaluate(f"{lane(browser, 'Goroutines, the busiest first')}.drawn()")
    found = sorted(
        (one["track"], one["name"], T0 + one["start"] * tick, T0 + one["end"] * tick) for one in drawn
    )
    expected = []
    for row in rows:
        number = int(row["track"].partition("/")[2])
        if number <= 40 or row["name"] == "running":
            own = f"{number} main.{'worker' if number > 1 else 'main'}"
            expected.append(
                (
                    own if number <= 40 else "others",
                    row["name"],
                    *(ticked(row[t], tick) for t in ("t_start_ns", "t_end_ns")),
                )
            )
    # Of a track's rows only the first bears its name, and what is folded lies on several.
    assert [one[1:] for one in sorted(found, key=lambda one: one[1:])] == [
        one[1:] for one in sorted(expected, key=lambda one: one[1:])
    ]
    assert {one[0] for one in found if one[0]} == {one[0] for one in expected}
    labels = [
        track["label"]
        for track in browser.evaluate(
            "godyno.header.lanes.find(lane => lane.id === 'spans-goroutine_state').tracks"
        )
    ]
    assert labels[:3] == ["1 main.main", "2 main.worker", "3 main.worker"] and labels[40] == "others"
    for title in (
        "Processors of the Go scheduler",
        "System calls of goroutines",
        "Tasks",
        "Stop the world",
        "Garbage collection",
    ):
        assert browser.evaluate(f"{lane(browser, title)}.drawn().length") > 0, title
    boxes = browser.evaluate(
        """(() => { const s = document.querySelectorAll('#flame-graph select')[1]; s.value = 'goroutine';
        s.dispatchEvent(new Event('change')); return godyno.flame.drawn().filter(box => box.depth === 1); })()"""
    )
    assert {box["label"]: round(box["total"], 6) for box in boxes} == {
        "1 main.main": 0.5,
        "2 main.worker": 0.5,
        "goroutine 1": 0.5,
    }


def test_the_flame_graph_of_a_build_stands_on_what_each_process_worked_on(
    browser: Browser, tmp_path: Path
) -> None:
    def fill(writer: TableWriter) -> None:
        stack = writer.stack([("main.main", "/src/main.go", 1, "x")])
        works = [("compile", "net/http"), ("compile", "net/http"), ("link", "example.com/x"), ("go", "")]
        for pid, (kind, package) in enumerate(works, 100):
            args = {"kind": kind, **({"package": package} if package else {})}
            writer.span(T0, T0 + SECOND, "process", str(pid), kind, pid, pid, args)
            for at in range(pid - 98):
                writer.sample(T0 + at * SECOND // 10, "cpu", stack, 0.01, pid, pid)

    path = tmp_path / "build.html"
    with open_capture(write_capture(tmp_path / "b.dyno", fill)) as capture:
        write_text(path, capture_html(capture))
        wanted = {row.name: row.flat for row in hottest(capture, by="package").rows}
    browser.open(path)
    browser.evaluate("document.querySelector('.flame').scrollIntoView()")
    browser.wait("godyno.flame.drawn().length > 4")
    boxes = browser.evaluate("godyno.flame.drawn().filter(box => box.depth === 1)")
    assert {box["label"]: box["total"] for box in boxes} == pytest.approx(wanted)
    assert set(wanted) == {"compile net/http", "link example.com/x", "go"}
