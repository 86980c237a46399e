from pathlib import Path
from typing import Any

from godyno.capture.manifest import ProbeEntry
from godyno.capture.reader import open_capture
from godyno.diagnose.scraping import Scraping
from godyno.model import Availability
from godyno.testing.samples import make_capture


def findings(tmp_path: Path, notes: dict[str, Any]) -> list[Any]:
    entry = ProbeEntry("scrape", Availability(True), notes=notes)
    with open_capture(make_capture(tmp_path / "x.dyno", probes=(entry,))) as capture:
        return list(Scraping().analyze(capture))


def test_what_scraping_cost_is_told_with_its_share(tmp_path: Path) -> None:
    cost = {
        "requests": 9,
        "bytes": 264273,
        "cpu_s": 0.03,
        "cpu_share": 0.0375,
        "allocated_bytes": 9635341,
        "allocated_share": 0.5,
    }
    (found,) = findings(tmp_path, {"cost": cost})
    assert found.claim == (
        "Being scraped took the program 30.0 ms of CPU time, 3.75 % of its own and 9.64 MB of garbage, 50 % of what it "
        "allocated; 264 kB came"
    )
    assert (found.severity, found.advice) == ("info", "")


def test_where_it_cost_much_less_is_advised(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, {"cost": {"cpu_s": 3.0, "cpu_share": 0.3}})
    assert "--every 60s" in found.advice


def test_without_a_profile_nothing_is_claimed(tmp_path: Path) -> None:
    for index, notes in enumerate(({}, {"cost": "x"}, {"cost": {"requests": 1, "cpu_s": "y"}})):
        assert findings(tmp_path / str(index), notes) == []
