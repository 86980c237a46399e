import io

from tests.studies.test_runner import _Benchmarks

from godyno.studies.bench.arms import Side
from godyno.studies.bench.live import Lines, Live, Silent, line, table_of, watch
from godyno.studies.bench.pilot import Pilot, Subject
from godyno.studies.bench.rule import rule_for
from godyno.studies.bench.settings import Settings
from godyno.studies.factors import Factor
from godyno.studies.plan import Plan
from godyno.studies.runner import Progress, run

_NAMES = tuple(f"p\tBench{i}" for i in range(20))


def _played(tmp_path, seen):
    plan = Plan.of(
        "bench", [Factor.of("code", "old", "new")], 16, subjects=_NAMES, measures=[f"{name}\tsec/op" for name in _NAMES]
    )  # fmt: skip
    rule = rule_for(plan, Settings(blocks=16))
    machine = _Benchmarks({("p\tBench3", "new"): 3.0})
    run(
        plan,
        machine,
        tmp_path / "t.jsonl",
        pool="here",
        rule=rule,
        progress=lambda at: seen.append((at, rule)),
    )
    return plan


def test_what_is_undecided_is_shown_with_what_is_known_of_it(tmp_path):
    from rich.console import Console

    seen: list[tuple[Progress, object]] = []
    plan = _played(tmp_path, seen)
    at, rule = seen[-1]
    assert "p\tBench3" not in at.subjects
    assert f"Bench0, Bench1, Bench2, Bench4 and {len(at.subjects) - 4} more" in line(at)
    out = io.StringIO()
    Console(file=out, width=80).print(table_of(at, rule, plan, {"code=new": "new code"}))
    text = out.getvalue()
    assert "Bench0" in text
    assert "new code" in text
    assert f"and {len(at.subjects) - 12} more" in text
    assert max(len(one) for one in text.splitlines()) <= 80


def test_lines_say_what_is_prepared_and_no_control_character(tmp_path):
    out = io.StringIO()
    lines = Lines(out)
    lines.say("")
    lines.say("building a\x1b[2Jb")
    lines.begin(
        Plan.of("bench", [Factor.of("c", "a", "b")], 3),
        Pilot((Subject("p", "A"),), {}, {"a": 1.0}),
        [Side("a", {}), Side("b", {})],
    )
    assert out.getvalue() == "building a\\x1b[2Jb\n2 arms, at most 3 blocks of 1.00 s\n"


def test_a_terminal_gets_a_table_and_closing_it_twice_is_harmless():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    live = watch(out=Terminal())
    assert isinstance(live, Live)
    live.say("building")
    live.close()
    live.close()
    assert isinstance(watch(out=io.StringIO()), Lines)
    assert isinstance(watch(quiet=True), Silent)
