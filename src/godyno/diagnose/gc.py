"""What did garbage collection cost: how often, how long, how much of it stopped the program?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.processes import busy_s, number, processes, spans
from godyno.model import Estimate, Evidence, Finding

_TRACED = " trace"  # the end of a track that an execution trace gave
PAUSES = ("stw", "stop the world", "sweep termination", "mark termination")
_BUSY_SHARE, _BUSY_S = 0.25, 1.0  # of a process's life, and in all: it marks more often than it needs to
_ADVICE = (
    "Where there is memory to spare, raise GOGC, or set GOGC=off and GOMEMLIMIT near what there is: it then collects less often. "
    "What allocates: `godyno show --top --layer allocs`."
)


@dataclass
class _Story:
    label: str
    cycles: list[tuple[int, int]] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)
    concurrent: list[tuple[int, int]] = field(default_factory=list)
    heap_bytes: float = 0.0


class Gc:
    """Cycles, pauses and share of the time, by process."""

    name: ClassVar[str] = "gc"
    summary: ClassVar[str] = "Garbage collection"
    needs: ClassVar[tuple[str, ...]] = ("spans",)

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """One finding with a row for each process, the one that collected longest first."""
        stories = _stories(capture)
        if not stories:
            return []
        lives = {one.pid: one for one in processes(capture)}
        rows: list[list[Any]] = []
        for pid, story in stories.items():
            active = busy_s(story.cycles or story.concurrent + story.pauses)
            life = lives[pid].wall_s if pid in lives else None
            count = len(story.cycles) or len(story.concurrent) or max(1, len(story.pauses) // 2)
            rows.append(
                [story.label, count, active, active / life if life else None, busy_s(story.pauses) if story.pauses else None,
                 max(((end - start) * 1e-9 for start, end in story.pauses), default=None), story.heap_bytes or None]
            )  # fmt: skip
        rows.sort(key=lambda row: row[2], reverse=True)
        cycles = sum(row[1] for row in rows)
        longest = max((row[5] for row in rows if row[5] is not None), default=None)
        claim = (
            f"{cycles:,} garbage {'collection' if cycles == 1 else 'collections'} "
            f"in {len(rows):,} {'process' if len(rows) == 1 else 'processes'}"
        )
        claim += f"; {rows[0][0]} collected longest, {units.show_seconds(rows[0][2])}"
        if rows[0][3]:
            claim += f" ({units.show_ratio(rows[0][3])} of its life)"
        if longest is not None:
            claim += f"; the longest pause was {units.show_seconds(longest)}"
        intervals = [
            span for story in stories.values() for span in (*story.cycles, *story.concurrent, *story.pauses)
        ]
        busy = (rows[0][3] or 0.0) >= _BUSY_SHARE and rows[0][2] >= _BUSY_S
        return [
            Finding(
                source=self.name,
                kind="gc",
                claim=claim,
                advice=_ADVICE if busy else "",
                tried="Not tried." if busy else "",
                severity="note" if busy else "info",
                estimate=Estimate(longest, "s", n=sum(len(story.pauses) for story in stories.values())) if longest is not None else None,
                method="phases as the runtime reported them; marking between the pauses runs beside the program and is no pause",
                evidence=(
                    Evidence(
                        "spans", min(span[0] for span in intervals), max(span[1] for span in intervals),
                        "SELECT pid, name, (t_end_ns::HUGEINT - t_start_ns) / 1e6 AS ms, args "
                        "FROM spans WHERE layer = 'gc' ORDER BY t_start_ns",
                    ),
                ),
                data={
                    "columns": [["process", "text"], ["cycles", ""], ["collecting", "s"], ["of its life", "1"], ["paused", "s"],
                                ["longest pause", "s"], ["heap at most", "By"]],
                    "rows": rows,
                },
            )
        ]  # fmt: skip


def _stories(capture: Any) -> dict[int, _Story]:
    names = {one.pid: " ".join(filter(None, (one.kind, one.package))) for one in processes(capture)}
    stories: dict[int, _Story] = {}
    found = list(spans(capture, "gc"))
    traced = {pid for _, _, track, _, pid, _ in found if track.endswith(_TRACED)}
    for start, end, track, name, pid, args in found:
        label = names.get(pid) or track or "process"
        story = stories.setdefault(pid, _Story(f"{label} ({pid})" if pid else label))
        lower = name.lower()
        for key, value in args.items():
            if "heap" in key and key.endswith("_bytes"):
                story.heap_bytes = max(story.heap_bytes, number(value) or 0.0)
        if pid in traced and not track.endswith(_TRACED):
            continue  # gctrace tells of the same collections, less exactly
        if any(word in lower for word in PAUSES):
            story.pauses.append((start, end))
        elif lower.startswith(("gc ", "cycle")) or lower in ("gc", "gc cycle"):
            story.cycles.append((start, end))
        else:
            story.concurrent.append((start, end))
    return stories
