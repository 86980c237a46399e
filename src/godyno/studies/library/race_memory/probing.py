"""Settings that lower the peak of a race run, and trials as probes of the limit."""

from __future__ import annotations

from collections.abc import Mapping

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
