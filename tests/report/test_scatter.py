import re
import xml.etree.ElementTree as ET

from godyno.report.document import Document, Heading, Scatter
from godyno.report.html import html
from godyno.report.markdown import markdown
from godyno.report.scatter import svg

_POINTS = tuple((float(i), 1e-6 * (1 + (i * 7 % 10) / 100)) for i in range(20))


def _numbers(picture, name):
    return [float(value) for value in re.findall(rf'{name}="([-\d.]+)"', picture)]


def test_every_run_is_a_point_inside_the_picture():
    over_time, spread = svg(Scatter("A", "s", (("old", _POINTS), ("new", _POINTS)), warm_s=2.0))
    assert over_time.count("<circle") == 40
    assert over_time.count('opacity="0.3"') == 4
    assert all(0 <= y <= 168 for y in _numbers(over_time, "cy"))
    assert spread.count("<rect") > 4
    for picture in (over_time, spread):
        ET.fromstring(picture)


def test_a_far_spike_does_not_flatten_the_rest():
    over_time, _ = svg(Scatter("A", "s", (("old", (*_POINTS, (21.0, 1.0))),)))
    heights = _numbers(over_time, "cy")
    assert max(heights[:20]) - min(heights[:20]) > 20


def test_nothing_and_what_is_no_number_draw_nothing():
    assert svg(Scatter("A", "s", ())) == ("", "")
    assert svg(Scatter("A", "s", (("old", ((0.0, float("nan")), (float("inf"), 1.0))),))) == ("", "")
    over_time, _ = svg(Scatter("A", "s", (("old", ((0.0, 0.0), (1.0, 0.0))),)))
    assert over_time.count("<circle") == 2


def test_a_name_cannot_become_markup():
    bad = '"><script>alert(1)</script>'
    page = html(Document("t", "s", (Heading("h"), Scatter(bad, bad, ((bad, _POINTS),)))))
    assert "<script>alert" not in page
    assert page.count("<circle") == 21
    assert "alert" not in markdown(Document("t", "s", (Heading("h"), Scatter("A", "s", (("old", _POINTS),)))))
