from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from godyno import registry
from godyno.testing.samples import samples


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return samples(tmp_path / "captures")["typical"]


def test_it_says_where_it_wrote_and_what_is_missing(godyno: Any, capture: Path, tmp_path: Path) -> None:
    done = godyno("export", "folded", str(capture))
    assert done.code == 0
    assert done.out.decode().startswith("typical.folded (")
    assert b"4 spans were not carried: folded stacks hold only samples.\n" in done.err
    assert (tmp_path / "typical.folded").read_text() == "main.main;main.work 10000\n"


def test_json_holds_all_of_it(godyno: Any, capture: Path, tmp_path: Path) -> None:
    done = godyno("export", "perfetto", str(capture), "-o", "x.trace", "--json")
    assert done.json["out"] == "x.trace" and done.json["bytes"] == (tmp_path / "x.trace").stat().st_size
    assert done.json["not_carried"] and done.err == b""


def test_a_dash_is_stdout(godyno: Any, capture: Path) -> None:
    done = godyno("export", "folded", str(capture), "-o", "-")
    assert (done.code, done.out) == (0, b"main.main;main.work 10000\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nonsense",), 64, "There is no exporter called 'nonsense'"),
        (("perfetto", "--to", "http://127.0.0.1:1/"), 64, "perfetto is written to a file"),
        (("otlp", "--to", "file:///etc/passwd"), 64, "file is no address to send to"),
        (("otlp", "-o", "http://127.0.0.1:1/"), 64, "-o names a file"),
        (("otlp", "-o", "x", "--to", "http://127.0.0.1:1/"), 64, "exclude each other"),
        (("csv", "-o", "no/such/x.zip"), 70, "cannot be written"),
    ],
)
def test_a_call_that_makes_no_sense_is_told(
    godyno: Any, capture: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = godyno("export", arguments[0], str(capture), *arguments[1:])
    assert done.code == code and said in done.err.decode()
    assert b"Traceback" not in done.err


def test_the_help_names_every_format(godyno: Any) -> None:
    text = godyno("export", "--help").out.decode()
    assert all(f"  {name} " in text for name in registry.built_in("exporters"))


@pytest.mark.parametrize("listen", ["nonsense", "host:port", ":99999"])
def test_an_exporter_listens_only_where_it_can(godyno: Any, listen: str) -> None:
    done = godyno("exporter", "--listen", listen)
    assert done.code == 64 and b"HOST:PORT" in done.err


def test_an_exporter_needs_a_directory(godyno: Any) -> None:
    done = godyno("exporter", "nowhere")
    assert done.code == 5 and b"no directory" in done.err


def test_json_is_one_object(godyno: Any, capture: Path) -> None:
    assert isinstance(json.loads(godyno("export", "grafana", str(capture), "--json").out), dict)
