"""``godyno completion``."""

from __future__ import annotations

import click


@click.command("completion", short_help="Print the completion script for your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes godyno's commands and options in SHELL.

    \b
    Examples:
      godyno completion bash >> ~/.bashrc
      godyno completion fish > ~/.config/fish/completions/godyno.fish
    """
    from click.shell_completion import get_completion_class

    from godyno.cli import group

    found = get_completion_class(shell)
    assert found is not None
    try:
        click.echo(found(group, {}, "godyno", "_GODYNO_COMPLETE").source())
    except RuntimeError as error:  # an old bash
        raise click.ClickException(str(error)) from error
