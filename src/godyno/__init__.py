"""godyno: a dynamometer for Go.

The Python API does what the command line does::

    import godyno

    recording = godyno.record(["go", "build", "./..."], out="build.dyno")
    with godyno.open_capture(recording.capture) as capture:
        print(capture.manifest.peak, capture.sql("SELECT name, count(*) FROM spans GROUP BY name"))

Names are imported when first used, so that ``import godyno`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from godyno.capture.pack import pack
    from godyno.capture.reader import Capture, captures, open_capture
    from godyno.diagnose.findings import findings_of
    from godyno.diagnose.hottest import Hottest, hottest
    from godyno.diagnose.running_quota import diagnose_quota
    from godyno.diagnose.why import why
    from godyno.errors import GodynoError
    from godyno.machine import read_machine
    from godyno.machine.doctor import doctor
    from godyno.modcache.check import check_caches
    from godyno.modcache.explain import explain_error
    from godyno.modcache.plan import plan_caches
    from godyno.model import Finding, Workload
    from godyno.recorder import Recording, attach, record
    from godyno.recorder.recover import recover
    from godyno.studies.bench.api import bench
    from godyno.studies.bench.result import Bench, Compared
    from godyno.studies.comparison import compare
    from godyno.studies.noise.api import measure_noise
    from godyno.studies.studying import list_studies, run_study
    from godyno.studies.survey.surveying import survey

_HOMES = {
    "Bench": "godyno.studies.bench.result",
    "Capture": "godyno.capture.reader",
    "Compared": "godyno.studies.bench.result",
    "Finding": "godyno.model",
    "GodynoError": "godyno.errors",
    "Hottest": "godyno.diagnose.hottest",
    "Recording": "godyno.recorder",
    "Workload": "godyno.model",
    "findings_of": "godyno.diagnose.findings",
    "attach": "godyno.recorder",
    "bench": "godyno.studies.bench.api",
    "captures": "godyno.capture.reader",
    "check_caches": "godyno.modcache.check",
    "explain_error": "godyno.modcache.explain",
    "plan_caches": "godyno.modcache.plan",
    "compare": "godyno.studies.comparison",
    "diagnose_quota": "godyno.diagnose.running_quota",
    "doctor": "godyno.machine.doctor",
    "hottest": "godyno.diagnose.hottest",
    "measure_noise": "godyno.studies.noise.api",
    "open_capture": "godyno.capture.reader",
    "pack": "godyno.capture.pack",
    "read_machine": "godyno.machine",
    "record": "godyno.recorder",
    "recover": "godyno.recorder.recover",
    "run_study": "godyno.studies.studying",
    "list_studies": "godyno.studies.studying",
    "survey": "godyno.studies.survey.surveying",
    "why": "godyno.diagnose.why",
}

__all__ = [
    "Bench",
    "Capture",
    "Compared",
    "Finding",
    "GodynoError",
    "Hottest",
    "Recording",
    "Workload",
    "attach",
    "bench",
    "captures",
    "check_caches",
    "compare",
    "diagnose_quota",
    "doctor",
    "explain_error",
    "findings_of",
    "hottest",
    "list_studies",
    "measure_noise",
    "open_capture",
    "pack",
    "plan_caches",
    "read_machine",
    "record",
    "recover",
    "run_study",
    "survey",
    "why",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'godyno' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
