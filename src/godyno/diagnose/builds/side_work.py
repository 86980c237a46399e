"""What of the build was not compiling Go: linking, C compilers, vet, coverage, generated code?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from godyno import units
from godyno.diagnose.builds.schedule import ASSUMPTION, METHOD, Build, build_of, worked_s
from godyno.diagnose.critical_path import Action
from godyno.diagnose.processes import Process, busy_s, number, processes, text_of
from godyno.model import Confidence, Estimate, Evidence, Finding

_C_KINDS = frozenset(("cgo", "gcc", "cc1", "as", "collect2", "ld"))
_LEAST_SHARE = 0.03  # of the build's time
_GENERATED_SHARE = 0.3
_STANDARD_CGO = frozenset(
    ("net", "os/user", "runtime/cgo", "runtime/race", "runtime/msan", "runtime/asan", "plugin")
)
_ACTIONS_SQL = (
    "SELECT name, track, (t_end_ns::HUGEINT - t_start_ns) / 1e9 AS lasted_s FROM spans WHERE layer = 'action' AND "
    "track {} ORDER BY 3 DESC LIMIT 20"
)


class SideWork:
    """Links, cgo, vet, coverage and generated code, each with what leaving it out would save."""

    name: ClassVar[str] = "side_work"
    summary: ClassVar[str] = "Linking, cgo, vet, coverage and generated code"
    needs: ClassVar[tuple[str, ...]] = ("spans",)
    ranked: ClassVar[bool] = True

    def analyze(self, capture: Any) -> Sequence[Finding]:
        """A finding for each that took 3 % of the build's time or more."""
        build = build_of(capture)
        if build is None:
            return []
        found = processes(capture)
        out = [
            *self._links(build),
            *self._cgo(build, found),
            *self._vet(build),
            *self._cover(build, found),
            *self._generated(build),
        ]
        return sorted(out, key=lambda one: -float(one.data.get("saves_s") or 0.0))

    def _links(self, build: Build) -> Sequence[Finding]:
        links = [one for one in build.actions.values() if one.mode.startswith("link") and one.command_s > 0]
        took = sum(map(worked_s, links))
        if took < _LEAST_SHARE * build.wall_s:
            return []
        links.sort(key=worked_s, reverse=True)
        test = build.command.subcommand == "test"
        at_most = build.saves_s(lambda one: 0.0 if one.mode.startswith("link") else None)
        which = f"{len(links)} programs" if len(links) > 1 else links[0].name
        advice = ""
        if test and len(links) > 3:
            advice = "Each package with tests is linked into a program of its own: fewer, larger test packages need fewer links."
        elif not test and not build.command.value("ldflags"):
            advice = "Where no debugger is used, try -ldflags=-w: the linker need not write DWARF."
        return [
            Finding(
                source=self.name,
                kind="linking",
                claim=f"Linking {which} took {units.show_seconds(took)}; without it the command would be "
                f"{units.show_seconds(at_most)} shorter",
                estimate=Estimate(took, "s", n=len(links)),
                method=METHOD,
                assumption=ASSUMPTION,
                evidence=(Evidence("spans", sql=_ACTIONS_SQL.format("LIKE 'link%'")),),
                advice=advice,
                tried="Not tried." if advice else "",
                data={
                    "columns": [["program", "text"], ["linked", "s"]],
                    "rows": [[one.name, worked_s(one)] for one in links[:12]],
                    "at_most_s": at_most,
                    "saves_s": at_most,
                    "linked_s": took,
                },
            )
        ]

    def _cgo(self, build: Build, found: Sequence[Process]) -> Sequence[Finding]:
        by_place = {
            text_of(one.args.get("objdir")): one for one in build.actions.values() if one.mode == "build"
        }
        spent: dict[str, list[tuple[int, int]]] = {}
        for one in found:
            if one.kind in _C_KINDS and (place := text_of(one.args.get("objdir"))):
                name = by_place[place].name if place in by_place else one.package
                spent.setdefault(name or "a link", []).append((one.t_start_ns, one.t_end_ns))
        rows = sorted(((name, busy_s(lives)) for name, lives in spent.items()), key=lambda row: -row[1])
        took = sum(row[1] for row in rows)
        if took < _LEAST_SHARE * build.wall_s:
            return []
        of = dict(rows)

        def without(one: Action) -> float | None:
            if one.mode.startswith(("cgo ", "collect cgo")):
                return 0.0
            return (
                worked_s(one) - min(of[one.name], worked_s(one))
                if one.mode == "build" and one.name in of
                else None
            )

        saves = build.saves_s(without)
        own = [name for name in of if name not in _STANDARD_CGO and name != "a link"]
        advice = (
            f"{own[0]} needs C: keep its package small, or put ccache before CC."
            if own
            else "Only the standard library's own packages use C here: CGO_ENABLED=0, or -tags netgo,osusergo, builds them without."
        )
        return [
            Finding(
                source=self.name,
                kind="cgo",
                claim=f"cgo and the C compiler took {units.show_seconds(took)}, most of it for {rows[0][0]} "
                f"({units.show_seconds(rows[0][1])})",
                estimate=Estimate(took, "s", n=len(spent)),
                method=f"processes of cgo, gcc, cc1, as and ld by their action; {METHOD}",
                assumption=ASSUMPTION,
                confidence=Confidence.HIGH,
                evidence=(
                    Evidence(
                        "spans",
                        sql="SELECT name, pid, t_start_ns, t_end_ns FROM spans WHERE layer = 'process' AND name IN ('cgo', "
                        "'gcc', 'cc1', 'as', 'collect2', 'ld')",
                    ),
                ),
                advice=advice,
                tried="Not tried.",
                data={
                    "columns": [["package", "text"], ["C and cgo", "s"]],
                    "rows": [list(row) for row in rows[:12]],
                    "saves_s": saves,
                    "cgo_s": took,
                },
            )
        ]

    def _vet(self, build: Build) -> Sequence[Finding]:
        vets = [one for one in build.actions.values() if one.mode == "vet" and one.command_s > 0]
        took = sum(map(worked_s, vets))
        if build.command.subcommand != "test" or took < _LEAST_SHARE * build.wall_s:
            return []
        saves = build.saves_s(lambda one: 0.0 if one.mode == "vet" else None)
        return [
            Finding(
                source=self.name,
                kind="vet",
                claim=f"go test ran vet on {len(vets):,} packages: {units.show_seconds(took)} of work; without it the command would be "
                f"{units.show_seconds(saves)} shorter",
                estimate=Estimate(saves, "s", n=len(vets)),
                method=METHOD,
                assumption=ASSUMPTION,
                confidence=Confidence.HIGH,
                evidence=(Evidence("spans", sql=_ACTIONS_SQL.format("= 'vet'")),),
                advice="Where CI runs `go vet` anyway, test with -vet=off: "
                "`godyno bench --cmd 'go test …' --cmd 'go test -vet=off …'` tells what it gives.",
                tried="Not tried.",
                data={"saves_s": saves, "vet_s": took, "try": "-vet=off"},
            )
        ]

    def _cover(self, build: Build, found: Sequence[Process]) -> Sequence[Finding]:
        lives = [(one.t_start_ns, one.t_end_ns) for one in found if one.kind in ("cover", "covdata")]
        took = busy_s(lives)
        if not lives or took < _LEAST_SHARE * build.wall_s:
            return []
        return [
            Finding(
                source=self.name,
                kind="coverage",
                claim=f"Rewriting sources for coverage took {units.show_seconds(took)} in {len(lives)} processes, beside the "
                f"slower code that it makes",
                estimate=Estimate(took, "s", n=len(lives)),
                method="processes of cover and covdata",
                evidence=(
                    Evidence(
                        "spans",
                        sql="SELECT * FROM spans WHERE layer = 'process' AND name IN ('cover', 'covdata')",
                    ),
                ),
                advice="Measure coverage in one job, not in every run.",
                tried="Not tried.",
                data={
                    "saves_s": min(
                        took,
                        build.saves_s(
                            lambda one: (
                                worked_s(one) - min(took, worked_s(one)) if one.mode == "build" else None
                            )
                        ),
                    ),
                    "cover_s": took,
                },
            )
        ]

    def _generated(self, build: Build) -> Sequence[Finding]:
        rows = []
        for one in build.actions.values():
            size, made = number(one.args.get("source_bytes")), number(one.args.get("generated_bytes"))
            if (
                one.mode == "build"
                and one.command_s > 0
                and size
                and made
                and made >= _GENERATED_SHARE * size
            ):
                rows.append((one.name, worked_s(one), made / size, made))
        took = sum(row[1] * row[2] for row in rows)
        if took < _LEAST_SHARE * build.wall_s:
            return []
        rows.sort(key=lambda row: -row[1] * row[2])
        return [
            Finding(
                source=self.name,
                kind="generated-code",
                claim=f"Generated code took about {units.show_seconds(took)} to compile, in {len(rows)} packages, most in {rows[0][0]} "
                f"({units.show_ratio(rows[0][2])} of its {units.show_bytes(rows[0][3] / rows[0][2])} of source)",
                estimate=Estimate(took, "s", n=len(rows)),
                method="the packages' compile time by the share of their source that says DO NOT EDIT",
                assumption="a byte of generated source takes as long to compile as any other",
                confidence=Confidence.LOW,
                evidence=(Evidence("spans", sql=_ACTIONS_SQL.format("= 'build'")),),
                advice="Generate less (fewer methods, fewer messages), or move it to a package that is seldom compiled anew.",
                tried="Not tried.",
                data={
                    "columns": [
                        ["package", "text"],
                        ["compiled", "s"],
                        ["generated", "1"],
                        ["generated source", "By"],
                    ],
                    "rows": [list(row) for row in rows[:12]],
                    "generated_s": took,
                },
            )
        ]
