import click
import pytest

from godyno import cli


def _code_of(monkeypatch, raised):
    @click.command()
    def failing():
        raise raised

    monkeypatch.setattr(cli._Lazy, "get_command", lambda self, ctx, name: failing)
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench"])
    return ended.value.code


def test_a_fault_of_our_own_exits_with_what_no_gate_exits_with(monkeypatch, capsys):
    assert _code_of(monkeypatch, ZeroDivisionError) == 70
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["bnech"], ["bench", "--gat"], ["modcache", "check", "/no/such/dir"], []])
def test_a_call_that_makes_no_sense_exits_with_64(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 64
    assert capsys.readouterr().err


def test_what_is_interrupted_before_it_measured_anything_exits_with_130(monkeypatch, capsys):
    assert _code_of(monkeypatch, KeyboardInterrupt) == 130
    assert "interrupted" in capsys.readouterr().err
