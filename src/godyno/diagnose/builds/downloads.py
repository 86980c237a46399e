"""How long was it before the build could begin: downloads of modules, and go's own loading of packages?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import Build, build_of
from godyno.model import Confidence, Estimate, Evidence, Finding

_LINE = re.compile(r"go: downloading (\S+) (\S+)(?: \(.*\))?")
_LEAST_S, _LEAST_SHARE = 0.5, 0.2  # of loading packages, before it is worth a word


class Downloads:
    """Modules that were fetched, from the lines that go prints, and the time until the first action."""

    name: ClassVar[str] = "downloads"
    summary: ClassVar[str] = "Before the build could begin"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding of downloads, or one of a long loading; neither where the build began at once."""
        build = build_of(capture)
        if build is None:
            return []
        begins_ns = min(one.t_start_ns for one in build.actions.values())
        table = capture.sql(
            "SELECT t_ns, text FROM lines WHERE text LIKE 'go: downloading %' AND t_ns IS NOT NULL ORDER BY t_ns"
        ).to_pylist()
        lines = [(row["t_ns"], match) for row in table if (match := _LINE.fullmatch(row["text"].strip()))]
        if lines:
            return [self._downloads(capture, build, begins_ns, lines)]
        loaded = (begins_ns - build.t_start_ns) * 1e-9
        if loaded < _LEAST_S or loaded < _LEAST_SHARE * build.wall_s:
            return []
        return [
            Finding(
                source=self.name,
                kind="loading",
                claim=f"go took {units.show_seconds(loaded)} of {units.show_seconds(build.wall_s)} to load packages before "
                f"the first action",
                estimate=Estimate(loaded, "s"),
                method="from the command's start to its first action",
                evidence=(Evidence("spans", build.t_start_ns, begins_ns),),
                advice="Name the packages that you need instead of ./...; look whether GOFLAGS=-mod=mod or a replaced module "
                "makes go read more.",
                tried="Not tried.",
                data={"loading_s": loaded},
            )
        ]

    def _downloads(
        self, capture: Any, build: Build, begins_ns: int, lines: list[tuple[int, re.Match[str]]]
    ) -> Finding:
        modules = Counter(match[1] for _, match in lines)
        end_ns = max(begins_ns, lines[0][0]) if begins_ns > lines[0][0] else lines[-1][0]
        waited = max(0.0, (end_ns - lines[0][0]) * 1e-9)
        proxy = _proxy(capture)
        gaps = [
            (match[1], match[2], (later - t) * 1e-9)
            for (t, match), later in zip(lines, [*(t for t, _ in lines[1:]), end_ns], strict=True)
        ]
        gaps.sort(key=lambda row: -row[2])
        return Finding(
            source=self.name,
            kind="downloads",
            claim=f"{len(modules):,} {'module was' if len(modules) == 1 else 'modules were'} "
            f"downloaded{f' from {proxy}' if proxy else ''}: "
            f"the build could begin {units.show_seconds(waited)} after the first request",
            estimate=Estimate(waited, "s", n=len(lines)),
            method="from go's first line of a download to the first action of the build",
            assumption="in that time go also loads packages, which it would do without downloads as well",
            confidence=Confidence.MEDIUM,
            evidence=(
                Evidence(
                    "lines",
                    lines[0][0],
                    end_ns,
                    "SELECT t_ns, text FROM lines WHERE text LIKE 'go: downloading %' ORDER BY t_ns",
                ),
            ),
            advice="Keep GOMODCACHE between runs (`godyno modcache plan` writes the CI's configuration), or a proxy nearby (GOPROXY).",
            tried="Not tried.",
            data={
                "columns": [["module", "text"], ["version", "text"], ["until the next", "s"]],
                "rows": [list(row) for row in gaps[:12]],
                "saves_s": waited,
                "modules": len(modules),
                "proxy": proxy,
            },
        )


def _proxy(capture: Any) -> str:
    """The host of the first proxy in GOPROXY."""
    for probe in capture.manifest.probes:
        go = probe.notes.get("go") if probe.name == "settings" else None
        if isinstance(go, dict) and isinstance(go.get("GOPROXY"), str):
            first = re.split(r"[,|]", go["GOPROXY"])[0]
            return first.partition("://")[2].partition("/")[0].rpartition("@")[2] or first
    return ""
