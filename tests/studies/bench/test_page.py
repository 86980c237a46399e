from tests.studies.bench.test_trials import _SPEEDS, _bench

from godyno.report.html import html
from godyno.report.markdown import markdown
from godyno.studies.bench import table
from godyno.studies.bench.page import document


def test_the_page_shows_what_is_proven_and_every_run(tmp_path):
    found, _ = _bench(tmp_path, _SPEEDS, blocks=20)
    page = html(document(found))
    runs = sum(
        len(points)
        for key, arms in found.points.items()
        if key.endswith("\tsec/op")
        for points in arms.values()
    )
    assert page.count('r="2.4"') >= 2 * runs, "time and CPU time of every run"
    assert "new against old" in page
    text = markdown(document(found))
    assert "| Slow |" in text
    assert "noise of one run" in text


def test_names_cannot_break_the_page_the_markdown_or_the_terminal(tmp_path):
    bad = "A<script>|x\x1b[2J"
    found, _ = _bench(tmp_path, {(arm, name): 1e-6 for arm in ("old", "new") for name in ("Same",)}, blocks=8)
    rows = {
        arm: tuple(type(row)(bad, bad, row.unit, row.comparison) for row in rows)
        for arm, rows in found.rows.items()
    }
    points = {
        key.replace("Same", bad).replace("p\t", f"{bad}\t", 1): arms for key, arms in found.points.items()
    }
    bent = type(found)(
        **{**{name: getattr(found, name) for name in found.__slots__}, "rows": rows, "points": points}
    )
    assert "<script>|x" not in html(document(bent))
    assert "\x1b" not in table.bench_text(bent)
    assert "<script" not in markdown(document(bent)).replace("\\<script", "")
