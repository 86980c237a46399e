import contextlib
import subprocess

import pytest

from godyno.errors import BuildFailed, UsageError
from godyno.formats import benchfmt
from godyno.stats.compare import Verdict
from godyno.studies.bench.arms import WORKING_TREE, prebuild, revision
from godyno.studies.bench.gate import REGRESSION, Gate, judge
from godyno.studies.bench.session import measure
from godyno.toolchain import find_go

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


@pytest.fixture(scope="module")
def gocache(tmp_path_factory):
    """Arms build in caches of their own; here one saves a minute of compiling the standard library twice."""
    return tmp_path_factory.mktemp("gocache")


def _status(place):
    return subprocess.run(
        ["git", "-C", place, "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout


def test_a_slower_working_tree_is_proven_slower_and_the_checkout_is_untouched(checkout, gocache, tmp_path):
    go, before = find_go(), _status(checkout)
    with contextlib.ExitStack() as trees:
        arms = []
        for name in ("main", WORKING_TREE):
            tree = trees.enter_context(revision(checkout, name, tmp_path / "trees"))
            out = tmp_path / name.replace(" ", "-")
            arms.append(prebuild(go, tree, ["./..."], out, name=name, gocache=gocache))
        assert arms[0].binaries[0].directory != arms[1].binaries[0].directory == checkout
        bench, trials = measure(
            arms, tmp_path / "trials.jsonl", pool="here", pattern="Spin", benchtime="300x", blocks=24
        )
    assert not list((tmp_path / "trees").iterdir()) and _status(checkout) == before
    spin = next(row for row in bench.rows[WORKING_TREE] if (row.name, row.unit) == ("Spin", "sec/op"))
    assert spin.comparison.verdict is Verdict.HIGHER
    assert spin.comparison.estimate > 4  # 8 in truth; a busy machine preempts the longer run more often
    assert judge(Gate.parse("time/op<+3%"), [spin]).code == REGRESSION
    assert bench.blocks < 24
    printed = benchfmt.text(trials.printed["main"])
    assert len(list(benchfmt.read(printed.splitlines()))) == bench.blocks


def test_revisions_that_do_not_exist_and_tests_that_do_not_build_say_so(checkout, gocache, tmp_path):
    with pytest.raises(UsageError, match="no revision"), revision(checkout, "--no-such", tmp_path / "trees"):
        pass
    with pytest.raises(UsageError), revision(tmp_path, "main", tmp_path / "trees"):
        pass
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "go.mod").write_text("module example.com/broken\n\ngo 1.22\n")
    (broken / "a_test.go").write_text("package broken\n\nfunc TestA(t *testing.T) {}\n")
    with pytest.raises(BuildFailed, match="do not build"):
        prebuild(find_go(), broken, ["./..."], tmp_path / "out", name="broken", gocache=gocache)
