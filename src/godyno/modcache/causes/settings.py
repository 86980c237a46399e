"""Causes that lie in Go's settings: proxy, checksum database, flags, vendoring, toolchain."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from godyno.modcache.explain import Case, Verdict, fresh_cache, no, reason_of, untried, yes
from godyno.prose import paste, quoted

_ASKED = "golang.org/x/mod"  # a module that every proxy has or can get
_ASK_S = 20.0


def proxy(case: Case) -> Verdict:
    """Each entry of GOPROXY is asked for the versions of a module."""
    value = case.env.get("GOPROXY", "")
    wrong: list[str] = []
    right: list[str] = []
    for entry in [one for one in re.split(r"[,|]", value) if one not in ("", "direct", "off")]:
        shown = re.sub(r"//[^/@]*@", "//", entry)
        with fresh_cache(case, f"proxy{len(wrong) + len(right)}") as env:
            answer = case.go.try_run(
                "list", "-m", "-versions", case.module[0] or _ASKED, cwd=Path(str(env["GOMODCACHE"])).parent,
                env={**env, "GOPROXY": entry, "GONOSUMDB": "*", "GONOPROXY": "none"}, timeout_s=_ASK_S,
            )  # fmt: skip
        said = reason_of(answer)
        # An answer that there is no such module is an answer.
        if answer.returncode and not re.search(r"40[34]|410|not found", said):
            wrong.append(f"{shown}: {said}")
        else:
            right.append(shown)
    if wrong:
        return yes(
            "; ".join(wrong),
            "Check the address, the network and HTTPS_PROXY; or use the public one:"
            + paste("go env -w GOPROXY=https://proxy.golang.org,direct"),
        )
    return no(f"{', '.join(right)} answers" if right else f"GOPROXY={value} names no proxy")


def offline(case: Case) -> Verdict:
    """GOPROXY=off or a flag that forbids downloads."""
    if "off" in re.split(r"[,|]", case.env.get("GOPROXY", "")):
        return yes(
            f"GOPROXY={case.shown('GOPROXY')}: go may not download",
            f"Download elsewhere first, or:{paste('go env -u GOPROXY')}",
        )
    if "-mod=vendor" in case.env.get("GOFLAGS", ""):
        return yes(
            f"GOFLAGS={case.shown('GOFLAGS')}: only vendor/ is used",
            "Leave the flag out, or fill vendor/ anew:" + paste("go env -u GOFLAGS", "go mod vendor"),
        )
    return no(f"GOPROXY={case.shown('GOPROXY')} allows downloads")


def database(case: Case) -> Verdict:
    """The checksum database is asked for a module that it knows."""
    if case.env.get("GOSUMDB") == "off":
        return no("GOSUMDB=off: no database is asked")
    with fresh_cache(case, "database") as env:
        answer = case.go.try_run(
            "mod", "download", "-json", f"{_ASKED}@v0.20.0", cwd=case.scratch / "database", env={**env, "GONOSUMDB": "", "GOPRIVATE": ""},
            timeout_s=_ASK_S * 2,
        )  # fmt: skip
    said = reason_of(answer)
    if answer.returncode and re.search(r"sum\.golang\.org|sumdb|GOSUMDB", said):
        return yes(f"GOSUMDB={case.shown('GOSUMDB')}: {said}",
                   "Let GOPROXY pass on /sumdb/, or open the way to it; GONOSUMDB=PATTERN leaves it out.")  # fmt: skip
    if answer.returncode:
        return untried(f"no module could be downloaded to try it: {said}")
    return no(f"GOSUMDB={case.shown('GOSUMDB')} answers")


def mod_flag(case: Case) -> Verdict:
    """-mod in GOFLAGS, and whether go works without it."""
    flags = case.env.get("GOFLAGS", "")
    match = re.search(r"-mod=(\w+)", flags)
    if not match:
        return no(f"GOFLAGS={case.shown('GOFLAGS')!r} sets no -mod")
    rest = re.sub(r"\s*-mod=\w+", "", flags).strip()
    with_it = case.go.try_run(
        "list", "-deps", "./...", cwd=case.directory, env={"GOFLAGS": flags}, timeout_s=120
    )
    without = case.go.try_run(
        "list", "-deps", "./...", cwd=case.directory, env={"GOFLAGS": rest}, timeout_s=120
    )
    if with_it.returncode and not without.returncode:
        return yes(f"with GOFLAGS={case.shown('GOFLAGS')} listing packages fails, without -mod={match[1]} it works",
                   f"Unset it where the environment has it, or:{paste('go env -w ' + quoted(f'GOFLAGS={rest}'))}")  # fmt: skip
    return no(
        f"listing packages {'fails' if without.returncode else 'works'} with and without {match[0]} alike"
    )


def vendor(case: Case) -> Verdict:
    """vendor/ is compared with what go would put there."""
    if case.main is None or not (case.main / "vendor").is_dir():
        return no("there is no vendor directory")
    out = case.scratch / "vendor"
    answer = case.go.try_run(
        "mod",
        "vendor",
        "-o",
        str(out),
        cwd=case.main,
        env={"GOFLAGS": "-mod=mod", "GOWORK": "off"},
        timeout_s=300,
    )
    if answer.returncode:
        return untried(f"go could not make a vendor directory to compare with: {reason_of(answer)}")
    mine, right = _files(case.main / "vendor"), _files(out)
    different = sorted(name for name in mine.keys() | right.keys() if mine.get(name) != right.get(name))
    if different:
        return yes(
            f"{len(different)} files of vendor/ are not what go.mod asks for, such as vendor/{different[0]}",
            f"Run this, and commit vendor/:{paste('go mod vendor')}",
        )
    return no(f"all {len(mine)} files of vendor/ are those that go.mod asks for")


def toolchain(case: Case) -> Verdict:
    """go.mod's go line against the Go that may be used."""
    if case.main is None:
        return untried(f"{case.directory} is in no module")
    text = (case.main / "go.mod").read_text(errors="replace")
    line = re.search(r"^go\s+(\d+)\.(\d+)(?:\.(\d+))?", text, re.M)
    if not line:
        return no("go.mod has no go line")
    wanted = (int(line[1]), int(line[2]), int(line[3] or 0))
    asked = os.environ.get("GOTOOLCHAIN") or case.env.get("GOTOOLCHAIN", "")
    if case.go.release >= wanted:
        return no(f"go.mod asks for {line[0]}, and this is {case.go.version}")
    answer = case.go.try_run(
        "env", "GOVERSION", cwd=case.main, env={"GOTOOLCHAIN": asked or None}, timeout_s=300
    )
    got = replace(case.go, version=answer.stdout.strip())
    if answer.returncode or got.release < wanted:
        why = f": {reason_of(answer)}" if answer.returncode else ""
        return yes(
            f"go.mod asks for {line[0]}, this is {case.go.version}, and GOTOOLCHAIN={asked or 'auto'} brings no newer one{why}",
            "Install that Go, or unset GOTOOLCHAIN where go may download it, or lower the go line",
        )
    return no(f"go.mod asks for {line[0]}, and go switches to {got.version}")


def _files(root: Path) -> dict[str, bytes]:
    return {str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*") if one.is_file()}
