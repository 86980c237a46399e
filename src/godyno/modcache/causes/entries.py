"""Causes of "missing go.sum entry" and of requirements that are not there."""

from __future__ import annotations

import shutil
from pathlib import Path

from godyno.formats.gosum import sums
from godyno.modcache.explain import Case, Verdict, no, reason_of, untried, yes
from godyno.prose import paste

_SHOWN = 3


def _completed(case: Case) -> tuple[Path, str]:
    """A copy of go.mod and go.sum beside which go may add what it needs, and what it said."""
    assert case.main is not None
    place = case.scratch / "completed"
    if not place.exists():
        place.mkdir()
        shutil.copyfile(case.main / "go.mod", place / "go.mod")
        if (case.main / "go.sum").is_file():
            shutil.copyfile(case.main / "go.sum", place / "go.sum")
        answer = case.go.try_run(
            "list", "-deps", "-test", "-mod=mod", f"-modfile={place / 'go.mod'}", "-f", "{{.ImportPath}}", "./...",
            cwd=case.main, env={"GOFLAGS": "", "GOWORK": "off"}, timeout_s=300,
        )  # fmt: skip
        (place / "said").write_text(reason_of(answer) if answer.returncode else "")
    return place, (place / "said").read_text()


def lacking(case: Case) -> Verdict:
    """go, allowed to, adds lines to a copy of go.sum."""
    if case.main is None:
        return untried(f"{case.directory} is in no module")
    place, said = _completed(case)
    before = _sums(case.main / "go.sum")
    new = sorted(set(_sums(place / "go.sum")) - set(before))
    if new:
        names = ", ".join(f"{path} {version}" for path, version in new[:_SHOWN])
        more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
        return yes(
            f"go adds {len(new)} lines to a copy of go.sum: {names}{more}",
            f"Run this, and commit go.sum:{paste('go mod tidy')}",
        )
    if said:
        return untried(f"go could not complete a copy of go.sum: {said}")
    return no("go adds nothing to a copy of go.sum")


def requirement(case: Case) -> Verdict:
    """go, allowed to, adds requirements to a copy of go.mod."""
    if case.main is None:
        return untried(f"{case.directory} is in no module")
    place, said = _completed(case)
    before, after = ((one / "go.mod").read_text(errors="replace") for one in (case.main, place))
    new = [line.strip() for line in after.splitlines() if line.strip() and line not in before.splitlines()]
    if after != before and new:
        return yes(
            f"go changes a copy of go.mod: {'; '.join(new[:_SHOWN])}",
            f"Run this, and commit go.mod and go.sum:{paste('go mod tidy')}",
        )
    if said:
        return untried(f"go could not complete a copy of go.mod: {said}")
    return no("go changes nothing in a copy of go.mod")


def workspace(case: Case) -> Verdict:
    """A go.work decides, and its sums are in go.work.sum."""
    place = case.env.get("GOWORK", "")
    if place in ("", "off"):
        return no("no go.work is in force")
    with_it = case.go.try_run("list", "-m", "all", cwd=case.directory, env={"GOWORK": place}, timeout_s=120)
    without = case.go.try_run("list", "-m", "all", cwd=case.directory, env={"GOWORK": "off"}, timeout_s=120)
    if with_it.returncode and not without.returncode:
        return yes(
            f"with {place} listing modules fails, with GOWORK=off it works: {reason_of(with_it)}",
            f"Run this, and commit go.work.sum, or set GOWORK=off where the workspace is not meant:{paste('go work sync')}",
        )
    return no(
        f"{place} is in force, and listing modules {'fails' if without.returncode else 'works'} with and without it alike"
    )


def damaged(case: Case) -> Verdict:
    """go.sum holds lines that are no checksums, as merge conflicts leave them."""
    if case.main is None:
        return untried(f"{case.directory} is in no module")
    place = case.main / "go.sum"
    found = sums(place.read_text(errors="replace") if place.is_file() else "")
    if found.damaged:
        return yes(
            f"{place}: line {found.damaged[0]} is no checksum line",
            f"Remove such lines (a merge conflict leaves them), then:{paste('go mod tidy')}",
        )
    if found.contradictions:
        path, version = found.contradictions[0]
        return yes(
            f"{place} has two hashes for {path} {version}", f"Remove both lines, then:{paste('go mod tidy')}"
        )
    return no(f"every line of {place} is a checksum's" if place.is_file() else "there is no go.sum")


def _sums(place: Path) -> dict[tuple[str, str], str]:
    return dict(sums(place.read_text(errors="replace") if place.is_file() else "").hashes)
