"""A launch that plays a test binary: it prints what ``go test -bench`` would, at speeds of the test's own."""

import random
import re
from pathlib import Path

from godyno.model import Result
from godyno.studies.bench.arms import Side
from godyno.studies.bench.build import Binary, Built
from godyno.studies.bench.process import Finished
from godyno.toolchain import Go


class FakeLaunch:
    """``speeds`` are seconds by (arm, benchmark); a benchmark that is missing there does not exist in that arm."""

    def __init__(self, speeds, noise=0.01, fails=()):
        self.speeds, self.noise, self.fails = speeds, noise, fails
        self.rng, self.now, self.ran = random.Random(1), 0, []

    def __call__(self, argv, *, cwd, env, timeout_s, label=""):
        options = dict(re.findall(r"-test\.(\w+)=(\S+)", " ".join(argv)))
        self.ran.append((label, options))
        pattern = "/".join(part.strip("^$") for part in options["bench"].split("/")).replace("\\", "")
        lines, cpu = ["goos: linux", "goarch: amd64", "pkg: p", "cpu: Fake"], 0.004
        for (arm, name), seconds in self.speeds.items():
            if arm != label or pattern not in (".", f"Benchmark{name}"):
                continue
            exact = options["benchtime"].endswith("x")
            n = int(options["benchtime"][:-1]) if exact else max(1, int(0.1 / seconds))
            for _ in range(int(options["count"])):
                took = seconds * (1 + self.rng.gauss(0, self.noise))
                cpu += n * took
                lines.append(f"Benchmark{name}-4 {n} {took * 1e9:.2f} ns/op 16 B/op 1 allocs/op")
        start, self.now = self.now, self.now + int(cpu * 1e9)
        failed = label in self.fails
        return Finished(
            Result(start, self.now, 1 if failed else 0, 0, cpu, 0.0), 10 << 20, "fake", False, "\n".join(lines),
            "panic: broken" if failed else "",
        )  # fmt: skip


def built(*names):
    return [
        Built(
            Side(name, {"revision": name}),
            ((Binary("p", Path("/nowhere/p.test"), Path("/")),),),
            Go("go", "/", "go1.27"),
        )
        for name in names
    ]
