"""Causes of "unknown revision", "invalid version" and of modules that are not found."""

from __future__ import annotations

import re

from godyno.modcache.explain import Case, Verdict, fresh_cache, no, reason_of, untried, yes
from godyno.prose import paste, quoted

_NO_MODULE = "the text names no module at a version; paste the whole error"
_SHOWN = 5


def _ask(case: Case, name: str, *args: str, env: dict[str, str | None] | None = None) -> tuple[str, str]:
    with fresh_cache(case, name) as own:
        answer = case.go.try_run(*args, cwd=case.scratch / name, env={**own, **(env or {})}, timeout_s=60)
    return answer.stdout.strip(), reason_of(answer) if answer.returncode else ""


def missing(case: Case) -> Verdict:
    """The proxy lists other versions of the module, not this one."""
    path, version = case.module
    if not path:
        return untried(_NO_MODULE)
    listed, error = _ask(case, "list", "list", "-m", "-versions", path)
    if error:
        return untried(f"the versions of {path} cannot be listed: {error}")
    known = listed.split()[1:]
    if version in known:
        return no(f"{path} has {version}")
    _, error = _ask(case, "info", "list", "-m", f"{path}@{version}")
    if not error:
        return no(f"{path}@{version} resolves")
    near = [one for one in known if one.split(".")[0] == version.split(".")[0]][-_SHOWN:] or known[-_SHOWN:]
    have = f"it has {', '.join(near)}" if near else "it has no tagged version"
    return yes(
        f"{path} is known and {version} is not: {have}; go says: {error.rstrip('.')}",
        "Require one that there is:" + paste("go get " + quoted(f"{path}@{near[-1] if near else 'latest'}")),
    )


def major(case: Case) -> Verdict:
    """The version's major and the path's suffix belong together from v2 on."""
    path, version = case.module
    match = re.match(r"v(\d+)\.", version)
    if not path or not match:
        return untried(_NO_MODULE)
    number = int(match[1])
    suffix = re.search(r"(?:/v|\.v)(\d+)$", path)
    has = int(suffix[1]) if suffix else (0 if number < 2 else 1)
    if (number < 2 and has < 2) or number == has or version.endswith("+incompatible"):
        return no(f"{path} may have versions {version.split('.')[0]}")
    base = re.sub(r"/v\d+$", "", path)
    right = base if number < 2 else f"{base}/v{number}"
    _, error = _ask(case, "major", "list", "-m", f"{right}@{version}")
    if error:
        return no(f"{right}@{version} does not exist either")
    return yes(
        f"{version} belongs to {right}, which has it",
        f"Import {right}, and require it:{paste('go get ' + quoted(f'{right}@{version}'))}",
    )


def renamed(case: Case) -> Verdict:
    """Its go.mod declares another path than it is asked by."""
    path, version = case.module
    if not path:
        return untried(_NO_MODULE)
    _, error = _ask(case, "renamed", "mod", "download", f"{path}@{version}")
    match = re.search(r"declares its path as: (\S+)", error + case.text)
    if match and match[1] != path:
        return yes(
            f"{path}@{version} calls itself {match[1]}",
            f"Require and import {match[1]}, or use replace in go.mod",
        )
    return no("it was fetched, and calls itself so" if not error else "nothing says that it has another name")


def private(case: Case) -> Verdict:
    """Public proxies do not have it, and GOPRIVATE does not name it."""
    path, _ = case.module
    if not path:
        return untried(_NO_MODULE)
    patterns = [
        one
        for one in re.split(",", case.env.get("GOPRIVATE", "") + "," + case.env.get("GONOPROXY", ""))
        if one
    ]
    _, error = _ask(case, "private", "list", "-m", "-versions", path)
    if not error:
        return no(f"GOPROXY={case.shown('GOPROXY')} knows {path}")
    if re.search(r"404|410|not found|terminal prompts disabled|could not read Username", error):
        named = f"GOPRIVATE={case.shown('GOPRIVATE')}" if patterns else "GOPRIVATE is empty"
        return yes(f"the proxy does not have {path} ({error}); {named}",
                   "If it is your own, let git log in, and:"
                   + paste(f"go env -w {quoted('GOPRIVATE=' + path.split('/')[0] + '/YOU')}"))  # fmt: skip
    return untried(f"the proxy gave no answer: {error}")
