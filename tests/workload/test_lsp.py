from __future__ import annotations

import io
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from godyno.errors import FormatError, NotAvailableHere, ToolchainError
from godyno.workload.editor import member_position
from godyno.workload.lsp import Client, read_message, utf16_column

# A language server of a few lines: it asks its client everything that gopls may ask, and says what it was answered.
SERVER = """
    import json, sys
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    def send(**message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdout.write(b"Content-Length: %d\\r\\nContent-Type: x\\r\\n\\r\\n%s" % (len(body), body)); stdout.flush()
    def receive():
        length = 0
        while (line := stdin.readline().strip()):
            if line.lower().startswith(b"content-length"):
                length = int(line.split(b":")[1])
        return json.loads(stdin.read(length)) if length else sys.exit(3)
    def ask(method, params):
        send(id="s1", method=method, params=params)
        return receive()
    while True:
        message = receive()
        method, number = message.get("method"), message.get("id")
        if method == "initialize":
            send(id=number, result={"serverInfo": {"name": "toy"}})
        elif method == "ask":
            send(id=number, result=ask(**message["params"]))
        elif method == "refuse":
            send(id=number, error={"code": 1, "message": "not today"})
        elif method == "die":
            sys.exit(7)
        elif method == "babble":
            stdout.write(b"Content-Length: 3\\r\\n\\r\\n{{{"); stdout.flush()
        elif method == "work":
            send(method="$/progress", params={"token": 1, "value": {"kind": "begin", "title": "Setting up workspace"}})
            send(method="textDocument/publishDiagnostics", params={"uri": "file:///a.go", "version": 2, "diagnostics": [{}]})
            send(method="$/progress", params={"token": 1, "value": {"kind": "end"}})
        elif method == "shutdown":
            send(id=number, result=None)
        elif method == "exit":
            sys.exit(0)
"""


@pytest.fixture
def client(tmp_path: Path) -> Any:
    script = tmp_path / "server.py"
    script.write_text(textwrap.dedent(SERVER))
    with Client([sys.executable, str(script)], tmp_path, settings={"staticcheck": True}) as client:
        assert client.initialize()["serverInfo"] == {"name": "toy"}
        yield client


def asked(client: Client, method: str, params: Any = None) -> Any:
    return client.request("ask", {"method": method, "params": params}, timeout_s=10.0)


def test_settings_are_given_once_for_each_that_is_asked_for(client: Client) -> None:
    answer = asked(client, "workspace/configuration", {"items": [{"section": "gopls"}, {}]})
    assert answer["result"] == [{"staticcheck": True}] * 2


@pytest.mark.parametrize(
    "method",
    [
        "window/workDoneProgress/create",
        "client/registerCapability",
        "window/showMessageRequest",
        "workspace/codeLens/refresh",
    ],
)
def test_what_needs_no_answer_is_acknowledged(client: Client, method: str) -> None:
    assert asked(client, method, {})["result"] is None


def test_an_edit_is_never_applied(client: Client) -> None:
    assert asked(client, "workspace/applyEdit", {})["result"]["applied"] is False


def test_an_unknown_request_is_refused_and_not_left_unanswered(client: Client) -> None:
    assert asked(client, "gopls/somethingNew", {})["error"]["code"] == -32601


def test_diagnostics_and_progress_are_kept(client: Client) -> None:
    client.notify("work", {})
    assert client.wait_for(lambda: "Setting up workspace" in client.ended, 10.0)
    assert client.diagnostics["file:///a.go"] == [{}]
    assert client.versions["file:///a.go"] == 2
    assert client.progress == {}


def test_a_refused_request_raises_with_the_servers_words(client: Client) -> None:
    with pytest.raises(ToolchainError, match="not today"):
        client.request("refuse")


def test_a_server_that_dies_ends_the_request_at_once(client: Client) -> None:
    with pytest.raises(ToolchainError, match="the server is gone"):
        client.request("die", timeout_s=30.0)


def test_a_server_that_babbles_ends_the_request_at_once(client: Client) -> None:
    with pytest.raises(ToolchainError, match="JSON"):
        client.request("babble", timeout_s=30.0)


def test_an_unanswered_request_ends_at_its_time_out(client: Client) -> None:
    with pytest.raises(ToolchainError, match=r"within 0\.2 s"):
        client.request("exitIsNotAsked", timeout_s=0.2)


def test_closing_is_clean_and_may_be_done_twice(client: Client) -> None:
    assert client.close() is True
    assert client.close() is False
    with pytest.raises(ToolchainError, match="gone"):
        client.notify("work", {})


def test_a_server_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableHere, match="cannot be started"):
        Client([str(tmp_path / "gopls")], tmp_path)


def test_the_end_of_the_stream_between_messages_is_no_error() -> None:
    assert read_message(io.BytesIO(b"")) is None


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 10\r\n\r\n{}",
        b"Content-Length: 5",
        b"Content-Length: 99999999999999\r\n\r\n",
        b"Content-Length: x\r\n\r\n{}",
        b"\r\n{}",
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
        b"Content-Length: 20000\r\n\r\n" + b"[" * 20000,
    ],
)
def test_what_is_no_message_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_message(io.BytesIO(data))


def test_a_message_is_read_whatever_the_order_of_its_headers() -> None:
    body = json.dumps({"id": 1}).encode()
    data = b"Content-Type: utf-8\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    assert read_message(io.BytesIO(data)) == {"id": 1}


def test_columns_count_utf16_units() -> None:
    assert utf16_column("aé𝄞x", 3) == 4


def test_completion_is_asked_after_the_dot_of_an_imported_package() -> None:
    text = 'package main\n\nimport (\n\t"fmt"\n)\n\n// fmt.Comment\nfunc f() { x.Y(); _ = "fmt.No"; fmt.Println() }\n'
    position = member_position(text)
    assert position is not None
    assert position["line"] == 7
    assert text.splitlines()[7][: position["character"]].endswith("; fmt.")


def test_a_file_that_calls_into_no_package_has_no_such_place() -> None:
    assert member_position("package x\n\nfunc f() {}\n") is None
