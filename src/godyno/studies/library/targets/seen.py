"""What the trials hold, by target and level."""

from __future__ import annotations

import json
from collections.abc import Sequence

from godyno.model import Trial
from godyno.studies.library.abi.records import Abi
from godyno.studies.library.targets.emitted import Emitted
from godyno.studies.library.targets.levels import BASE, NAMES
from godyno.studies.study import passed

TIME = "time\t"  # of a benchmark, by its name


class Seen:
    """The trials by target and level, what is not readable left out: they may come from a file."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = passed(trials)
        self.emitted: dict[tuple[str, str], Emitted] = {}
        self.vectors: dict[str, tuple[str, ...]] = {}
        self.abi: dict[str, Abi] = {}
        self.labels: dict[tuple[str, str], str] = {}
        self.cannot: dict[tuple[str, str], str] = {}
        self.memmove = ""
        self.assembly: dict[str, dict[str, tuple[str, ...]]] = {}
        self.go = next((trial.facts["go"] for trial in self.trials if "go" in trial.facts), "")
        for trial in self.trials:
            key = (trial.levels.get("target", ""), trial.levels.get("level", ""))
            self.labels[key] = trial.facts.get("level", key[1])
            self.memmove = self.memmove or trial.facts.get("memmove", "")
            if "cannot run" in trial.facts:
                self.cannot[key] = trial.facts["cannot run"]
            try:
                if "emitted" in trial.facts:
                    self.emitted[key] = Emitted.from_json(json.loads(trial.facts["emitted"]))
                    self.vectors[key[0]] = tuple(
                        str(one) for one in json.loads(trial.facts.get("vectors", "[]"))
                    )
                if "assembly" in trial.facts:
                    kept = json.loads(trial.facts["assembly"])
                    self.assembly[key[0]] = {str(work): tuple(map(str, used)) for work, used in kept.items()}
                if "abi" in trial.facts:
                    self.abi[key[0]] = Abi.from_json(json.loads(trial.facts["abi"]))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue
        self.emitted = dict(sorted(self.emitted.items(), key=lambda pair: _place(pair[0])))

    @property
    def native(self) -> str:
        """The target that was timed; empty where none was."""
        for trial in self.trials:
            if "cannot run" in trial.facts or any(name.startswith(TIME) for name in trial.measures):
                return trial.levels.get("target", "")
        return ""

    def timed_levels(self) -> list[str]:
        """The native target's levels whose benchmarks were run, the base first."""
        found = {
            trial.levels["level"]
            for trial in self.trials
            if trial.levels.get("target") == self.native
            and any(name.startswith(TIME) for name in trial.measures)
        }
        return sorted(found, key=lambda level: (level != BASE, level))


def _place(key: tuple[str, str]) -> tuple[bool, str, int]:
    """Where a target's level stands in a table: Linux first, levels as Go orders them."""
    target, level = key
    return (not target.startswith("linux/"), target, NAMES.index(level) if level in NAMES else 0)
