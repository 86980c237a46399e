"""Causes of "checksum mismatch"."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from godyno.formats.gosum import lookup_sums, sums
from godyno.modcache.check import witnesses
from godyno.modcache.explain import Case, Verdict, fresh_cache, no, reason_of, untried, yes
from godyno.modcache.hashing import differences, hash_directory
from godyno.modcache.layout import Version, escaped, unescaped, version_at
from godyno.modcache.versions import check_version
from godyno.prose import paste, quoted
from godyno.toolchain.modules import first_object

_OF_GOMOD = ("gomod-changed",)
_OF_DIRECTORY = ("directory-changed",)
_CHECKED, _UNCHECKED = "checked", "unchecked"  # fresh downloads, by whether the database was asked
_CONVERTED = "Something converts them (git's core.autocrlf, an editor, a copy from Windows)."
_NO_MODULE = "the text names no module at a version; paste the whole error"


def _cached(case: Case) -> Version | None:
    path, version = case.module
    return version_at(case.gomodcache, path, version) if path else None


def _known(case: Case) -> dict[tuple[str, str], tuple[str, str]]:
    """Who knows which hash: this module's go.sum and the database's answers in the cache."""
    return witnesses(_lookups(case), [case.main] if case.main else [], [])


def _lookups(case: Case) -> list[str]:
    path, version = case.module
    folder = case.gomodcache / "cache/download/sumdb"
    return [str(one) for one in folder.glob(f"*/lookup/{escaped(path)}@{escaped(version)}")]


def zip_changed(case: Case) -> Verdict:
    """The zip in the cache is not what go.sum, the database or its own ziphash knows."""
    return _of_kinds(case, ("zip-damaged", "zip-changed", "ziphash-damaged", "ziphash-wrong"))


def gomod_changed(case: Case) -> Verdict:
    """The go.mod that go keeps beside the zip is not what go.sum, the database or the zip knows."""
    return _of_kinds(case, _OF_GOMOD)


def directory_changed(case: Case) -> Verdict:
    """The extracted directory is not its zip."""
    return _of_kinds(case, _OF_DIRECTORY)


def _of_kinds(case: Case, kinds: tuple[str, ...]) -> Verdict:
    if not case.module[0]:
        return untried(_NO_MODULE)
    cached, known = _cached(case), _known(case)
    if cached is None:
        return no(f"{'@'.join(case.module)} is not in {case.gomodcache}")
    found = check_version(cached, known).faults
    for finding in found:
        if finding.kind in kinds and not finding.data.get("zip_agrees"):
            return yes(finding.claim, finding.advice)
    unread = next((finding.claim for finding in found if finding.kind == "unreadable"), "")
    return untried(unread) if unread else no(_agreement(case, cached, kinds, known))


def _agreement(
    case: Case, cached: Version, kinds: tuple[str, ...], known: Mapping[tuple[str, str], tuple[str, str]]
) -> str:
    """What the cached files that were hashed without a fault agree with: somebody who knows them, or only each other."""
    path, version = case.module
    if kinds == _OF_DIRECTORY:
        there = cached.directory and "zip" in cached.parts  # whether the zip is right is the cause before
        return f"its files in {case.gomodcache} were hashed, and are those of the zip there" if there else (
            f"nothing contradicts its files in {case.gomodcache}" if cached.directory else f"it is not extracted in {case.gomodcache}"
        )  # fmt: skip
    name, part, key = (
        ("go.mod", "mod", f"{version}/go.mod") if kinds == _OF_GOMOD else ("zip", "zip", version)
    )
    if part not in cached.parts:
        return f"its {name} is not in {case.gomodcache}"
    _, who = known.get((path, key), ("", ""))
    if who:
        return f"its {name} in {case.gomodcache} was hashed, and is what {who} knows"
    return (
        f"nothing contradicts its {name} in {case.gomodcache}, but nobody vouches for it: no line of go.sum, and no answer of the "
        "checksum database in the cache"
    )


def _downloaded(
    case: Case, *, checked: bool, of: tuple[str, str] | None = None
) -> tuple[dict[str, str], str]:
    """What go says of a fresh download (Sum, GoModSum, Dir, GoMod, Zip), and why there is none. ``checked``: against the database.
    Of the module that the error is about, unless ``of`` names another.
    """
    path, version = of or case.module
    with fresh_cache(case, _CHECKED if checked else _UNCHECKED) as env:
        if not checked:
            env |= {"GONOSUMDB": path, "GONOSUMCHECK": "1", "GOSUMDB": "off"}
        answer = case.go.try_run(
            "mod", "download", "-json", f"{path}@{version}", cwd=Path(str(env["GOMODCACHE"])).parent, env=env, timeout_s=120
        )  # fmt: skip
    return _row(answer), reason_of(answer)


def _row(answer: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {key: str(value or "") for key, value in first_object(answer.stdout).items()}


def _sum(case: Case, row: dict[str, str]) -> str:
    """The hash of that which the error is about."""
    return row.get("GoModSum" if case.of_gomod else "Sum", "")


def gosum_wrong(case: Case) -> Verdict:
    """go.sum's line is not what a fresh download has, which the checksum database vouches for."""
    path, version = case.module
    if not path:
        return untried(_NO_MODULE)
    if case.main is None:
        return no(f"{case.directory} is in no module, so there is no go.sum")
    place = case.main / "go.sum"
    said = sums(place.read_text(errors="replace") if place.is_file() else "").hashes.get(case.sum_key)
    if said is None:
        return no(f"{place} has no line for {' '.join(case.sum_key)}")
    row, error = _downloaded(case, checked=True)
    fresh = _sum(case, row)
    if not fresh:
        return untried(f"a fresh copy to compare with cannot be downloaded: {error}")
    if fresh == said:
        return no(f"a fresh download has the hash that {place} says for {case.sum_key[1]} ({said})")
    return yes(
        f"{place} says {said} for {case.sum_key[1]}; a fresh download, which the checksum database vouches for, has {fresh}",
        f"Remove the lines of {path} {version} from go.sum, then have go write them anew:"
        + paste(f"go mod download {quoted(f'{path}@{version}')}")
        + "\nIf they were right when they came, the tag was moved, or the file was edited: look at its history first.",
    )


def proxy_differs(case: Case) -> Verdict:
    """What GOPROXY serves is not what the checksum database knows."""
    if not case.module[0]:
        return untried(_NO_MODULE)
    row, error = _downloaded(case, checked=False)
    served = _sum(case, row)
    if not served:
        return untried(f"GOPROXY={case.shown('GOPROXY')} gave no copy: {error}")
    lookups = [
        lookup_sums(Path(one).read_text(errors="replace")).hashes.get(case.sum_key) for one in _lookups(case)
    ]
    known = next((one for one in lookups if one), None) or _sum(case, _downloaded(case, checked=True)[0])
    if not known:
        return untried("the checksum database gave no answer to compare with")
    if served == known:
        return no(
            f"what GOPROXY serves as {case.sum_key[1]} has the hash that the checksum database knows ({known})"
        )
    return yes(
        f"GOPROXY={case.shown('GOPROXY')} serves {served} as {case.sum_key[1]}; the checksum database knows {known}",
        "Clear that version from your proxy, and find out who put it there; this has the right one:"
        + paste("go env -w GOPROXY=https://proxy.golang.org,direct"),
    )


def line_endings(case: Case) -> Verdict:
    """The extracted files differ from a fresh copy only in CRLF."""
    version = _cached(case)
    if version is None or not (version.parts.get("mod") if case.of_gomod else version.directory):
        return no(f"the version is not {'in the cache' if case.of_gomod else 'extracted in the cache'}")
    row, error = _downloaded(case, checked=False)
    directory, gomod = row.get("Dir", ""), row.get("GoMod", "")
    if not (gomod if case.of_gomod else directory):
        return untried(f"a fresh copy to compare with cannot be downloaded: {error}")
    if case.of_gomod:
        place = version.parts["mod"]
        here, there = Path(place).read_bytes(), Path(gomod).read_bytes()
        if here == there or _unix(here) != there:
            return no(
                f"{place} {'is' if here == there else 'differs in more than line endings from'} the fresh copy's go.mod"
            )
        return yes(
            f"{place} differs from a fresh copy only in line endings",
            f"{_CONVERTED}{paste(f'rm -f {quoted(place)}')}",
        )
    mine, whole = hash_directory(version.directory, ""), hash_directory(directory, "")
    changed, missing, extra = differences(mine.files, whole.files)
    if not changed:
        return no("no file differs from a fresh copy")

    def same(name: str) -> bool:
        here, there = (Path(one, name).read_bytes() for one in (version.directory, directory))
        return _unix(here) == _unix(there)

    alike = [name for name in changed if same(name)]
    if not missing and not extra and len(alike) == len(changed):
        return yes(
            f"{len(changed)} files differ from a fresh copy only in line endings (such as {changed[0]})",
            f"{_CONVERTED} {version.removal}",
        )
    return no(f"of {len(changed)} changed files {len(alike)} differ only in line endings")


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def private_module(case: Case) -> Verdict:
    """The checksum database does not know it, and the settings ask it."""
    path, version = case.module
    if not path:
        return untried(_NO_MODULE)
    if case.env.get("GOSUMDB") == "off":
        return no("GOSUMDB=off: no database is asked")
    served, error = _downloaded(case, checked=False)
    checked, refused = _downloaded(case, checked=True)
    if checked.get("Sum"):
        return no(f"the checksum database knows {path}@{version}")
    if served.get("Sum") and (
        "sum.golang.org" in refused or "sumdb" in refused or "404" in refused or "410" in refused
    ):
        return yes(
            f"the module can be downloaded, and the checksum database does not know it: {refused}",
            "For modules of your own only (or GONOSUMDB):"
            + paste(f"go env -w {quoted('GOPRIVATE=' + path.rsplit('/', 1)[0] + '/*')}"),
        )
    return untried(f"no copy could be downloaded to tell: {refused if served.get('Sum') else error}")


def architectures(case: Case) -> Verdict:
    """The same version, downloaded for several targets: are the hashes the same?"""
    path, version = case.module
    if not path:  # then any module that go has had
        some = next(case.gomodcache.glob("cache/download/**/@v/*.zip"), None)
        if some is None:
            return untried("the module cache holds no zip whose module could be tried")
        path = unescaped(str(some.parent.parent.relative_to(case.gomodcache / "cache/download")))
        version = unescaped(some.stem)
    # One copy from where go gets modules, not the one here, which may be what is wrong; from it each target has its own.
    row, error = _downloaded(case, checked=False, of=(path, version))
    mine = _sum(case, row)
    if not mine:
        return untried(f"a fresh copy of {path}@{version} cannot be downloaded: {error}")
    fresh = case.scratch / _UNCHECKED / "mod/cache/download"
    hashes = {}
    targets = ("linux/amd64", "linux/arm64", "darwin/arm64", "windows/386")
    for target in targets:
        goos, goarch = target.split("/")
        with fresh_cache(case, f"target-{goos}-{goarch}") as env:
            answer = case.go.try_run(
                "mod", "download", "-json", f"{path}@{version}", cwd=case.scratch / f"target-{goos}-{goarch}",
                env={**env, "GOOS": goos, "GOARCH": goarch, "GOPROXY": f"file://{fresh}", "GOSUMDB": "off",
                     "GONOSUMDB": "*"}, timeout_s=120,
            )  # fmt: skip
        row = _row(answer)
        if not _sum(case, row):
            return untried(
                f"{path}@{version} cannot be fetched from a fresh copy for {target}: {reason_of(answer)}"
            )
        hashes[target] = _sum(case, row)
    if len({*hashes.values(), mine}) == 1:
        what = f"{path}@{version}{'/go.mod' if case.of_gomod else ''}"
        return no(
            f"{what}, downloaded afresh and fetched for {', '.join(targets)} into caches of their own, has one hash: {mine}"
        )
    return yes(
        f"they differ for {path}@{version}: {hashes}", "Report this: it contradicts how go.sum is made."
    )
