"""The study ``scenarios``: the survey's activities, repeated, across Go versions and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

from godyno.errors import NotAvailableHere, ToolchainError
from godyno.model import Finding, Trial
from godyno.studies.activity import EMPTY, TASK, Activities, cold_share, measured
from godyno.studies.factors import Constraint
from godyno.studies.library.scenarios.conclusions import concluded
from godyno.studies.schedule import Slot
from godyno.studies.stand import OWN, Stand
from godyno.studies.study import UNAVAILABLE, BaseStudy
from godyno.studies.survey import gocache
from godyno.studies.survey.activities import EDITOR_NAME
from godyno.studies.survey.memory import toolchain_files

DEFAULT = "default"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    DEFAULT: {},
    "p=1": {"GOFLAGS": "-p=1"},
    "GOGC=25": {"GOGC": "25"},
    "GOGC=400": {"GOGC": "400"},
    "GOMEMLIMIT=150MiB": {"GOMEMLIMIT": "150MiB"},
    "trimpath": {"GOFLAGS": "-trimpath"},
    "cold-pages": {},
}
_REPEATED = ("build-cold", "test")  # activities that are also tried with other versions and settings
_LONG = ("test-race", "build-cross", EDITOR_NAME)


class Scenarios(BaseStudy):
    """Peak memory, wall and CPU time, and I/O of building, testing, vetting, racing and editing a module."""

    name = "scenarios"
    summary = "What does everyday work take (build, test, vet, race, an editor session), and what do versions and settings change?"
    factors: ClassVar = {
        "activity": (
            "build-cold",
            "build-noop",
            "build-root",
            "build-leaf",
            "test",
            "vet",
            "test-race",
            EDITOR_NAME,
        ),
        "go": (OWN, "1.22", "1.24"),
        "setting": (DEFAULT, "p=1", "GOGC=25", "GOMEMLIMIT=150MiB", "cold-pages"),
    }
    quick_factors: ClassVar = {
        "activity": ("build-cold", "build-noop", "build-leaf", "test", "vet"), "go": (OWN,), "setting": (DEFAULT,),
    }  # fmt: skip
    choices: ClassVar = {"activity": (*TASK, EDITOR_NAME), "setting": tuple(SETTINGS)}
    about: ClassVar = {
        "activity": "of the survey; other versions and settings are tried with build-cold and test",
        "go": "own, newest, or versions (fetched once)",
        "setting": "cold-pages drops the toolchain's cached pages before",
    }
    takes_s = 280.0
    prepare_s, run_s = 12.0, 8.0
    takes_module = True
    blocks = 3
    quick_blocks = 3
    sure = (
        "every run is recorded in a private build cache; figures are medians with the range of the runs, and the level that this has. "
        "Peak memory is the kernel's count for the whole tree, page cache included; what is anonymous is beside it."
    )
    cannot_say: ClassVar = (
        "what an editor's window takes: the session is gopls itself, over its protocol. VS Code and GoLand were not started.",
        "how settings combine: each is tried alone.",
    )

    def constraints(self) -> Sequence[Constraint]:
        """One thing is varied at a time."""
        levels = self.levels()
        own, default = levels["go"][0], levels["setting"][0]

        def one_at_a_time(chosen: Mapping[str, str]) -> bool:
            return chosen["go"] == own or chosen["setting"] == default

        def repeated(chosen: Mapping[str, str]) -> bool:
            usual = chosen["go"] == own and chosen["setting"] == default
            return usual or chosen["activity"] in _REPEATED or len(levels["activity"]) == 1

        return (
            Constraint("versions and settings are not varied together", one_at_a_time),
            Constraint("versions and settings are tried with build-cold and test", repeated),
        )

    def runs(self, levels: Mapping[str, str]) -> int | None:
        """What takes longest is run once or twice, and last."""
        usual = levels["go"] == self.levels()["go"][0] and levels["setting"] == self.levels()["setting"][0]
        return 1 if levels["activity"] in _LONG or not usual else None

    @contextmanager
    def open(self, stand: Stand) -> Iterator[Callable[[Slot], Trial]]:
        """One build beforehand, which most activities start from; those of other versions make theirs at their first trial."""
        trials = _Trials(stand, self.quick)
        if any(trials.activities.state(activity) != EMPTY for activity in self.levels()["activity"]):
            trials.activities.built_once(trials.activities.subject(stand.go_of(self.levels()["go"][0])))
        yield trials

    def conclude(self, trials: Sequence[Trial]) -> Sequence[Finding]:
        """The table, what versions and settings change, the editor session, the source's claims."""
        return concluded(self, trials)


class _Trials:
    def __init__(self, stand: Stand, quick: bool) -> None:
        self.stand, self.activities = stand, Activities(stand, cold_share(quick))

    def __call__(self, slot: Slot) -> Trial:
        activity, level, setting = slot.levels["activity"], slot.levels["go"], slot.levels["setting"]
        try:
            go = self.stand.go_of(level)
            subject = self.activities.subject(go)
            env = SETTINGS[setting]
            with self.activities.place(self.activities.state(activity), subject, env) as place:
                workload = self.activities.workload(activity, subject, place, env)
                if setting == "cold-pages":
                    gocache.forget_pages(toolchain_files(go.goroot))
                outcome = self.stand.record(
                    workload, f"{slot.index:03}-{activity}", timeout_s=self.stand.timeout_s()
                )
                facts = {
                    "go": go.version,
                    "reference": str(subject.reference),
                    "only warm": self.activities.only_warm,
                }
                trial = measured(slot, activity, outcome, facts)
                return (
                    _with_session(trial, place.scratch / "session.json") if activity == EDITOR_NAME else trial
                )
        except (NotAvailableHere, ToolchainError) as error:
            return Trial(
                slot.study, slot.index, slot.block, slot.levels, verdict=UNAVAILABLE, warnings=(str(error),)
            )


def _with_session(trial: Trial, out: Path) -> Trial:
    """The trial with what the editor session measured: ready, settled memory, the first and later answers."""
    from dataclasses import replace

    from godyno.workload.editor import read_session

    measures = dict(trial.measures)
    with suppress(OSError, ValueError, TypeError, KeyError):
        session = read_session(out)
        measures |= {"editor.ready": session.ready_s, "editor.settled": float(session.settled_rss_bytes)}
        for step in session.steps:
            if step.seconds:
                measures[f"editor.first\t{step.name}"] = step.seconds[0]
                if step.seconds[1:]:
                    measures[f"editor.later\t{step.name}"] = sorted(step.seconds[1:])[
                        len(step.seconds[1:]) // 2
                    ]
    return replace(trial, measures=measures)
