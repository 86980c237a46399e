"""What studies have in common: a base with the usual answers, claims beside measurements, figures over trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from godyno.errors import UsageError
from godyno.model import AVAILABLE, Availability, Confidence, Estimate, Finding, Interval, Machine, Trial
from godyno.studies.factors import Constraint, Factor
from godyno.studies.plan import Plan
from godyno.studies.schedule import Slot
from godyno.studies.stand import Stand
from godyno.studies.survey import records
from godyno.studies.survey.busy import QUIET
from godyno.studies.survey.figures import estimate

CONFIRMED, NOT_CONFIRMED, NOT_TRIED = records.CONFIRMED, records.NOT_CONFIRMED, records.NOT_TRIED
VERDICTS = (CONFIRMED, NOT_CONFIRMED, NOT_TRIED)
OTHERS = (
    "machine.others"  # a measure of every trial: of all processors, what other processes took while it ran
)
PASS, FAILED, UNAVAILABLE = "pass", "failed", "unavailable"


class BaseStudy:
    """A base with the usual answers, so that a study says only what is its own.

    ``quick_factors`` replaces levels where ``quick`` is asked for; ``choices`` holds all levels of a factor that takes no others.
    ``sure`` says how its intervals come about, ``cannot_say`` what a reader must not take from it.
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    factors: ClassVar[Mapping[str, Sequence[str]]] = {}
    quick_factors: ClassVar[Mapping[str, Sequence[str]]] = {}
    choices: ClassVar[Mapping[str, Sequence[str]]] = {}
    about: ClassVar[Mapping[str, str]] = {}  # a line on each factor and setting, for --help
    takes_s: ClassVar[float] = 240.0
    quick_s: ClassVar[float] = 50.0
    prepare_s: ClassVar[float] = (
        0.0  # about, on two cores, before the first run; and a run: for a plan where nothing ran here before
    )
    run_s: ClassVar[float] = 0.0
    timed: ClassVar[bool] = True  # whether a busy machine changes what it finds
    takes_module: ClassVar[bool] = False
    blocks: ClassVar[int] = 12
    quick_blocks: ClassVar[int] = 6
    sure: ClassVar[str] = ""
    cannot_say: ClassVar[Sequence[str]] = ()

    def __init__(self, *, levels: Mapping[str, Sequence[str]] | None = None, quick: bool = False) -> None:
        self.quick, self._asked = quick, {name: tuple(names) for name, names in (levels or {}).items()}

    def levels(self) -> dict[str, tuple[str, ...]]:
        """The levels of every factor, as asked for. Raises UsageError for a factor or level that there is not."""
        for name, names in self._asked.items():
            if name not in self.factors:
                raise UsageError(
                    f"{self.name} has no factor {name!r}",
                    hint=f"It has: {', '.join(self.factors) or 'none'}.",
                )
            wrong = [one for one in names if name in self.choices and one not in self.choices[name]]
            if wrong or not names:
                raise UsageError(
                    f"{name} of {self.name} cannot be {', '.join(wrong) or 'nothing'}",
                    hint=f"Choose from: {', '.join(self.choices.get(name, ()))}.",
                )
        usual = {**self.factors, **(self.quick_factors if self.quick else {})}
        return {name: self._asked.get(name, tuple(usual[name])) for name in self.factors}

    def availability(self, machine: Machine) -> Availability:
        """Available everywhere."""
        return AVAILABLE

    def constraints(self) -> Sequence[Constraint]:
        """Which combinations make no sense; none."""
        return ()

    def plan(self, machine: Machine, seed: int) -> Plan:
        """Every allowed combination, in shuffled blocks."""
        factors = [Factor.of(name, *names) for name, names in self.levels().items()]
        blocks = min(self.quick_blocks, self.blocks) if self.quick else self.blocks
        return Plan.of(self.name, factors, blocks, constraints=self.constraints(), seed=seed, most=self.runs)

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """How often an arm is worth running at most; None is as often as there are blocks."""
        return None

    def open(self, stand: Stand) -> AbstractContextManager[Callable[[Slot], Trial]]:
        """What runs a trial."""
        raise NotImplementedError

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """Nothing."""
        return ()

    # ---- for those who conclude

    def finding(
        self, kind: str, text: str, figure: Estimate | None = None, *, method: str = "", assumption: str = "",
        confidence: Confidence = Confidence.MEASURED, advice: str = "", tried: str = "", warnings: Sequence[str] = (),
        severity: str = "info", data: Mapping[str, Any] | None = None,
    ) -> Finding:  # fmt: skip
        """A finding of this study."""
        return Finding(
            self.name, kind, text, figure, method, assumption, confidence, (), advice, tried, tuple(warnings), severity, dict(data or {}),
        )  # fmt: skip

    def claim(self, said: str, verdict: str, found: str, figure: Estimate | None = None) -> Finding:
        """What the source says (``said``, quoted), the verdict on it, and what was found here."""
        return self.finding(
            "claim",
            f"{said}: {verdict}. {found}",
            figure,
            data={"claim": said, "verdict": verdict, "found": found},
        )


def passed(trials: Iterable[Trial], **levels: str) -> list[Trial]:
    """The trials that passed and have these levels."""
    return [
        trial
        for trial in trials
        if trial.verdict in ("", PASS)
        and all(trial.levels.get(factor) == level for factor, level in levels.items())
    ]


def figure(trials: Iterable[Trial], measure: str, unit: str) -> Estimate | None:
    """The median of a measure over trials with its interval (``survey.figures.estimate``); None where no trial has it."""
    return estimate([trial.measures[measure] for trial in trials if measure in trial.measures], unit)


def ratio(
    trials: Iterable[Trial], measure: str, baseline: Mapping[str, str], other: Mapping[str, str]
) -> Estimate | None:
    """How many times the baseline's value the other's is, from trials of one block each; with the interval of the paired comparison.

    One pair has no interval. None where there is none, or a value is not above zero.
    """
    from godyno.stats import compare

    values: dict[int, dict[bool, float]] = {}
    for trial in trials:
        for is_other, wanted in ((False, baseline), (True, other)):
            if (
                trial.verdict in ("", PASS)
                and measure in trial.measures
                and wanted.items() <= dict(trial.levels).items()
            ):
                values.setdefault(trial.block, {})[is_other] = trial.measures[measure]
    whole = [both for both in values.values() if len(both) == 2 and min(both.values()) > 0]
    if not whole:
        return None
    old, new = [both[False] for both in whole], [both[True] for both in whole]
    if len(whole) < 6:  # no interval at 95 % from so few: the range, with the level that it has
        found = estimate([b / a for a, b in zip(old, new, strict=True)], "×")
        assert found is not None
        return Estimate(found.value, "×", found.interval, found.n, f"paired ratios: {found.method}")
    compared = compare.paired(old, new)
    return Estimate(
        compared.estimate, "×", Interval(compared.interval.low, compared.interval.high, compared.interval.level),
        len(whole), f"paired ratios, {compared.method}",
    )  # fmt: skip


def too_busy(trials: Iterable[Trial]) -> str:
    """Why wall times of these trials say nothing of the machine: what other processes took of it; empty where that is little."""
    from godyno import units

    found = figure(trials, OTHERS, "1")
    if found is None or found.value <= QUIET:
        return ""
    return f"other processes kept {units.show_ratio(found.value)} of the processors busy"


def shown(value: Estimate | None) -> str:
    """An estimate with its interval for a sentence: ``1.04 [0.95, 1.16]``; a dash for none."""
    from godyno import units

    if value is None:
        return "–"
    text = f"{value.value:.3g}" if value.unit == "×" else units.show(value.value, value.unit)
    if value.interval is not None:
        low, high = value.interval.low, value.interval.high
        ends = (
            (f"{low:.3g}", f"{high:.3g}")
            if value.unit == "×"
            else (units.show(low, value.unit), units.show(high, value.unit))
        )
        text += f" [{ends[0]}, {ends[1]}]"
    return text + (" ×" if value.unit == "×" else "")
