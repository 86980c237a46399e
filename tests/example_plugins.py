"""Plugins with and without fault, for the tests of the contract suite: by themselves, as a plugin's module is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from godyno.interfaces import SimpleProbe
from godyno.model import Availability, Clock, Finding, Machine


class Good(SimpleProbe):
    """A probe without fault."""

    name: ClassVar[str] = "good"
    summary: ClassVar[str] = "nothing at all"
    tables: ClassVar[dict[str, Clock]] = {"points": Clock.READER}


class Bad(SimpleProbe):
    name: ClassVar[str] = "Bad Name"
    summary: ClassVar[str] = ""
    tables: ClassVar[dict[str, Any]] = {"nonsense": "yesterday"}

    def __init__(self, setting: int = 1) -> None:
        self.kept = Path(__file__).open()  # noqa: SIM115

    def availability(self, machine: Machine) -> Availability:
        return Availability(False)

    def prepare(self, workload: Any, raw: Path) -> Any:
        raw.mkdir()
        return workload

    def start(self, target: Any, sink: Any) -> None:
        sink.event(5, "x", "y", "z")
        sink.series("Odd Name", "parsec", "x")
        self.left = Path(__file__).open()  # noqa: SIM115

    def decode(self, raw: Path, sink: Any, manifest: Any) -> None:
        next(raw.iterdir())


class BadAnalysis:
    """Finds what is not there."""

    name = "bad_analysis"
    summary = "nothing"
    needs = ("nonsense",)
    calls = 0

    def analyze(self, capture: Any) -> list[Finding]:
        BadAnalysis.calls += 1
        return [Finding("another", "Not A Slug", f"call {BadAnalysis.calls}", advice="do it")]


class GoodStudy:
    """A study without trials."""

    name = "good_study"
    summary = "nothing"
    factors: ClassVar[dict[str, tuple[str, ...]]] = {"GOGC": ("50", "100")}
    takes_s = 1.0
    takes_module = False

    def __init__(self, *, levels: Any = None, quick: bool = False) -> None:
        self.levels, self.quick = levels, quick

    def availability(self, machine: Machine) -> Availability:
        return Availability(True)

    def plan(self, machine: Machine, seed: int) -> str:
        return f"nothing, seed {seed}"

    def open(self, stand: Any) -> Any:
        raise NotImplementedError

    def conclude(self, trials: Any) -> list[Finding]:
        return [Finding(self.name, "nothing", "Nothing was tried.")]


class GoodExporter:
    """Writes a name."""

    name = "good_exporter"
    summary = "the command's name"
    suffix = ".txt"

    def export(self, capture: Any, out: str) -> list[str]:
        Path(out).write_text(capture.manifest.workload.argv[0], errors="replace")
        return ["Everything else."]
