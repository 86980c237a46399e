from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from godyno.workload import yardstick


@pytest.mark.integration
def test_every_part_is_timed_in_every_round(tmp_path: Path) -> None:
    argv = yardstick.argv(str(tmp_path), 0.2, 3)
    told = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
    assert len(told["rounds"]) == 3 and len(told["late_s"]) == 10
    for seen in told["rounds"]:
        assert list(seen) == list(yardstick.PARTS)
        assert all(wall > 0 and cpu >= 0 for wall, cpu in seen.values())


@pytest.mark.integration
def test_work_grows_with_the_scale(tmp_path: Path) -> None:
    def computing_s(scale: float) -> float:
        argv = yardstick.argv(str(tmp_path), scale, 5, ("computing",))
        told = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
        return float(min(seen["computing"][1] for seen in told["rounds"]))

    assert computing_s(4.0) > 2 * computing_s(0.5)
