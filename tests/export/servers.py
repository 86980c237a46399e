"""A real Prometheus and a real VictoriaMetrics, each in a directory of its own, on a free port of this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

TOOLS = {"prometheus": "prometheus", "promtool": "prometheus", "victoria-metrics": "victoria-metrics"}


def tool(name: str) -> str:
    """The path of a tool, or a skip with the package that has it."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not here: apt-get install {TOOLS[name]}")
    return path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Store:
    """Something that answers Prometheus' HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: Any) -> Any:
        query = urllib.parse.urlencode(parameters, doseq=True)
        with urllib.request.urlopen(f"{self.url}{path}?{query}", timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str, at_s: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=expression, time=at_s)["result"]
        return found

    def query_range(
        self, expression: str, start_s: float, end_s: float, step_s: float
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(
            "/api/v1/query_range", query=expression, start=start_s, end=end_s, step=step_s
        )["result"]
        return found

    def points(self, selector: str, start_s: float, end_s: float) -> list[dict[str, Any]]:
        """The stored samples themselves, after ``start_s`` and up to ``end_s``."""
        return self.query(f"{selector}[{int((end_s - start_s) * 1000)}ms]", end_s)


@contextmanager
def prometheus(directory: Path, scrape: str = "") -> Iterator[Store]:
    port = free_port()
    config = directory / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        + (
            f"scrape_configs: [{{job_name: live, static_configs: [{{targets: ['{scrape}']}}]}}]\n"
            if scrape
            else ""
        )
    )
    args = [
        tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=warn",
        "--storage.tsdb.retention.time=100y",
    ]  # fmt: skip
    yield from _running(args, directory, f"http://127.0.0.1:{port}", "/-/ready")


@contextmanager
def victoria_metrics(directory: Path) -> Iterator[Store]:
    port = free_port()
    args = [
        tool("victoria-metrics"), f"-storageDataPath={directory / 'data'}", f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y", "-search.latencyOffset=0s", "-memory.allowedPercent=10",
    ]  # fmt: skip
    yield from _running(args, directory, f"http://127.0.0.1:{port}", "/health")


def _running(args: list[str], directory: Path, url: str, ready: str) -> Iterator[Store]:
    log = directory / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(args, stdout=out, stderr=subprocess.STDOUT, cwd=directory)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                with urllib.request.urlopen(url + ready, timeout=2):
                    break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        yield Store(url)
    finally:
        process.terminate()
        process.wait(30)
