import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import godyno
from godyno.errors import BuildFailed, UsageError
from godyno.formats import benchfmt
from godyno.stats.compare import Verdict
from godyno.studies.bench.arms import revision
from godyno.studies.bench.process import Spawner

pytestmark = pytest.mark.integration

_BENCH = """package spin

import "testing"

var sink uint64

func spin(n int) {
	x := uint64(88172645463325252)
	for i := 0; i < n; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	sink += x
}

func BenchmarkSpin(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(%d)
	}
}

func BenchmarkSame(b *testing.B) {
	for i := 0; i < b.N; i++ {
		spin(1000)
	}
}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    place = tmp_path_factory.mktemp("checkout") / "module"
    place.mkdir()
    (place / "go.mod").write_text("module example.com/spin\n\ngo 1.22\n")
    (place / "spin_test.go").write_text(_BENCH % 10000)

    def git(*arguments):
        subprocess.run(
            ["git", "-C", place, "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "one")
    (place / "spin_test.go").write_text(_BENCH % 80000)  # not committed: the working tree is the other arm
    return place


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A build cache for the module's tests, not the user's."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("XDG_CACHE_HOME") if before is None else os.environ.update(XDG_CACHE_HOME=before)


def _status(place):
    return subprocess.run(
        ["git", "-C", place, "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout


def test_a_slower_working_tree_is_proven_slower_and_the_checkout_is_untouched(checkout, tmp_path):
    before = _status(checkout)
    options = {
        "ab": ["main"],
        "pattern": "Spin",
        "benchtime": "300x",
        "blocks": 20,
        "gates": ["time/op<+3%"],
        "directory": checkout,
    }
    bench = godyno.bench(out=tmp_path / "study", **options)
    assert _status(checkout) == before
    assert not (checkout / ".git" / "worktrees").exists()
    assert not list((tmp_path / "study" / "trees").iterdir())
    rows = {row.unit: row.comparison for row in bench.rows["working tree"]}
    assert rows["sec/op"].verdict is Verdict.HIGHER
    assert rows["sec/op"].estimate > 4  # 8 in truth; a busy machine preempts the longer run more often
    assert rows["peak-B"].median_old > 1e5
    assert (bench.end, bench.exit_code) == ("decided", 1)
    place = tmp_path / "study"
    printed = list(benchfmt.read((place / "gobench" / "0-main.txt").read_text().splitlines()))
    assert len(printed) == bench.blocks - bench.warmup_blocks
    assert "<circle" in (place / "bench.html").read_text()
    assert godyno.compare(place).rows == bench.rows, "a kept study shows the same again"
    assert godyno.bench(out=place, **options).runs == bench.runs, "a decided study is not run on"
    with pytest.raises(UsageError, match="with benchtime = "):
        godyno.bench(out=place, **{**options, "benchtime": "400x"})
    source = checkout / "spin_test.go"
    text = source.read_text()
    source.write_text(text + "\nvar more = 1\n\nfunc init() { more++ }\n")
    try:
        with pytest.raises(UsageError, match="other binaries"):
            godyno.bench(out=place, **options)
    finally:
        source.write_text(text)


def test_commands_are_compared_with_their_exit_codes_and_nothing_of_them_is_left(tmp_path):
    bench = godyno.bench(
        cmd=["sh -c 'sleep 0.01; exit 3'", "sh -c 'sleep 0.15; sleep 60 & exit 3'"], ignore_failure=True, blocks=14,
        setup="echo > made", prepare=["test -e made"], cleanup="rm made", directory=tmp_path,
    )  # fmt: skip
    (rows,) = bench.rows.values()
    found = {row.unit: row.comparison for row in rows}
    assert found["sec/op"].verdict is Verdict.HIGHER
    assert found["exit-code"].median_old == 3
    assert not list(tmp_path.iterdir())


def test_ctrl_c_keeps_what_was_measured_and_the_same_command_goes_on(tmp_path):
    argv = [
        sys.executable,
        "-m",
        "godyno",
        "bench",
        "--cmd",
        "sleep 0.02",
        "--cmd",
        "sleep 0.021",
        "--blocks",
        "400",
        "-o",
        "study",
    ]
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    running = subprocess.Popen(
        argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    trials = tmp_path / "study" / "trials.jsonl"
    for _ in range(600):
        if trials.exists() and len(trials.read_text().splitlines()) > 8:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "sec/op" in out
    assert "interrupted" in err
    done = len(trials.read_text().splitlines())
    bench = godyno.bench(
        cmd=["sleep 0.02", "sleep 0.021"], blocks=done // 2 + 2, out=tmp_path / "study", directory=tmp_path
    )
    assert bench.runs > done - 1
    assert json.loads((tmp_path / "study" / "bench.json").read_text())["end"] in ("complete", "decided")


def test_a_killed_godyno_leaves_no_process_cgroup_or_directory(tmp_path):
    (tmp_path / "trees" / "one").mkdir(parents=True)
    mark = f"7{os.getpid() % 1000:03d}"
    daemon = f"setsid sleep {mark} & sleep {mark}"
    code = (
        "from pathlib import Path\nfrom godyno.studies.bench.process import Spawner\n"
        f"with Spawner(leaves=[Path({str(tmp_path / 'trees')!r})]) as s:\n"
        f"    s.run(['sh', '-c', {daemon!r}], cwd=Path('/'), env={{}}, timeout_s=100)"
    )
    running = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)})

    def alive():
        return [p for p in Path("/proc").glob("[0-9]*/cmdline") if _cmdline(p) == f"sleep\0{mark}\0"]

    def groups():
        return list(Path("/sys/fs/cgroup").glob(f"**/godyno-{running.pid}-*"))

    _wait_for(lambda: len(alive()) == 2, "nothing was started")
    assert len(list(tmp_path.iterdir())) == 2
    grouped = bool(groups())
    running.kill()
    running.wait()
    _wait_for(lambda: not list(tmp_path.iterdir()), "its directory is left")
    if grouped:  # elsewhere nobody can tell whose child a daemon was
        _wait_for(lambda: not alive() and not groups(), "it runs on")
    for left in alive():
        os.kill(int(left.parent.name), 9)


def _wait_for(condition, otherwise):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(otherwise)


def _cmdline(path):
    try:
        return path.read_text()
    except OSError:
        return ""


def test_a_process_is_measured_whole():
    grow = "import os; x = bytearray(60 << 20); os.fork() or bytearray(60 << 20); os.wait() if os.getpid() else 0"
    before = threading.active_count()  # other tests' libraries keep threads of their own
    with Spawner() as spawner:
        done = spawner.run(
            [sys.executable, "-c", f"exec({grow!r})"], cwd=Path("/"), env={"A": None}, timeout_s=20
        )
        assert done.peak_bytes > 60 << 20
        late = spawner.run(["sleep", "20"], cwd=Path("/"), env={}, timeout_s=0.2)
        assert (late.timed_out, late.result.signal) == (True, 9)
        absent = spawner.run(["no-such-program"], cwd=Path("/"), env={}, timeout_s=5)
        assert (absent.result.exit_code, "No such file" in absent.stderr) == (127, True)
        assert threading.active_count() == before


def test_revisions_that_do_not_exist_and_tests_that_do_not_build_say_so(checkout, tmp_path):
    with pytest.raises(UsageError, match="no revision"), revision(checkout, "--no-such", tmp_path / "trees"):
        pass
    with pytest.raises(UsageError), revision(tmp_path, "main", tmp_path / "trees"):
        pass
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "go.mod").write_text("module example.com/broken\n\ngo 1.22\n")
    (broken / "a_test.go").write_text("package broken\n\nfunc BenchmarkA(b *testing.B) {}\n")
    with pytest.raises(BuildFailed, match="do not build"):
        godyno.bench(directory=broken, env=["GOGC=50,100"])
    (broken / "a_test.go").write_text("package broken\n")
    with pytest.raises(UsageError, match="has benchmarks"):
        godyno.bench(directory=broken)


@pytest.mark.skipif(sys.platform != "linux", reason="the scheduler's account is in /proc")
def test_the_wait_for_a_processor_is_known_of_a_process_that_works_alone():
    busy = (sys.executable, "-S", "-c", "while True: pass")
    work = (sys.executable, "-I", "-S", "-c", "sum(range(6_000_000))")
    options = {"cwd": Path("/"), "env": {}, "timeout_s": 30}
    mine = min(os.sched_getaffinity(0))
    with Spawner(held=lambda pid: os.sched_setaffinity(pid, {mine})) as spawner:
        beside = subprocess.Popen(busy, preexec_fn=lambda: os.sched_setaffinity(0, {mine}))
        try:
            time.sleep(0.2)
            done = spawner.run(work, **options)
            shell = spawner.run(
                ("/bin/sh", "-c", f'"{sys.executable}" -I -S -c "sum(range(6_000_000))"; true'), **options
            )
        finally:
            beside.kill()
            beside.wait()
    wall_s, cpu_s = done.result.wall_s, done.result.user_s + done.result.system_s
    assert done.wait_s is not None and 0.2 * wall_s < done.wait_s <= wall_s
    assert done.wait_s + cpu_s == pytest.approx(wall_s, rel=0.25)
    assert shell.wait_s is None, "what a child waited is not known"
