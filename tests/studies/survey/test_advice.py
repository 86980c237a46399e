from __future__ import annotations

from dataclasses import replace

from godyno.model import CgroupLimits, Cpu, Estimate, Machine, Memory
from godyno.studies.survey.advice import advice
from godyno.studies.survey.records import Fit, LeastMemory, Setting, SmallFiles

MIB = 1 << 20
MACHINE = Machine(cpu=Cpu(allowed=4), memory=Memory(8192 * MIB, 6000 * MIB))
ENV = {"GOFLAGS": "-p=1", "GOGC": "25"}
TOGETHER = Setting("GOFLAGS=-p=1 GOGC=25", ENV, Estimate(1e8, "By"), Estimate(20.0, "s"), 0.6, 1.4, 1)
LEAST = [
    LeastMemory("build-cold", "as it is", 256 * MIB, 228 * MIB, "thrash", 2, True, ""),
    LeastMemory("build-cold", TOGETHER.label, 165 * MIB, 150 * MIB, "killed", 2, True, ""),
]


def fit(where: str, verdict: str, with_settings: str = "") -> Fit:
    return Fit(where, "build-cold", verdict, 0, 256 * MIB, 384 * MIB, True, with_settings)


def speed(purpose: str, path: str, ops_per_s: float, filesystem: str = "ext4") -> SmallFiles:
    return SmallFiles(purpose, path, Estimate(ops_per_s, "{operation}/s"), filesystem)


def test_where_nothing_is_needed_it_says_so_in_one_entry() -> None:
    only = advice(MACHINE, (1, 27, 0), [], [], [fit("this machine", "comfortable")], [])
    assert len(only) == 1 and only[0].lines == ()


def test_settings_come_as_lines_to_paste_with_what_trying_them_gave() -> None:
    one = advice(MACHINE, (1, 27, 0), [TOGETHER], LEAST, [fit("this machine", "tight")], [])[0]
    assert one.lines == ("export GOFLAGS=-p=1", "export GOGC=25")
    assert "short on this machine" in one.why
    assert "60 %" in one.tried and "140 %" in one.tried and "173 MB instead of 268 MB" in one.tried


def test_a_comfortable_machine_is_told_that_it_needs_none_of_it() -> None:
    fits = [fit("this machine", "comfortable"), fit("512 MB", "will fail", "tight")]
    one = advice(MACHINE, (1, 27, 0), [TOGETHER], LEAST, fits, [])[0]
    assert "needs none of it" in one.why and "512 MB" in one.why


def test_a_much_faster_disk_is_recommended_for_the_build_cache() -> None:
    speeds = [speed("GOCACHE", "/home/u/.cache/go-build", 1000), speed("tmp", "/fast", 2000)]
    one = advice(MACHINE, (1, 27, 0), [], [], [], speeds)[0]
    assert one.lines == ("export GOCACHE=/fast/go-build",)
    assert "not tried" in one.tried


def test_memory_is_no_disk_to_keep_a_cache_on() -> None:
    speeds = [speed("GOCACHE", "/home/u/.cache/go-build", 1000), speed("tmp", "/tmp", 9000, "tmpfs")]
    assert advice(MACHINE, (1, 27, 0), [], [], [], speeds)[0].lines == ()


def test_an_old_go_under_a_cpu_quota_is_told_its_processors() -> None:
    limited = replace(MACHINE, cgroup=CgroupLimits(version=2, cpu_quota=1.5))
    assert advice(limited, (1, 24, 0), [], [], [], [])[0].lines == ("export GOMAXPROCS=1",)
    assert advice(limited, (1, 25, 0), [], [], [], [])[0].lines == ()
