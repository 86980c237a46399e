"""Settings that lower the peak of a race run, and trials as probes of the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from godyno.model import Trial
from godyno.stats.threshold import Probe
from godyno.studies.library.race_memory.ends import NOT_PASSED
from godyno.studies.study import PASS

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "as-it-is": {},
    "GOMEMLIMIT": {"GOMEMLIMIT": ""},  # chosen from what was seen
    "GOGC=25": {"GOGC": "25"},
    "parallel=1": {"-parallel": "1"},
    "GOMAXPROCS=1": {"GOMAXPROCS": "1"},
    "all": {"GOMEMLIMIT": "", "GOGC": "25", "-parallel": "1", "GOMAXPROCS": "1"},
}
SURVEYED = "surveyed_peak"  # of the largest package, as it is and without a limit, where a trial of another setting began with that
_MIB = 1 << 20
# The limit counts what Go manages, which under -race is about a third of the resident memory: a fifth makes it collect earlier.
_MEMLIMIT_SHARE, _LEAST_MEMLIMIT = 0.2, 8 * _MIB


def setting_env(name: str, peak_bytes: float) -> dict[str, str]:
    """Environment and (as -FLAG) flags of the test for a setting; ``peak_bytes`` is what the tests take as they are."""
    limit = f"{max(_LEAST_MEMLIMIT, round(_MEMLIMIT_SHARE * peak_bytes)) // _MIB}MiB"
    return {key: value or limit for key, value in SETTINGS[name].items()}


def probe_of(trial: Trial) -> Probe | None:
    """What a run tells of the limit; None where it failed for another reason."""
    limit, peak = trial.measures.get("limit"), trial.measures.get("peak")
    if trial.verdict == PASS and (limit or peak):
        return Probe(True, limit, peak)
    if trial.verdict in NOT_PASSED and limit:
        return Probe(False, limit)
    return None


def probes_for(trials: Sequence[Trial], setting: str) -> list[Probe]:
    """Every run of the largest package under a setting, whatever its limit; as it is, the survey's run too."""
    found = []
    for trial in trials:
        if trial.levels.get("program") not in ("tests", "at-size"):
            continue
        if trial.levels.get("setting") == setting and (probe := probe_of(trial)) is not None:
            found.append(probe)
        elif setting == "as-it-is" and SURVEYED in trial.measures:
            found.append(Probe(True, None, trial.measures[SURVEYED]))
    return found
