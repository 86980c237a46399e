"""A recorder that runs nothing: it answers at once what a test wants it to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from godyno.model import Workload
from godyno.studies.survey.bench import Outcome

MIB = 1 << 20


class ToyRecorder:
    """Passes everything with made-up figures; ``answers`` may say otherwise, by what is run."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Workload, int | None]] = []
        self.answers: Callable[[str, Workload, int | None], Outcome | None] = lambda name, workload, limit: (
            None
        )
        self.clock_s = 0.0
        self.takes_s = 10.0

    def __call__(
        self,
        workload: Workload,
        out: Path,
        *,
        memory_limit_bytes: int | None = None,
        timeout_s: float | None = None,
    ) -> Outcome:
        name = out.name.rpartition("-")[0]
        self.calls.append((name, workload, memory_limit_bytes))
        took_s = self.takes_s if timeout_s is None else min(self.takes_s, timeout_s)
        self.clock_s += took_s
        answer = self.answers(name, workload, memory_limit_bytes)
        if answer is not None:
            return answer
        late = timeout_s is not None and timeout_s < self.takes_s
        return Outcome(
            143 if late else 0,
            0,
            took_s,
            1.8 * took_s,
            late,
            0,
            350 * MIB,
            "toy",
            250 * MIB,
            1,
            2,
            3,
            str(out),
        )

    def names(self) -> list[str]:
        return [name for name, _, _ in self.calls]


@pytest.fixture
def recorder() -> Any:
    return ToyRecorder()
