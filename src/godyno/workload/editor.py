"""An editor session with gopls, as a command that can be recorded: ``python -m godyno.workload.editor --gopls PATH …``.

It opens a file of a module, waits until gopls has loaded the module and sent its diagnostics, asks what an editor asks
(symbols, hover, completion, definition, references, the preparation of a rename), types an error and waits until it is
pointed out, then leaves gopls alone until it is idle and reads its memory. Nothing is saved to disk: what is typed lives
in the protocol only. Results go to a JSON file, since stdout belongs to the recording.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from godyno.errors import FormatError, GodynoError, ToolchainError
from godyno.model import Record
from godyno.workload.lsp import Client, timed, utf16_column

_IMPORT = re.compile(r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"([^"]+)"', re.M)
_TYPED = "godynoTypedThisAndNobodyDeclaredIt"
_IDLE_RATIO = 0.02  # of one CPU: below it gopls counts as idle
_IDLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Step(Record):
    """One kind of request: seconds of each repetition, in order, and how many results the last one had."""

    name: str
    seconds: tuple[float, ...]
    results: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class EditorSession(Record):
    """What a session saw. ``ready_s`` runs from the start of gopls to loaded and diagnosed; memory is of gopls, not of this driver."""

    server: str
    file: str
    ready_s: float
    steps: tuple[Step, ...]
    settled_rss_bytes: int  # resident, of gopls and its children, once idle
    settled_anon_bytes: int  # of it, anonymous: what cannot be dropped
    peak_rss_bytes: int  # VmHWM of gopls itself
    driver_rss_bytes: int  # VmHWM of this process, which a recording of the session counts, too
    settled: bool  # whether gopls was idle when its memory was read
    clean_shutdown: bool
    problems: tuple[str, ...] = ()


def run_session(
    gopls: str, root: Path, file: Path, *, repeat: int = 5, ready_timeout_s: float = 300.0, settle_s: float = 40.0,
    log: Path | None = None,
) -> EditorSession:  # fmt: skip
    """The whole session with the module in ``root``. Raises ToolchainError where gopls fails or never becomes ready."""
    started = time.perf_counter()
    with Client([gopls, "serve"], root, log=log) as client:
        server = client.initialize(ready_timeout_s).get("serverInfo")
        text = file.read_text(encoding="utf-8", errors="replace")
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "go", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": document})
        if not client.wait_for(lambda: _is_ready(client, uri), ready_timeout_s):
            raise ToolchainError(
                f"gopls was not ready after {ready_timeout_s:g} s: {' '.join(client.messages)[:300]}"
            )
        ready_s = time.perf_counter() - started
        problems = [
            str(problem.get("message", ""))[:200]
            for problem in client.diagnostics.get(uri, ())
            if _is_error(problem)
        ]
        steps = (*_ask(client, uri, text, repeat), _type_errors(client, uri, text, repeat))
        settled = _wait_until_idle(client.process.pid, settle_s)
        rss_bytes, anon_bytes = tree_memory(client.process.pid)
        peak_bytes = _status_bytes(client.process.pid, "VmHWM")
        clean = client.close()
    name = f"{server.get('name', '')} {_version(server)}".strip() if isinstance(server, Mapping) else ""
    return EditorSession(
        name, str(file), ready_s, steps, rss_bytes, anon_bytes, peak_bytes, _status_bytes(os.getpid(), "VmHWM"),
        settled, clean, tuple(problems),
    )  # fmt: skip


def _is_ready(client: Client, uri: str) -> bool:
    """Diagnosed, and the workspace loaded: gopls reports that load as work of this title since 2020."""
    loading = [title for title in client.progress.values() if title == "Setting up workspace"]
    return (
        uri in client.diagnostics
        and not loading
        and ("Setting up workspace" in client.ended or not client.progress)
    )


def _is_error(problem: Any) -> bool:
    return isinstance(problem, Mapping) and problem.get("severity") == 1


def _version(server: Mapping[str, Any]) -> str:
    """gopls puts its whole build information there, as JSON."""
    text = str(server.get("version", ""))
    try:
        build = json.loads(text)
        return str(build["Main"]["Version"]) if isinstance(build, Mapping) else text[:40]
    except (ValueError, KeyError, TypeError):
        return text[:40]


# ---- what is asked


def _ask(client: Client, uri: str, text: str, repeat: int) -> list[Step]:
    document = {"textDocument": {"uri": uri}}
    symbols_s, symbols = timed(lambda: client.request("textDocument/documentSymbol", document))
    steps = [Step("symbols", (symbols_s,), len(symbols or ()))]
    name_at = {**document, "position": _function_position(symbols, text)}
    member_at = {**document, "position": member_position(text) or name_at["position"]}
    asked: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        ("hover", "textDocument/hover", name_at),
        ("completion", "textDocument/completion", {**member_at, "context": {"triggerKind": 1}}),
        ("definition", "textDocument/definition", member_at),
        ("references", "textDocument/references", {**name_at, "context": {"includeDeclaration": True}}),
        ("rename prepare", "textDocument/prepareRename", name_at),
    )
    for name, method, params in asked:
        steps.append(_step(name, repeat, lambda method=method, params=params: client.request(method, params)))  # type: ignore[misc]
    return steps


def _step(name: str, repeat: int, call: Callable[[], Any]) -> Step:
    seconds: list[float] = []
    result: Any = None
    for _ in range(repeat):
        try:
            took_s, result = timed(call)
        except ToolchainError as error:  # one refused request is worth saying, not worth the session
            return Step(name, tuple(seconds), 0, str(error))
        seconds.append(took_s)
    if isinstance(result, Mapping) and isinstance(result.get("items"), list):
        return Step(name, tuple(seconds), len(result["items"]))
    return Step(name, tuple(seconds), len(result) if isinstance(result, list) else int(result is not None))


def _function_position(symbols: Any, text: str) -> Mapping[str, int]:
    """Where the name of the first function or, failing that, of the first symbol stands."""
    rows = [row for row in symbols or () if isinstance(row, Mapping)]
    functions = [row for row in rows if row.get("kind") == 12 and row.get("name") not in ("main", "init")]
    for row in functions or [row for row in rows if row.get("kind") == 12] or rows:
        start = (row.get("selectionRange") or {}).get("start")
        if isinstance(start, Mapping):
            return {"line": int(start["line"]), "character": int(start["character"])}
    match = re.search(r"^package\s+(?=\w)", text, re.M)
    at = match.end() if match else 0
    return _position(text, at)


def member_position(text: str) -> Mapping[str, int] | None:
    """Just after the dot of a call into an imported package (``fmt.|Println``), outside comments and strings as far as a line shows."""
    names = {path.rsplit("/", 1)[-1] for path in _IMPORT.findall(text)}
    for match in re.finditer(r"\b([a-z]\w*)\.(?=[A-Z])", text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if match[1] in names and "//" not in line and line.count('"') % 2 == 0 and line.count("`") % 2 == 0:
            return _position(text, match.end())
    return None


def _position(text: str, at: int) -> Mapping[str, int]:
    start = text.rfind("\n", 0, at) + 1
    return {"line": text.count("\n", 0, at), "character": utf16_column(text[start:], at - start)}


def _type_errors(client: Client, uri: str, text: str, repeat: int) -> Step:
    """From a keystroke to the diagnostic that it deserves: what makes an editor feel quick or slow."""
    seconds: list[float] = []
    for turn in range(repeat):
        word = f"{_TYPED}{turn}"
        started = time.perf_counter()
        _change(client, uri, 2 * turn + 2, f"{text}\nvar _ = {word}\n")
        if not client.wait_for(lambda word=word: _mentions(client, uri, word), 60.0):  # type: ignore[misc]
            return Step("typed error shown", tuple(seconds), 0, "no diagnostic came within 60 s")
        seconds.append(time.perf_counter() - started)
        _change(client, uri, 2 * turn + 3, text)
        client.wait_for(lambda word=word: not _mentions(client, uri, word), 60.0)  # type: ignore[misc]
    return Step("typed error shown", tuple(seconds), 1)


def _change(client: Client, uri: str, version: int, text: str) -> None:
    change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
    client.notify("textDocument/didChange", change)


def _mentions(client: Client, uri: str, word: str) -> bool:
    return any(word in str(problem.get("message", "")) for problem in client.diagnostics.get(uri, ()))


# ---- memory, from /proc


def tree_memory(pid: int) -> tuple[int, int]:
    """Resident and anonymous bytes of a process and everything below it (shared pages counted once for each)."""
    pids = [pid, *_descendants(pid)]
    return sum(_status_bytes(one, "VmRSS") for one in pids), sum(
        _status_bytes(one, "RssAnon") for one in pids
    )


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except (OSError, ValueError):
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _status_bytes(pid: int, key: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0  # no /proc, or the process is gone


def _cpu_s(pid: int) -> float:
    total = 0.0
    for one in [pid, *_descendants(pid)]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            continue
    return total


def _wait_until_idle(pid: int, limit_s: float) -> bool:
    """Whether the tree used next to no CPU for some seconds on end, within ``limit_s``.

    One idle second is not enough: gopls waits about that long after the last edit before it analyzes the packages, which
    was seen to double its memory.
    """
    deadline, quiet_s = time.monotonic() + limit_s, 0.0
    while quiet_s < _IDLE_S and time.monotonic() < deadline:
        before, at = _cpu_s(pid), time.monotonic()
        time.sleep(0.5)
        passed_s = time.monotonic() - at
        quiet_s = quiet_s + passed_s if _cpu_s(pid) - before <= _IDLE_RATIO * passed_s else 0.0
    return quiet_s >= _IDLE_S


def read_session(path: Path) -> EditorSession:
    """What ``main`` wrote. Raises FormatError where it is missing, torn, or says that the session failed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, Mapping) and "error" in data:
            raise FormatError(str(data["error"]))
        return EditorSession.from_json(data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FormatError(f"The editor session left no usable result ({error})") from error


def main(argv: list[str] | None = None) -> int:
    """The command; exit code 1 where the session failed, with the reason in the result and on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m godyno.workload.editor", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--gopls", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--ready-timeout-s", type=float, default=300.0)
    parser.add_argument("--settle-s", type=float, default=40.0)
    given = parser.parse_args(argv)
    try:
        session = run_session(
            str(given.gopls.absolute()), given.root.absolute(), given.file.absolute(), repeat=given.repeat,
            ready_timeout_s=given.ready_timeout_s, settle_s=given.settle_s, log=given.out.with_suffix(".gopls.log"),
        )  # fmt: skip
    except (GodynoError, OSError) as error:
        given.out.write_text(json.dumps({"error": str(error)}), encoding="utf-8")
        print(f"editor session: {error}", file=sys.stderr)
        return 1
    given.out.write_text(json.dumps(session.as_json()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
