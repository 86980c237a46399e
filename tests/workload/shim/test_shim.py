import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from godyno.errors import BuildFailed, GoNotFound
from godyno.formats.gctrace import gc_cycle
from godyno.formats.shimlog import ShimProcess, shim_process
from godyno.model import Workload
from godyno.toolchain import Go, find_go
from godyno.workload.shim import build_program, build_shim, with_shim

SHIM = Path("/cache/shim")
ON = {"GODYNO_SHIM_GODEBUG": "gctrace=1"}


def test_a_go_command_gets_the_shim_for_its_tools_and_for_what_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GOFLAGS", "GOOS", "GOARCH"):
        monkeypatch.delenv(name, raising=False)
    workload = with_shim(
        Workload(("/usr/bin/go", "test", "./..."), env={"GOFLAGS": "-mod=mod"}), SHIM, Path("/d")
    )
    assert workload.argv == ("/usr/bin/go", "test", "./...")
    assert workload.env["GOFLAGS"] == "-toolexec=/cache/shim -exec=/cache/shim -mod=mod"
    assert workload.env["GODYNO_SHIM_DIR"] == "/d"
    assert workload.env["GODYNO_SHIM_GODEBUG"] == "gctrace=1"
    build = with_shim(Workload(("go", "build")), SHIM, Path("/d"), ["gctrace=1", "inittrace=1"])
    assert build.env["GOFLAGS"] == "-toolexec=/cache/shim"
    assert build.env["GODYNO_SHIM_GODEBUG"] == "gctrace=1,inittrace=1"


def test_a_foreign_target_keeps_its_own_exec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOFLAGS", raising=False)
    workload = with_shim(Workload(("go", "test"), env={"GOARCH": "arm64"}), SHIM, Path("/d"))
    assert workload.env["GOFLAGS"] == "-toolexec=/cache/shim"


def test_anything_else_is_launched_by_the_shim() -> None:
    assert with_shim(Workload(("./server", "-v")), SHIM, Path("/d")).argv == ("/cache/shim", "./server", "-v")
    assert with_shim(Workload(("go", "version")), SHIM, Path("/d")).argv[0] == "/cache/shim"


def test_a_path_with_a_space_survives_goflags() -> None:
    workload = with_shim(Workload(("go", "build"), env={"GOFLAGS": None}), Path("/a b/shim"), Path("/d"))
    assert workload.env["GOFLAGS"] == """'-toolexec='"'"'/a b/shim'"'"''"""


@pytest.fixture(scope="session")
def go() -> Go:
    try:
        return find_go()
    except GoNotFound as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def shim(go: Go) -> Path:
    return build_shim(go)


@pytest.fixture(scope="session")
def allocating(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that collects often while it writes 500 lines to stderr."""
    root = tmp_path_factory.mktemp("allocating")
    source = """package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

var sink [200][]byte

func main() {
	for i := 0; i < 500; i++ {
		for j := range sink {
			sink[j] = make([]byte, 1024)
		}
		fmt.Fprintln(os.Stderr, "gc", i, "of my own")
	}
	debug.SetGCPercent(-1) // no collection may be under way while they are counted
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	fmt.Println(stats.NumGC)
}
"""
    (root / "main.go").write_text(source)
    (root / "go.mod").write_text("module allocating\n\ngo 1.21\n")
    go.run("build", "-o", "allocating", ".", cwd=root, env={"GOFLAGS": None, "CGO_ENABLED": "0"})
    return root / "allocating"


def run(shim: Path, directory: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    full = {**os.environ, "GODYNO_SHIM_DIR": str(directory), **env}
    return subprocess.run([shim, *argv], env=full, capture_output=True, timeout=60, check=False)


def processes(directory: Path) -> list[ShimProcess]:
    return [shim_process(path.read_bytes().splitlines()) for path in sorted(directory.glob("*.jsonl"))]


@pytest.mark.integration
def test_debug_lines_and_own_text_come_apart_and_nothing_of_either_is_lost(
    shim: Path, allocating: Path, tmp_path: Path
) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    result = run(shim, tmp_path, str(allocating), GODYNO_SHIM_GODEBUG="gctrace=1,inittrace=1,schedtrace=5")
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert result.stderr.decode().splitlines() == [f"gc {i} of my own" for i in range(500)]
    (process,) = processes(tmp_path)
    numbers = [gc_cycle(line.text).number for line in process.lines if line.kind == "gctrace"]
    assert numbers == list(range(1, int(result.stdout) + 1)) and numbers
    assert {line.kind for line in process.lines} == {"gctrace", "inittrace", "schedtrace"}
    assert process.argv0 == str(allocating) and process.exact and process.clock == "monotonic"
    times = [
        process.t_start_ns,
        *(line.t_ns for line in process.lines),
        process.end.t_ns if process.end else 0,
    ]
    assert times == sorted(times) and before <= times[0] and times[-1] <= after
    assert process.end is not None and process.end.exit_code == 0 and process.end.user_s > 0


@pytest.mark.integration
@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", -15), ("kill -9 $$", -9)]
)
def test_the_exit_is_the_command_s_own(shim: Path, tmp_path: Path, script: str, status: int) -> None:
    assert run(shim, tmp_path, "sh", "-c", script).returncode == status
    (process,) = processes(tmp_path)
    assert process.end is not None
    assert (process.end.exit_code, process.end.signal) == ((status, 0) if status >= 0 else (-1, -status))


@pytest.mark.integration
def test_a_command_that_does_not_exist_or_may_not_run_exits_as_in_a_shell(shim: Path, tmp_path: Path) -> None:
    assert run(shim, tmp_path, "no-such-command").returncode == 127
    (tmp_path / "file").write_text("")
    assert run(shim, tmp_path, str(tmp_path / "file")).returncode == 126


@pytest.mark.integration
def test_streams_pass_through_untouched_and_large(shim: Path, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    result = subprocess.run(
        [shim, "sh", "-c", "tee /dev/stderr"], input=data, capture_output=True, timeout=60, check=False,
        env={**os.environ, "GODYNO_SHIM_DIR": str(tmp_path), **ON},
    )  # fmt: skip
    assert result.stdout == data
    assert result.stderr == data


@pytest.mark.integration
def test_text_that_begins_like_a_debug_line_keeps_its_place(shim: Path, tmp_path: Path) -> None:
    script = "printf 'gc ' >&2; printf 'hello\\n' >&2; printf 'init ' >&2; printf 'x\\n' >&2; printf 'password: ' >&2"
    assert run(shim, tmp_path, "sh", "-c", script, **ON).stderr == b"gc hello\ninit x\npassword: "


@pytest.mark.integration
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_a_signal_reaches_the_command(shim: Path, tmp_path: Path, sent: signal.Signals) -> None:
    script = (
        f"trap 'echo got; exit 3' {sent.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.05; done"
    )
    with subprocess.Popen(
        [shim, "sh", "-c", script],
        env={**os.environ, "GODYNO_SHIM_DIR": str(tmp_path)}, stdout=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(sent)
        assert process.stdout.read() == b"got\n"
        assert process.wait(10) == 3


@pytest.mark.integration
def test_the_command_dies_with_the_shim(shim: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [shim, "sh", "-c", "echo $$; exec sleep 60"],
        env={**os.environ, "GODYNO_SHIM_DIR": str(tmp_path)}, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
        assert process.stdout.read() == b""  # its last writer is gone
        process.wait(10)
    with pytest.raises(ProcessLookupError):
        for _ in range(200):
            os.kill(child, 0)
            time.sleep(0.01)


@pytest.mark.integration
def test_a_process_that_outlives_the_command_can_still_write(shim: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    script = "(sleep 0.4; echo later >&2; echo still >&2; touch done) & echo now >&2"
    with (tmp_path / "stderr").open("wb") as stderr:
        env = {**os.environ, "GODYNO_SHIM_DIR": str(tmp_path)}
        subprocess.run(
            [shim, "sh", "-c", script], env=env, stderr=stderr, cwd=tmp_path, timeout=60, check=True
        )
    assert time.monotonic() - started < 0.35
    for _ in range(500):
        if (tmp_path / "done").exists() and (tmp_path / "stderr").read_bytes().count(b"\n") == 3:
            break
        time.sleep(0.01)
    assert (tmp_path / "stderr").read_bytes() == b"now\nlater\nstill\n"


@pytest.mark.integration
def test_the_user_s_own_godebug_stays(shim: Path, tmp_path: Path) -> None:
    result = run(shim, tmp_path, "sh", "-c", "echo $GODEBUG", GODEBUG="madvdontneed=1", **ON)
    assert result.stdout == b"madvdontneed=1,gctrace=1\n"


@pytest.mark.integration
def test_a_build_with_the_shim_and_one_without_share_the_cache(shim: Path, go: Go, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.go").write_text("package main\n\nfunc main() { println(1) }\n")
    (tmp_path / "m" / "go.mod").write_text("module m\n\ngo 1.21\n")
    records = tmp_path / "records"
    records.mkdir()
    env = {
        "GOCACHE": str(tmp_path / "cache"),
        "CGO_ENABLED": "0",
        "GOFLAGS": None,
        "GOROOT": None,
        "GOTOOLCHAIN": "local",
    }
    plain = Workload((go.path, "build", "-x", "-o", "/dev/null", "."), str(tmp_path / "m"), env)

    def compiled(workload: Workload) -> int:
        full = {k: v for k, v in {**os.environ, **workload.env}.items() if v is not None}
        result = subprocess.run(
            workload.argv, cwd=workload.cwd, env=full, capture_output=True, text=True, timeout=300, check=True
        )
        assert not re.search(r"^gc \d+ @", result.stderr, re.M)
        return len(re.findall(r"/compile -o ", result.stderr))

    assert compiled(with_shim(plain, shim, records)) > 5
    tools = {Path(process.argv0).name for process in processes(records)}
    assert tools >= {"compile", "link"}
    by_package = {p.package: p for p in processes(records) if p.argv0.endswith("/compile")}
    assert [line.kind for line in by_package["runtime"].lines][:1] == ["gctrace"]
    assert compiled(plain) == 0
    assert compiled(with_shim(plain, shim, records)) == 0


@pytest.mark.integration
def test_a_build_of_the_shim_is_kept_and_one_that_fails_says_why(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOCACHE", go.run("env", "GOCACHE").strip())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOFLAGS", "-nonsense")
    first = build_shim(go)
    stamp = first.stat().st_mtime_ns
    assert build_shim(go) == first and first.stat().st_mtime_ns == stamp
    with pytest.raises(BuildFailed, match="cannot build godyno's broken"):
        build_program(
            go,
            "broken",
            {"go.mod": b"module x\n\ngo 1.21\n", "main.go": b"package main\n\nfunc main() { x }\n"},
        )
    assert [path.name for path in (tmp_path / "godyno" / "programs").iterdir()] == [first.name]
