"""How fast a report's page opens and zooms in a real Chromium.

python benchmarks/page.py PAGE.html [--times 10] [--screenshot DIR]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from pathlib import Path

from arms import keep

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "report"))
from browser import Browser

ZOOM = """(async () => { const t = performance.now(); for (let i = 0; i < 20; i++) { godyno.view.zoom(0.8);
await new Promise(r => requestAnimationFrame(r)); } return (performance.now() - t) / 20; })()"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", type=Path)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--screenshot", type=Path)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("page.py needs Chromium: apt-get install chromium")
    ready, zooms = [], []
    with Browser(chromium) as browser:
        for _ in range(options.times):
            browser.open(options.page.absolute())
            browser.frame()
            ready.append(float(browser.evaluate("performance.now()")))
            zooms.append(float(browser.evaluate(ZOOM)))
        for width in (1400, 400) if options.screenshot else ():
            browser.resize(width, 900)
            browser.open(options.page.absolute())
            browser.frame()
            browser.screenshot(options.screenshot / f"page-{width}.png")
    rows = [("first frame after opening", ready), ("a zoom", zooms)]
    table = ["| what | median ms | lowest to highest | n |", "|---|---|---|---|"]
    table += [
        f"| {what} | {statistics.median(v):.0f} | {min(v):.0f} to {max(v):.0f} | {len(v)} |"
        for what, v in rows
    ]
    size = options.page.stat().st_size / 1e6
    keep(
        "page",
        "\n".join([f"{options.page.name}, {size:.1f} MB", "", *table]),
        {"ready_ms": ready, "zoom_ms": zooms},
    )


if __name__ == "__main__":
    main()
