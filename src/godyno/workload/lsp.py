"""An LSP client for gopls: JSON-RPC 2.0 over the server's stdin and stdout, as an editor speaks it.

The protocol is the Language Server Protocol 3.17. What gopls asks of its client (settings, progress tokens, capability
registrations, folders) is answered as an editor would; whatever else a newer server asks for is refused politely with
"method not found", never left unanswered, since a server may wait for it. Standard library only: the client's own
memory is part of what is recorded around it.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from godyno.errors import FormatError, NotAvailableHere, ToolchainError

LARGEST_MESSAGE = 256 << 20  # bytes; completion of a large package is about 1 MB
_METHOD_NOT_FOUND = -32601

CAPABILITIES: Mapping[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {"configuration": True, "workspaceFolders": True, "didChangeConfiguration": {"dynamicRegistration": True}},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "resolveSupport": {"properties": ["detail"]}}},
        "definition": {"linkSupport": True},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {"versionSupport": True},
        "references": {},
        "rename": {"prepareSupport": True},
        "synchronization": {"didSave": True},
    },
}  # fmt: skip


class Client:
    """One server process and the conversation with it. A context manager: leaving it ends the server.

    ``diagnostics`` holds the latest of each document, ``progress`` the titles of work that has begun and not ended,
    ``ended`` the titles of work that has. All are filled by a thread that reads the server's messages.
    """

    def __init__(
        self, argv: Sequence[str], root: Path, *, env: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None, log: Path | None = None,
    ) -> None:  # fmt: skip
        self.root, self.settings = root, dict(settings or {})
        self.diagnostics: dict[str, list[Any]] = {}
        self.versions: dict[str, int] = {}
        self.progress: dict[str, str] = {}
        self.ended: list[str] = []
        self.messages: list[str] = []  # what the server wanted the user to read
        self._waiting: dict[int, queue.SimpleQueue[Mapping[str, Any]]] = {}
        self._next_id = 0
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._failure = ""
        stderr: IO[bytes] | int = log.open("wb") if log else subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(
                list(argv), cwd=root, env=None if env is None else dict(env),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
            )  # fmt: skip
        except OSError as error:
            raise NotAvailableHere(f"{argv[0]} cannot be started: {error.strerror or error}") from error
        finally:
            if not isinstance(stderr, int):
                stderr.close()
        self._reader = threading.Thread(target=self._read, name="lsp", daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the conversation

    def request(self, method: str, params: Any = None, timeout_s: float = 60.0) -> Any:
        """The result of a request. Raises ToolchainError where the server answers with an error, not in time, or is gone."""
        with self._changed:
            self._next_id += 1
            number = self._next_id
            answer = self._waiting[number] = queue.SimpleQueue()
        try:
            self._send({"id": number, "method": method, "params": {} if params is None else params})
            message = answer.get(timeout=timeout_s)
        except queue.Empty:
            raise ToolchainError(
                f"The language server did not answer {method} within {timeout_s:g} s"
            ) from None
        finally:
            self._waiting.pop(number, None)
        if "error" in message:
            error = message["error"] if isinstance(message["error"], Mapping) else {}
            raise ToolchainError(
                f"The language server refuses {method}: {error.get('message', 'no reason given')}"
            )
        return message.get("result")

    def notify(self, method: str, params: Any) -> None:
        """Tells the server something. Raises ToolchainError where it is gone."""
        self._send({"method": method, "params": params})

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Whether ``condition`` came to hold within ``timeout_s``; it is looked at after each message of the server."""
        with self._changed:
            return (
                self._changed.wait_for(lambda: condition() or bool(self._failure), timeout_s)
                and not self._failure
            )

    def initialize(self, timeout_s: float = 60.0) -> Mapping[str, Any]:
        """The handshake; gives what the server says it is and can do."""
        uri = self.root.as_uri()
        answer = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "godyno"},
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": self.root.name}],
                "capabilities": CAPABILITIES,
                "initializationOptions": self.settings,
            },
            timeout_s,
        )
        self.notify("initialized", {})
        return answer if isinstance(answer, Mapping) else {}

    def close(self, timeout_s: float = 5.0) -> bool:
        """Shutdown, exit, and the end of the process; whether it went as the protocol says. Safe to call twice."""
        clean = False
        if self.process.poll() is None:
            try:
                self.request("shutdown", timeout_s=timeout_s)
                self.notify("exit", {})
                clean = self.process.wait(timeout_s) == 0
            except (ToolchainError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.wait()
        self._reader.join(timeout_s)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # a broken pipe: what was not sent has nobody to read it
        return clean

    # ---- the wire

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")).encode()
        assert self.process.stdin is not None
        try:
            with self._writing:
                self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                self.process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ToolchainError(f"The language server is gone ({self._failure or error})") from error

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while (message := read_message(self.process.stdout)) is not None:
                self._take(message)
            failure = "it closed its output"
        except (FormatError, ToolchainError, OSError, ValueError) as error:
            failure = str(error)
        with self._changed:
            self._failure = failure
            for waiting in self._waiting.values():
                waiting.put({"error": {"message": f"the server is gone: {failure}"}})
            self._changed.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        method, number = message.get("method"), message.get("id")
        if isinstance(method, str) and number is not None:
            self._send({"id": number, **self._answer(method, message.get("params"))})
        elif isinstance(method, str):
            with self._changed:
                self._note(method, message.get("params"))
                self._changed.notify_all()
        elif isinstance(number, int) and number in self._waiting:
            self._waiting[number].put(message)

    def _answer(self, method: str, params: Any) -> Mapping[str, Any]:
        """What an editor answers to a request of the server."""
        if method == "workspace/configuration":
            items = params.get("items", ()) if isinstance(params, Mapping) else ()
            return {"result": [self.settings for _ in items]}
        if method == "workspace/workspaceFolders":
            return {"result": [{"uri": self.root.as_uri(), "name": self.root.name}]}
        if method == "workspace/applyEdit":
            return {"result": {"applied": False, "failureReason": "this client never changes files"}}
        known = ("window/workDoneProgress/create", "client/registerCapability", "client/unregisterCapability",
                 "window/showMessageRequest", "window/showDocument")  # fmt: skip
        if method in known or method.endswith("/refresh"):
            return {"result": None}
        return {"error": {"code": _METHOD_NOT_FOUND, "message": f"{method} is not known here"}}

    def _note(self, method: str, params: Any) -> None:
        if not isinstance(params, Mapping):
            return
        if method == "textDocument/publishDiagnostics":
            uri = str(params.get("uri", ""))
            found = params.get("diagnostics")
            self.diagnostics[uri] = list(found) if isinstance(found, list) else []
            if isinstance(params.get("version"), int):
                self.versions[uri] = params["version"]
        elif method == "$/progress":
            token, value = str(params.get("token", "")), params.get("value")
            if isinstance(value, Mapping) and value.get("kind") == "begin":
                self.progress[token] = str(value.get("title", ""))
            elif isinstance(value, Mapping) and value.get("kind") == "end":
                self.ended.append(self.progress.pop(token, ""))
        elif method in ("window/showMessage", "window/logMessage") and params.get("type") == 1:
            self.messages.append(str(params.get("message", ""))[:500])


def read_message(stream: IO[bytes]) -> Mapping[str, Any] | None:
    """The next message, None at the end of the stream. Raises FormatError for anything that is no LSP message."""
    length = -1
    while True:
        line = stream.readline(1 << 16)
        if not line:
            if length >= 0:
                raise FormatError("The language server's output ends inside a message's header")
            return None
        if line in (b"\r\n", b"\n"):
            break
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
    if not 0 <= length <= LARGEST_MESSAGE:
        raise FormatError(f"The language server announces a message of {length} bytes")
    body = stream.read(length)
    if len(body) < length:
        raise FormatError("The language server's output ends inside a message")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The language server wrote no JSON: {body[:80]!r}") from error
    if not isinstance(message, Mapping):
        raise FormatError(f"The language server wrote no object: {body[:80]!r}")
    return message


def utf16_column(line: str, index: int) -> int:
    """The LSP column of character ``index`` of ``line``: UTF-16 code units, as every server understands them."""
    return len(line[:index].encode("utf-16-le")) // 2


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that ``call`` took, and what it gave."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result
