"""--instrument adds a file to what go builds, and changes nothing else: not the tree, not later builds, not how programs end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from godyno.errors import GoNotFound, UsageError
from godyno.formats.instrumentlog import InstrumentLog, instrument_log
from godyno.model import Workload
from godyno.toolchain import Go, find_go
from godyno.workload.instrument import DATA, SOURCES, Plan
from godyno.workload.instrument.planning import plan

pytestmark = pytest.mark.integration

SOURCES_OF_A_MODULE = {
    "go.mod": "module example.com/m\n\ngo 1.21\n",
    # Names that a careless file would clash with.
    "main.go": 'package main\n\nimport "os"\n\nvar time, trace, metrics, pprof, syscall = 1, 2, 3, 4, 5\n\n'
    'func main() { println("main", extra()); if len(os.Args) > 1 { end(os.Args[1]) } }\n',
    "extra.go": "package main\n\nfunc extra() int { return 1 }\n",
    "end.go": 'package main\n\nimport (\n\t"log"\n\t"os"\n\t"os/signal"\n\tclock "time"\n)\n\n'
    'func end(how string) {\n\tswitch how {\n'
    '\tcase "exit":\n\t\tos.Exit(3)\n\tcase "fatal":\n\t\tlog.Fatal("oh")\n\tcase "wait":\n\t\tclock.Sleep(30 * clock.Second)\n'
    '\tcase "own":\n\t\tc := make(chan os.Signal, 1)\n\t\tsignal.Notify(c, os.Interrupt)\n'
    '\t\tprintln("ready")\n\t\t<-c\n\t\tsignal.Stop(c)\n\t\tclock.Sleep(clock.Second)\n\t\tos.Exit(9)\n\t}\n}\n',
    "inner/a.go": "package inner\n\nfunc A() int { return 1 }\n",
    "inner/a_test.go": 'package inner\n\nimport "testing"\n\nfunc TestA(t *testing.T) {}\n',
    "outer/b.go": "package outer\n",
    "outer/b_test.go": 'package outer_test\n\nimport "testing"\n\nfunc TestB(t *testing.T) {}\n',
    "untested/c.go": "package untested\n",
    "tool/main.go": "package main\n\nfunc main() {}\n",
}  # fmt: skip


@pytest.fixture(scope="session")
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "m"
    for name, text in SOURCES_OF_A_MODULE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    monkeypatch.setenv("GOFLAGS", "")
    return root


@dataclass
class Ran:
    code: int
    out: str
    logs: list[InstrumentLog]
    traces: list[Path]


def instrumented(
    *argv: str, raw: Path, cwd: Path | None = None, kinds: tuple[str, ...] = ("trace", "metrics")
) -> Ran:
    made = plan(argv, str(cwd or ""), kinds)
    workload = made.apply(Workload(argv), raw)
    made.write(raw)
    done = subprocess.run(
        workload.argv, cwd=cwd, env=environment(workload), capture_output=True, text=True, timeout=120
    )
    return told(raw, done.returncode, done.stdout + done.stderr)


def environment(workload: Workload) -> dict[str, str]:
    return {**os.environ, **{name: value for name, value in workload.env.items() if value is not None}}


def told(raw: Path, code: int, out: str) -> Ran:
    logs = [instrument_log(file.read_bytes().splitlines()) for file in sorted((raw / DATA).glob("*.jsonl"))]
    return Ran(code, out, logs, sorted((raw / DATA).glob("*.trace")))


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_plain_build_afterwards_is_cached_and_the_same_byte_for_byte(
    go: Go, module: Path, tmp_path: Path
) -> None:
    def built(*flags: str) -> tuple[str, str]:
        said = go.try_run("build", *flags, "-o", str(tmp_path / "plain"), ".", cwd=module)
        assert said.returncode == 0, said.stderr
        return hashlib.sha256((tmp_path / "plain").read_bytes()).hexdigest(), said.stderr

    before, listed, files = built()[0], go.run("list", "-deps", "-json", ".", cwd=module), tree(module)
    ran = instrumented(go.path, "build", "-o", str(tmp_path / "instrumented"), ".", raw=tmp_path / "raw")
    assert (ran.code, tree(module)) == (0, files)
    after, steps = built("-x")
    assert after == before
    assert "/compile " not in steps
    assert go.run("list", "-deps", "-json", ".", cwd=module) == listed
    assert go.try_run("vet", ".", cwd=module).returncode == 0
    assert hashlib.sha256((tmp_path / "instrumented").read_bytes()).hexdigest() != before


def test_only_the_programs_own_package_is_compiled_again(go: Go, module: Path, tmp_path: Path) -> None:
    argv = (go.path, "build", "-x", "-o", str(tmp_path / "x"), ".")
    instrumented(*argv, raw=tmp_path / "one")
    steps = instrumented(*argv, raw=tmp_path / "two").out
    compiled = [
        line.split(" -p ")[1].split()[0]
        for line in steps.splitlines()
        if "/compile " in line and " -p " in line
    ]
    assert set(compiled) <= {"main"}


def test_a_program_that_was_built_so_tells_nothing_unless_it_is_asked(
    go: Go, module: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    instrumented(go.path, "build", "-o", str(tmp_path / "x"), ".", raw=raw)
    done = subprocess.run([tmp_path / "x"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "main 1\n")
    assert not list((raw / DATA).iterdir())
    ran = instrumented(str(tmp_path / "x"), raw=tmp_path / "other")
    assert (ran.code, ran.out, [log.ended for log in ran.logs], len(ran.traces)) == (
        0,
        "main 1\n",
        ["exit"],
        1,
    )
    assert ran.logs[0].package == "example.com/m"


@pytest.mark.parametrize(
    ("how", "code", "ended"), [("", 0, "exit"), ("exit", 3, "exit"), ("fatal", 1, "exit")]
)
def test_the_end_is_told_and_the_status_is_the_programs(
    go: Go, module: Path, tmp_path: Path, how: str, code: int, ended: str
) -> None:
    instrumented(go.path, "build", "-o", str(tmp_path / "x"), ".", raw=tmp_path / "raw")
    ran = instrumented(str(tmp_path / "x"), *filter(None, [how]), raw=tmp_path / "other")
    assert (ran.code, [log.ended for log in ran.logs]) == (code, [ended])


LOCKED = "\nfunc twice(mu *sync.Mutex) {\n\tmu.Lock()\n\tmu.Lock()\n}\n"
UNLOCKED_LATER = (
    'package main\n\nimport (\n\t"sync"\n\t"time"\n)\n\nfunc main() {\n\tvar mu sync.Mutex\n'
    "\ttime.AfterFunc(2500*time.Millisecond, mu.Unlock)\n"
    "\tgo func() {\n\t\tfor range time.Tick(20 * time.Millisecond) {\n\t\t}\n\t}()\n\ttwice(&mu)\n}\n"
    + LOCKED
)


def program(root: Path, text: str) -> Path:
    root.mkdir()
    (root / "go.mod").write_text("module example.com/locked\n\ngo 1.23\n")
    (root / "main.go").write_text(text)
    return root


@pytest.mark.parametrize("kinds", [("metrics",), ("trace", "metrics", "cpu")])
def test_a_deadlock_ends_the_program_with_its_goroutines_though_the_tracer_has_timers(
    go: Go, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    main = 'package main\n\nimport "sync"\n\nfunc main() {\n\tvar mu sync.Mutex\n\ttwice(&mu)\n}\n'
    ran = instrumented(
        go.path, "run", ".", raw=tmp_path / "raw", cwd=program(tmp_path / "p", main + LOCKED), kinds=kinds
    )
    assert (ran.code, [log.ended for log in ran.logs]) == (1, ["deadlock"])
    assert ran.out.startswith(
        "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [sync.Mutex.Lock]:\n"
    )
    assert "main.twice(" in ran.out and ran.out.endswith("exit status 2\n") and "godyno" not in ran.out


def test_a_program_that_a_timer_will_go_on_with_is_not_deadlocked(go: Go, tmp_path: Path) -> None:
    ran = instrumented(
        go.path, "run", ".", raw=tmp_path / "raw", cwd=program(tmp_path / "p", UNLOCKED_LATER),
        kinds=("trace", "metrics", "cpu"),
    )  # fmt: skip
    assert (ran.code, ran.out, [log.ended for log in ran.logs]) == (0, "", ["exit"])


@pytest.mark.parametrize(("how", "number", "code", "ended"), [
    ("wait", signal.SIGTERM, -signal.SIGTERM, "signal"),
    ("wait", signal.SIGINT, -signal.SIGINT, "signal"),
    ("wait", signal.SIGKILL, -signal.SIGKILL, ""),
    ("own", signal.SIGINT, 9, "exit"),  # a signal that the program waits for comes once, and to the program
])  # fmt: skip
def test_signals_do_what_they_did(
    go: Go, module: Path, tmp_path: Path, how: str, number: int, code: int, ended: str
) -> None:
    instrumented(go.path, "build", "-o", str(tmp_path / "x"), ".", raw=tmp_path / "raw")
    made = plan([str(tmp_path / "x")], kinds=("trace",))
    made.write(tmp_path / "other")
    workload = made.apply(Workload((str(tmp_path / "x"), how)), tmp_path / "other")
    with subprocess.Popen(
        workload.argv, env=environment(workload), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        while process.stderr.readline() != ("ready\n" if how == "own" else "main 1\n"):
            pass
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(timeout=20) == code
    assert [log.ended for log in told(tmp_path / "other", 0, "").logs] == [ended]


def test_each_test_binary_writes_files_of_its_own(go: Go, module: Path, tmp_path: Path) -> None:
    ran = instrumented(go.path, "test", "-count=1", "./...", raw=tmp_path / "raw")
    assert ran.code == 0, ran.out
    assert sorted(log.package for log in ran.logs) == ["example.com/m/inner", "example.com/m/outer"]
    assert len({log.pid for log in ran.logs}) == 2 == len(ran.traces)
    assert "untested" in ran.out  # and still has no tests


def test_a_capture_inside_the_module_is_no_package_of_it(go: Go, module: Path) -> None:
    ran = instrumented(go.path, "test", "-count=1", "./...", raw=module / "c.dyno" / "raw" / "go_runtime")
    assert (ran.code, len(ran.logs)) == (0, 2)
    assert "c.dyno" not in go.run("list", "./...", cwd=module)


def test_a_module_of_an_old_language_is_instrumented_too(go: Go, module: Path, tmp_path: Path) -> None:
    (module / "go.mod").write_text("module example.com/m\n\ngo 1.12\n")
    ran = instrumented(go.path, "test", "-count=1", "./...", raw=tmp_path / "raw")
    assert (ran.code, len(ran.logs)) == (0, 2), ran.out


def test_files_that_go_run_was_given_get_one_more(go: Go, module: Path, tmp_path: Path) -> None:
    ran = instrumented(
        go.path, "run", "m/main.go", "m/extra.go", "m/end.go", "exit", raw=tmp_path / "raw", cwd=tmp_path
    )
    assert (ran.code, [log.package for log in ran.logs]) == (1, ["command-line-arguments"])
    assert "exit status 3" in ran.out


@pytest.mark.parametrize("where", ["flag", "GOFLAGS", "-C"])
def test_a_users_own_overlay_stays_in_force(
    go: Go, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "other.go").write_text("package main\n\nfunc extra() int { return 42 }\n")
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps({"Replace": {str(module / "extra.go"): str(tmp_path / "other.go")}}))
    argv = [go.path, "run", f"-overlay={theirs}", "."]
    if where == "GOFLAGS":
        monkeypatch.setenv("GOFLAGS", f"-overlay={theirs}")
        argv = [go.path, "run", "."]
    cwd = module
    if where == "-C":
        argv, cwd = [go.path, "run", "-C", "m", f"-overlay={theirs}", "."], tmp_path
    ran = instrumented(*argv, raw=tmp_path / "raw", cwd=cwd)
    assert (ran.code, ran.out, len(ran.logs)) == (0, "main 42\n", 1)


def test_linker_flags_of_the_user_stay(go: Go, module: Path, tmp_path: Path) -> None:
    (module / "extra.go").write_text(
        'package main\n\nvar number = "1"\n\nfunc extra() string { return number }\n'
    )
    ran = instrumented(go.path, "run", "-ldflags=-s -w -X main.number=77", ".", raw=tmp_path / "raw")
    assert (ran.code, ran.out, [log.ended for log in ran.logs]) == (0, "main 77\n", ["exit"])


def test_all_programs_of_several_packages_are_instrumented(go: Go, module: Path, tmp_path: Path) -> None:
    made = plan([go.path, "build", "./..."])
    assert made.packages == ("example.com/m", "example.com/m/tool")
    made.write(tmp_path / "raw")
    assert len(list((tmp_path / "raw" / SOURCES).iterdir())) == 2


def test_a_trace_that_go_test_was_asked_for_stays_the_users(go: Go, module: Path, tmp_path: Path) -> None:
    ran = instrumented(
        go.path, "test", "-count=1", "-trace", str(tmp_path / "t"), "./inner", raw=tmp_path / "raw"
    )
    assert (ran.code, ran.traces, len(ran.logs)) == (0, [], 1)
    assert (tmp_path / "t").stat().st_size > 0
    assert "itself (-trace)" in plan([go.path, "test", "-trace", "t", "./inner"]).warnings[0]


@pytest.mark.parametrize(("argv", "why"), [
    (["go", "vet", "./..."], "nothing to add"),
    (["go", "run", "example.com/x@latest"], "module cache"),
    (["go", "build", "./inner"], "no package main"),
    (["go", "test", "./untested"], "no tests"),
    (["go", "build", "-cover", "."], "-cover"),
    (["go", "run", "./nope"], "directory not found"),
    (["go", "test", "strings"], "standard library"),
])  # fmt: skip
def test_what_cannot_be_instrumented_is_refused_with_its_reason(
    go: Go, module: Path, argv: list[str], why: str
) -> None:
    with pytest.raises(UsageError, match=why) as error:
        plan([go.path, *argv[1:]])
    assert error.value.hint


def test_a_program_for_another_system_is_refused(
    go: Go, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOS", "windows")
    with pytest.raises(UsageError, match="windows"):
        plan([go.path, "build", "."])


def test_a_go_that_keeps_its_exit_list_otherwise_is_left_alone(
    go: Go, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from godyno.workload.instrument import planning

    monkeypatch.setattr(planning, "_text", lambda path: "")
    made = plan([go.path, "run", "."], kinds=("metrics",))
    assert "at exit in a way" in made.warnings[0]
    assert "go:linkname" not in next(iter(made.sources.values()))
    ran = instrumented(go.path, "run", ".", raw=tmp_path / "raw", kinds=("metrics",))
    assert (ran.code, [log.ended for log in ran.logs]) == (0, [""])


def test_a_plan_is_applied_to_the_command_as_others_left_it() -> None:
    made = Plan({"ldflags": "-checklinkname=0"}, "", {"0.go": "x"}, {"/m/0godyno.go": "0.go"})
    left: Any = Workload(("go", "build", "-debug-actiongraph=F", "."), env={"GODEBUG": "gctrace=1"})
    changed = made.apply(left, Path("/raw"))
    assert changed.argv == (
        "go",
        "build",
        "-overlay=/raw/overlay.json",
        "-ldflags=-checklinkname=0",
        "-debug-actiongraph=F",
        ".",
    )
    assert changed.env["GODEBUG"] == "gctrace=1,traceadvanceperiod=200000000"
