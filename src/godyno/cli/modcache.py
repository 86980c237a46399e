"""``godyno modcache``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click


@click.group("modcache", short_help="Are Go's caches whole, what does an error mean, how to share them?")
def command() -> None:
    """Check Go's module and build caches, explain an error of theirs, plan how unlike machines share them.

    \b
    Examples:
      godyno modcache check
      godyno modcache explain "checksum mismatch" --module .
      godyno modcache plan --targets linux/amd64,linux/arm64
    """


@command.command("check", short_help="Check every file of GOMODCACHE and GOCACHE.")
@click.argument("modules", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--gomodcache", type=click.Path(path_type=Path), help="Another module cache than `go env GOMODCACHE`."
)
@click.option("--gocache", type=click.Path(path_type=Path), help="Another build cache than `go env GOCACHE`.")
@click.option("--user", metavar="NAME", help="Who builds there, by name or number (default: you).")
@click.option("--no-build-cache", is_flag=True, help="Leave GOCACHE out.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted check stopped.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def check_command(
    modules: tuple[Path, ...], gomodcache: Path | None, gocache: Path | None, user: str | None,
    no_build_cache: bool, resume: bool, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Read every file of both caches and hold it against what vouches for it.

    MODULES are directories whose go.sum vouches. The checksum database's answers that go keeps in the cache do so for the versions
    that go asked it about: those which no go.sum knew when they came. Versions that neither knows are counted and named.
    Exit status 1 where something is wrong, 130 after Ctrl-C.

    \b
    Examples:
      godyno modcache check
      godyno modcache check ~/src/mymodule --user ci --json
    """
    from godyno.modcache.check import check_caches
    from godyno.toolchain.find import find_go

    with _progress(quiet) as progress:
        report = check_caches(
            find_go(), gomodcache=gomodcache, gocache=gocache, modules=modules, user=user, resume=resume,
            build_cache=not no_build_cache, progress=progress,
        )  # fmt: skip
    if as_json:
        json.dump(report.as_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        from godyno.modcache.document import document
        from godyno.report.terminal import print_document

        print_document(document(report))
    if not report.complete:
        sys.exit(130)
    sys.exit(1 if report.faults else 0)


class _progress:
    """One line on a terminal that says how far it is, nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self.shown = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Any:
        return self._show if self.shown else lambda done, of, what: None

    def _show(self, done: int, of: int, what: str) -> None:
        count = f"{done} of {of} " if of else ""
        sys.stderr.write(f"\r\x1b[K{count}{what}")
        sys.stderr.flush()

    def __exit__(self, *error: object) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")


@command.command("explain", short_help="Try which cause of an error holds here.")
@click.argument("error", required=False)
@click.option(
    "--module",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The directory in which it came up (default: this one).",
)
@click.option("--user", metavar="NAME", help="Who met it, by name or number (default: you).")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def explain_command(error: str | None, module: Path, user: str | None, as_json: bool, quiet: bool) -> None:
    """Try every cause that ERROR, a message of go, may have here, and tell which hold.

    ERROR is text, or - for standard input. Nothing of yours is changed; fresh copies go to a cache of their own that is removed
    again. Exit status 1 where no cause was found.

    \b
    Examples:
      go build ./... 2>&1 | godyno modcache explain -
      godyno modcache explain "verifying example.com/m@v1.2.3: checksum mismatch" --module ~/src/app
    """
    from godyno.modcache.explain import explain_error
    from godyno.toolchain.find import find_go

    if error in (None, "-") and sys.stdin.isatty():
        raise click.UsageError("Give the error's text, or pipe it in.")
    text = sys.stdin.read() if error in (None, "-") else error or ""
    with _progress(quiet) as progress:
        found = explain_error(
            text,
            find_go(),
            directory=module,
            user=user,
            progress=lambda what: progress(0, 0, f"trying whether {what}"),
        )
    if as_json:
        json.dump(found.as_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        from godyno.modcache.document import explanation
        from godyno.report.terminal import print_document

        print_document(explanation(found))
    sys.exit(0 if found.causes else 1)


@command.command("plan", short_help="How unlike builders share the caches, tried here.")
@click.argument("module", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--targets",
    default="",
    metavar="LIST",
    help="What is built: linux/amd64,linux/arm64 (default: this machine's).",
)
@click.option("--no-try", is_flag=True, help="Only write the configurations.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A directory for the configurations.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def plan_command(
    module: Path, targets: str, no_try: bool, out: Path | None, as_json: bool, quiet: bool
) -> None:
    """Build MODULE by two builders at once with each way of sharing the caches, and write ready CI configuration.

    As root the builders are two users, so that permissions are tried too. Your caches are read, never written.

    \b
    Examples:
      godyno modcache plan --targets linux/amd64,linux/arm64 -o ci/
      godyno modcache plan ~/src/app --no-try
    """
    from godyno.modcache.plan import plan_caches
    from godyno.toolchain.find import find_go

    wanted = [target.strip() for target in targets.split(",") if target.strip()]
    with _progress(quiet) as progress:
        found = plan_caches(
            find_go(), module, wanted, attempt=not no_try, progress=lambda what: progress(0, 0, what)
        )
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in found.files.items():
            (out / name).write_text(text)
    if as_json:
        json.dump(found.as_json(), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        from godyno.modcache.document import planned
        from godyno.report.terminal import print_document

        print_document(planned(found))
        for name, text in found.files.items():  # as it is, to be pasted
            click.echo(f"Written: {out / name}" if out else f"\n# ---- {name}\n{text}")
