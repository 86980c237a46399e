"""The page in a real Chromium: what it draws equals what SQL says, and what users do to it works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser

from godyno.capture.reader import Capture, open_capture
from godyno.capture.tables import TableWriter
from godyno.model import Result
from godyno.report.html import capture_html, write_text
from godyno.testing.captures import SECOND, T0, an_hour, write_capture

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
    # One process, one action, one line of output.
    assert page.evaluate("document.querySelector('.count').textContent") == "3 found"


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
    times = []
    for _ in range(3):  # the machine may be busy with other tests: the best of three is the page's own
        browser.open(tmp_path / "hour.html")
        browser.frame()
        times.append(float(browser.evaluate("performance.now()")))
    assert min(times) < 1000
    zoom = browser.evaluate(
        """(async () => { const t = performance.now(); for (let i = 0; i < 20; i++) { godyno.view.zoom(0.8);
        await new Promise(r => requestAnimationFrame(r)); } return (performance.now() - t) / 20; })()"""
    )
    assert zoom < 150


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
