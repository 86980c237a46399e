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
    (place / "spin_test.go").write_text(_BENCH % 1000)

    def git(*arguments):
        subprocess.run(
            ["git", "-C", place, "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "one")
    (place / "spin_test.go").write_text(_BENCH % 1500)  # not committed: the working tree is the other arm
    return place


def _status(place):
    return subprocess.run(
        ["git", "-C", place, "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout


def test_a_slower_working_tree_is_proven_slower_and_the_checkout_is_untouched(checkout, tmp_path):
    go, before = find_go(), _status(checkout)
    arms = []
    for name in ("main", WORKING_TREE):
        with revision(checkout, name, tmp_path / "trees") as tree:
            arms.append(prebuild(go, tree, ["./..."], tmp_path / name.replace(" ", "-"), name=name))
            if name == "main":
                kept = tree
                assert tree != checkout
    assert not kept.exists() and _status(checkout) == before
    # Test binaries run in their package's directory; a removed tree's is gone, so both run in the checkout.
    arms[0] = type(arms[0])(
        arms[0].name,
        tuple(type(one)(one.package, one.path, checkout) for one in arms[0].binaries),
        arms[0].env,
    )
    bench, trials = measure(
        arms, tmp_path / "trials.jsonl", pool="here", benchtime="2000x", blocks=24, margin=0.5
    )
    spin = next(row for row in bench.rows[WORKING_TREE] if (row.name, row.unit) == ("Spin", "sec/op"))
    assert spin.comparison.verdict is Verdict.HIGHER
    assert spin.comparison.estimate == pytest.approx(1.5, rel=0.15)
    assert judge(Gate.parse("time/op<+3%"), [spin]).code == REGRESSION
    assert bench.blocks < 24
    printed = benchfmt.text(trials.printed["main"])
    assert len(list(benchfmt.read(printed.splitlines()))) == 2 * bench.blocks


def test_revisions_that_do_not_exist_and_tests_that_do_not_build_say_so(checkout, tmp_path):
    with pytest.raises(UsageError, match="no revision"), revision(checkout, "--no-such", tmp_path / "trees"):
        pass
    with pytest.raises(UsageError), revision(tmp_path, "main", tmp_path / "trees"):
        pass
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "go.mod").write_text("module example.com/broken\n\ngo 1.22\n")
    (broken / "a_test.go").write_text("package broken\n\nfunc TestA(t *testing.T) {}\n")
    with pytest.raises(BuildFailed, match="do not build"):
        prebuild(find_go(), broken, ["./..."], tmp_path / "out", name="broken")
