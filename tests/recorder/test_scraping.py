"""Programs that serve their own profiles, recorded from their start and attached to."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import godyno as api
from godyno.capture.reader import Capture, open_capture
from godyno.errors import EndpointError, GoNotFound
from godyno.toolchain import find_go

pytestmark = pytest.mark.integration

# Computes, allocates, holds 4 MiB, waits for a lock; "hold" has it answer the rest of the tests' questions.
PROGRAM = """package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var held = make([]byte, 4<<20)
var garbage []byte
var lock sync.Mutex

//go:noinline
func compute() (n int) {
	for i := 0; i < 3_000_000; i++ {
		n += i * i % 7
	}
	return
}

//go:noinline
func contend() {
	lock.Lock()
	time.Sleep(time.Millisecond)
	lock.Unlock()
}

func main() {
	runtime.SetMutexProfileFraction(1)
	for range 2 {
		go func() {
			for {
				contend()
			}
		}()
	}
	go func() {
		for {
			compute()
			garbage = make([]byte, 1<<20)
			time.Sleep(time.Millisecond)
		}
	}()
	held[0] = 1
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Println("ready")
	panic(http.Serve(listener, nil))
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        go = find_go()
    except GoNotFound as error:
        pytest.skip(str(error))
    directory = tmp_path_factory.mktemp("program")
    (directory / "main.go").write_text(PROGRAM)
    (directory / "go.mod").write_text("module example.com/serving\n\ngo 1.22\n")
    go.run("build", "-o", "serving", ".", cwd=directory)
    return directory / "serving"


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found: int = listener.getsockname()[1]
    return found


@pytest.fixture
def running(program: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([program, f"127.0.0.1:{port}"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def weights(capture: Capture, layer: str) -> dict[str, float]:
    """Weight of each function that is anywhere in a stack of the layer."""
    rows = capture.sql(
        'SELECT "function", sum(weight) AS w FROM (SELECT DISTINCT stack_id, "function" FROM frames) JOIN stacks '
        "USING (stack_id) WHERE layer = ? GROUP BY 1",
        [layer],
    )
    return dict(zip(rows["function"].to_pylist(), rows["w"].to_pylist(), strict=True))


def notes(capture: Capture) -> Any:
    entry = capture.manifest.probe("scrape")
    assert entry is not None
    return entry.notes


def test_what_serves_an_address_is_found_and_every_layer_of_it_recorded(
    running: subprocess.Popen[bytes], port: int, tmp_path: Path
) -> None:
    recording = api.attach(url=f"http://localhost:{port}/debug/pprof", for_s=3, out=tmp_path / "a")
    assert running.poll() is None
    assert recording.warnings == ()
    result = recording.result
    with open_capture(recording.capture) as capture:
        assert notes(capture)["pid"] == running.pid
        assert weights(capture, "cpu")["main.compute"] > 0.1  # the kernel's samples
        assert weights(capture, "pprof_cpu")["main.compute"] > 0.1
        assert weights(capture, "trace")["main.compute"] > 0.1
        assert weights(capture, "mutex")["main.contend"] > 0.1
        assert weights(capture, "allocs")["main.main.func2"] > 1 << 20
        assert weights(capture, "goroutine")["main.main.func1"] == 2 * 2  # at the start, and at the end
        held = capture.sql(
            "SELECT sum(weight) AS w FROM stacks JOIN frames USING (stack_id) WHERE layer = 'heap' AND \"function\" = 'main.init' "
            "GROUP BY t_ns"
        )
        assert [round(weight / (4 << 20)) for weight in held["w"].to_pylist()] == [1, 1]
        states = capture.sql("SELECT DISTINCT name FROM spans WHERE layer = 'goroutine_state'")
        assert {"running", "runnable", "waiting"} <= set(states["name"].to_pylist())
        (times,) = capture.sql(
            "SELECT min(t_ns) AS a, max(t_ns) AS b FROM stacks WHERE layer = 'trace'"
        ).to_pylist()
        assert result.t_start_ns < times["a"] < times["b"] < result.t_end_ns
        assert times["b"] - times["a"] > 2e9
        cost = notes(capture)["cost"]
        assert cost["requests"] > 8
        assert 0 < cost["allocated_share"] < 1


def test_a_command_is_scraped_from_the_moment_it_answers(
    godyno: Any, program: Path, port: int, tmp_path: Path
) -> None:
    ran = godyno(
        "record", "-q", "-o", "r", "--timeout", "3s", "--pprof", f"http://127.0.0.1:{port}", "--profiles", "trace,cpu,allocs",
        "--", str(program), f"127.0.0.1:{port}", env={"GODYNO_SCRAPE_AUTHORIZATION": "user:geheim"},
    )  # fmt: skip
    assert ran.code == -signal.SIGTERM, ran.err
    with open_capture(tmp_path / "r.dyno") as capture:
        assert capture.manifest.warnings == ()
        assert {"trace", "pprof_cpu", "allocs"} == set(
            capture.sql(
                "SELECT DISTINCT layer FROM stacks WHERE layer NOT IN ('goroutine_wait', 'goroutine_seen')"
            )["layer"].to_pylist()
        )
        (answers,) = capture.sql("SELECT t_ns, pid FROM events WHERE layer = 'scrape'").to_pylist()
        (line,) = capture.sql("SELECT t_ns FROM lines WHERE text = 'ready'").to_pylist()
        assert answers["pid"] == capture.manifest.notes["pid"]
        assert abs(answers["t_ns"] - line["t_ns"]) < 1e9
        assert weights(capture, "allocs")["main.init"] == pytest.approx(
            4 << 20, rel=0.2
        )  # before it answered
    everything = b"".join(file.read_bytes() for file in (tmp_path / "r.dyno").rglob("*") if file.is_file())
    assert b"geheim" not in everything


def test_the_command_does_not_get_the_credentials_and_sends_get_them_to_the_program(
    godyno: Any, tmp_path: Path, port: int
) -> None:
    shell = 'test -z "$GODYNO_SCRAPE_AUTHORIZATION" && exec python3 -c \'import http.server, sys\n'
    shell += "class Server(http.server.BaseHTTPRequestHandler):\n"
    shell += ' def do_GET(self): print(self.headers["Authorization"], flush=True); self.send_error(401)\n'
    shell += f'http.server.HTTPServer(("127.0.0.1", {port}), Server).serve_forever()\''
    godyno(
        "record", "-q", "-o", "r", "--timeout", "2s", "--pprof", f"http://127.0.0.1:{port}", "--profiles", "heap",
        "--", "sh", "-c", shell, env={"GODYNO_SCRAPE_AUTHORIZATION": "Bearer geheim"},
    )  # fmt: skip
    with open_capture(tmp_path / "r.dyno") as capture:
        said = capture.sql("SELECT text FROM lines WHERE text LIKE 'Bearer%'")["text"].to_pylist()
        assert said and set(said) == {"Bearer geheim"}
        (warning,) = capture.manifest.warnings
        assert re.search(r"refuses these credentials \(401\).*GODYNO_SCRAPE_AUTHORIZATION", warning)


def test_a_program_that_already_answers_is_not_taken_for_the_command(
    running: subprocess.Popen[bytes], port: int, godyno: Any
) -> None:
    ran = godyno("record", "--pprof", f"http://127.0.0.1:{port}", "-o", "r", "--", "true")
    assert ran.code == 0
    assert b"something answers" in ran.err


def test_where_nothing_is_served_attaching_says_so(port: int, tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="refused"):
        api.attach(url=f"http://127.0.0.1:{port}", for_s=1, out=tmp_path / "a")
    assert not (tmp_path / "a.dyno").exists()


def test_a_proxy_before_a_program_elsewhere_is_not_taken_for_it(
    running: subprocess.Popen[bytes], port: int, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        other = listener.getsockname()[1]
    relay = (
        "import socket, threading\n"
        f"listener = socket.create_server(('127.0.0.1', {other}))\n"
        "def copy(a, b):\n"
        "    while data := a.recv(65536): b.sendall(data)\n"
        "    b.shutdown(socket.SHUT_WR)\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    one = listener.accept()[0]\n"
        f"    two = socket.create_connection(('127.0.0.1', {port}))\n"
        "    for pair in ((one, two), (two, one)): threading.Thread(target=copy, args=pair, daemon=True).start()\n"
    )
    with subprocess.Popen(["python3", "-c", relay], stdout=subprocess.PIPE) as proxy:
        assert proxy.stdout is not None
        proxy.stdout.readline()
        recording = api.attach(url=f"http://127.0.0.1:{other}", for_s=2, out=tmp_path / "a")
        proxy.kill()
    assert "other arguments" in recording.warnings[0]
    with open_capture(recording.capture) as capture:
        assert [entry.name for entry in capture.manifest.probes] == ["scrape"]
        assert weights(capture, "trace")["main.compute"] > 0
        assert json.loads(json.dumps(notes(capture)))["no_pid"]
