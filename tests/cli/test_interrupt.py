import click
import pytest

from godyno import cli


def test_what_is_interrupted_before_it_measured_anything_exits_with_130(monkeypatch, capsys):
    @click.command()
    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli._Lazy, "get_command", lambda self, ctx, name: pressed)
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench"])
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err
