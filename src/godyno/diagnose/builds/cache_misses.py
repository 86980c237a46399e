"""Why was it compiled again: which input of the cache's key changed, in which package, and what followed from that?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.miss_causes import Cause, reason
from godyno.diagnose.builds.schedule import ASSUMPTION, METHOD, Build, build_of, worked_s
from godyno.diagnose.critical_path import Action
from godyno.diagnose.processes import arguments, text_of
from godyno.model import Confidence, Estimate, Evidence, Finding

_FRESH_S = 3600.0  # a file that was written this long before the build may be why
_MOST = 12

_ADVICE = {
    "toolchain": "Keep one toolchain: name it in go.mod (`toolchain`), and use the same in editor, shell and CI.",
    "flags": "Give the same flags everywhere (`go env -w GOFLAGS=…`); each set of flags has entries of its own, so both stay cached.",
    "target": "Set GOOS, GOARCH and GOAMD64 alike where one cache is shared; each has entries of its own.",
    "experiment": "Set GOEXPERIMENT alike everywhere.",
    "environment": "Set it alike everywhere.",
    "directory": "The same sources in another directory are other packages: build in one place, or with -trimpath.",
    "language": "The go line of go.mod changed: every package of the module is compiled anew, once.",
    "module": "A dependency's version changed: once.",
    "c compiler": "Set CC and CGO_* alike everywhere; compile without cgo where it is not needed (CGO_ENABLED=0).",
    "cover": "With coverage, packages are compiled apart from plain ones; both stay cached.",
    "build info": "It is stamped into main packages: -buildvcs=false keeps a commit from making them anew.",
    "profile": "A new profile compiles everything below it anew: renew it seldom.",
    "file": "An edit has to be compiled. Where much hangs below it, move what changes often into a package that few import.",
}


class CacheMisses:
    """Compiled packages by the input that changed; from the cache's keys where they were recorded, else from the graph."""

    name: ClassVar[str] = "cache_misses"
    summary: ClassVar[str] = "Why packages were compiled again"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each cause, the one that cost most first; nothing where all was cached."""
        build = build_of(capture)
        if build is None:
            return []
        missed = {key: one for key, one in build.actions.items() if one.mode == "build" and one.command_s > 0}
        if not missed:
            return []
        if "a" in build.command.flags:
            causes = {key: frozenset({Cause("-a")}) for key in missed}
        else:
            keys = _keys(capture)
            causes = _by_keys(build, missed, keys) if keys else _by_graph(build, missed)
        groups: dict[frozenset[Cause], list[Action]] = {}
        for key, because in causes.items():
            groups.setdefault(because, []).append(missed[key])
        found = [self._finding(build, because, members) for because, members in groups.items()]
        return sorted(found, key=lambda one: -float(one.data["saves_s"]))

    def _finding(self, build: Build, because: frozenset[Cause], members: list[Action]) -> Finding:
        ids = {id(one) for one in members}
        saves = build.saves_s(lambda one: 0.0 if id(one) in ids else None)
        took = sum(map(worked_s, members))
        members.sort(key=worked_s, reverse=True)
        first = sorted(because, key=lambda cause: (cause.what == "file", cause.what, cause.name))
        known = all(cause.what not in ("graph", "newest file") for cause in first)
        what = first[0].what
        count = f"{len(members):,} packages were" if len(members) > 1 else f"{members[0].name} was"
        claim = f"{count} compiled ({units.show_seconds(took)}) {reason(first)}"
        return Finding(
            source=self.name,
            kind="cache-miss",
            claim=claim,
            estimate=Estimate(saves, "s", method="build time without these compiles"),
            method=METHOD
            if known
            else f"packages of which no dependency was compiled are where it began; {METHOD}",
            assumption=ASSUMPTION,
            confidence=Confidence.HIGH
            if known
            else Confidence.MEDIUM
            if what == "newest file"
            else Confidence.LOW,
            evidence=(_EVIDENCE,),
            advice=_ADVICE.get(what, "") or _OTHER_ADVICE.get(what, ""),
            tried="Not tried." if what in _ADVICE or what in _OTHER_ADVICE else "",
            severity="note" if saves >= 0.2 * build.wall_s else "info",
            data={
                "columns": [["package", "text"], ["compiled", "s"]],
                "rows": [[one.name, worked_s(one)] for one in members[:_MOST]],
                "saves_s": saves,
                "packages": len(members),
                "compiled_s": took,
                "known": known,
                "causes": [
                    {
                        "what": c.what,
                        "name": c.name,
                        "before": c.before,
                        "after": c.after,
                        "package": c.package,
                    }
                    for c in first
                ],
            },
        )


_OTHER_ADVICE = {
    "-a": "Leave -a out: it compiles everything whatever the cache holds.",
    "not-in-cache": "Look whether something empties GOCACHE (go clean, a CI that does not keep it; go itself drops what five "
    "days did not use), "
    "or whether it can be written: `godyno modcache check`.",
    "first": "Record again with --cache-keys after the next change: what changed will be named.",
    "graph": "Record with --cache-keys, twice: which input changed is named exactly.",
    "newest file": "Record with --cache-keys, twice: which input changed is named exactly.",
}
_EVIDENCE = Evidence(
    "spans",
    sql="SELECT name, (t_end_ns::HUGEINT - t_start_ns) / 1e9 AS lasted_s FROM spans WHERE layer = 'action' AND track = 'build' "
    "AND json_valid(args) AND TRY_CAST(args->>'cmd_real_s' AS DOUBLE) > 0 ORDER BY 2 DESC LIMIT 20",
)


def _keys(capture: Any) -> dict[str, dict[str, Any]]:
    """What was recorded of each build key, by key."""
    table = capture.sql("SELECT name, args FROM events WHERE layer = 'cache' AND track = 'build'")
    out = {}
    for name, text in zip(table["name"].to_pylist(), table["args"].to_pylist(), strict=True):
        args = arguments(text)
        if text_of(args.get("key")):
            out[args["key"]] = {**args, "package": name or ""}
    return out


def _by_keys(
    build: Build, missed: Mapping[int, Action], keys: Mapping[str, Mapping[str, Any]]
) -> dict[int, frozenset[Cause]]:
    """Each miss with its own changed inputs, else those of the dependencies that changed."""
    own: dict[int, frozenset[Cause]] = {}
    for number, action in missed.items():
        said = keys.get(text_of(action.args.get("key")), {})
        changed = [row for row in said.get("changed") or () if isinstance(row, list) and len(row) == 4]
        mine = [row for row in changed if row[0] != "dependency"]
        if not said or not said.get("seen"):
            own[number] = frozenset({Cause("first")})
        elif said.get("known"):
            own[number] = frozenset({Cause("not-in-cache")})
        elif mine:
            own[number] = _causes(mine, action.name)
        elif not changed:
            own[number] = frozenset({Cause("hidden")})
        elif not _compiled_below(
            build, missed, number
        ):  # what changed below it was built before, and was in the cache
            own[number] = frozenset({Cause("dependency", str(changed[0][1]), package=action.name)})
    another = next(
        (one for one in own.values() if any((c.what, c.name) == ("toolchain", "go") for c in one)), None
    )
    for number, because in own.items():  # its standard library has packages that the other's has not
        if another and because == {Cause("first")} and "." not in missed[number].name.partition("/")[0]:
            own[number] = another
    return _inherited(build, missed, own)


def _causes(rows: Sequence[Sequence[Any]], package: str) -> frozenset[Cause]:
    """A toolchain or a flag is the same for all packages; files and directories are a package's own. The most general input counts:
    with another toolchain or target everything below it differs, too."""
    for what in (
        "toolchain",
        "target",
        "experiment",
        "flags",
        "c compiler",
        "cover",
        "profile",
        "language",
        "environment",
    ):
        general = [row for row in rows if row[0] == what and not _comes_with_files(row)]
        if general:
            row = min(general, key=lambda row: (row[1] not in ("go", "GOOS/GOARCH"), str(row[1])))
            return frozenset({Cause(what, str(row[1]), *_values(str(row[1]), _text(row[2]), _text(row[3])))})
    if version := _version(rows, package):
        return frozenset({version})
    own = (
        [row for row in rows if row[0] in ("file", "directory")]
        or [row for row in rows if row[0] != "other"]
        or rows
    )
    if own[0][0] == "file" and len(own) > 3:
        own = own[:4]
    return frozenset(Cause(str(row[0]), str(row[1]), _text(row[2]), _text(row[3]), package) for row in own)


def _comes_with_files(row: Sequence[Any]) -> bool:
    """That the assembler is used, or no more: since there are files for it, or for this target none."""
    return row[1] in ("asm", "asmflags") and None in (_text(row[2]), _text(row[3]))


def _values(name: str, before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Of cgo's flags what came and what went: the rest is each package's own."""
    if not name.startswith("CGO_") or before is None or after is None:
        return before, after
    was, now = (re.findall(r'"([^"]*)"', text) for text in (before, after))
    return " ".join(one for one in was if one not in now), " ".join(one for one in now if one not in was)


def _version(rows: Sequence[Sequence[Any]], package: str) -> Cause | None:
    """That a module has another version: the package's own, which is part of its directory's name in the module cache (with -trimpath of
    the module's), or one that a program's build information names."""
    for row in rows:
        before, after = ((_text(value) or "").replace("\\", "/") for value in row[2:4])
        if row[0] == "module" and before.startswith("v") and after.startswith("v"):
            return Cause("module", str(row[1]), before.partition(" ")[0], after.partition(" ")[0])
        if row[0] not in ("directory", "module"):
            continue
        (path, _, was), (now, _, is_) = before.partition("@v"), after.partition("@v")
        words = re.sub("!([a-z])", lambda found: found[1].upper(), path).split(
            "/"
        )  # as the cache escapes capitals
        tails = ("/".join(words[first:]) for first in range(len(words)))
        module = next((one for one in tails if one and f"{package}/".startswith(f"{one}/")), "")
        if was and is_ and path == now and module:
            return Cause("module", module, *(f"v{text.partition('/')[0]}" for text in (was, is_)))
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _inherited(
    build: Build, missed: Mapping[int, Action], own: Mapping[int, frozenset[Cause]]
) -> dict[int, frozenset[Cause]]:
    """Causes of those that have none of their own: of the compiled packages below them."""
    found: dict[int, frozenset[Cause]] = dict(own)
    below = {number: _compiled_below(build, missed, number) for number in missed if number not in own}
    for _ in range(len(missed)):
        open_ = [number for number in below if number not in found]
        ready = [number for number in open_ if all(dep in found for dep in below[number])]
        if not ready:
            break
        for number in ready:
            causes = (
                frozenset().union(*(found[dep] for dep in below[number])) if below[number] else frozenset()
            )
            found[number] = causes or frozenset({Cause("hidden")})
    for number in missed:
        found.setdefault(number, frozenset({Cause("hidden")}))
    return found


def _compiled_below(build: Build, missed: Mapping[int, Action], number: int) -> list[int]:
    """The nearest compiled packages among its dependencies, looking through bookkeeping actions."""
    out, seen, waiting = [], {number}, list(build.actions[number].deps)
    while waiting:
        at = waiting.pop()
        if at in seen or at not in build.actions:
            continue
        seen.add(at)
        if at in missed:
            out.append(at)
        elif build.actions[at].mode != "build":
            waiting.extend(build.actions[at].deps)
    return out


def _by_graph(build: Build, missed: Mapping[int, Action]) -> dict[int, frozenset[Cause]]:
    """Without keys: where compiling began."""
    own: dict[int, frozenset[Cause]] = {}
    for number, action in missed.items():
        if _compiled_below(build, missed, number):
            continue
        age, file = action.args.get("newest_age_s"), text_of(action.args.get("newest_file"))
        if isinstance(age, int | float) and 0 <= age < _FRESH_S and file:
            own[number] = frozenset(
                {Cause("newest file", file, None, units.show_seconds(float(age)), action.name)}
            )
        else:
            own[number] = frozenset({Cause("graph", package=action.name)})
    if (
        any(
            "." not in action.name.partition("/")[0] and action.name
            for key, action in missed.items()
            if key in own
        )
        and len(own) > 3
    ):
        return {number: frozenset({Cause("graph")}) for number in missed}
    return _inherited(build, missed, own)
