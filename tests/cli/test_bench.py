import json

import pytest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--env", "GOGC"), b"names no two values"),
        (("--gate", "faster"), b"is not a gate"),
        (("--budget", "soon"), b"is not a duration"),
        (("--record",), b"needs a place"),
        (("--cmd", "a | b"), b"which is a shell's"),
        (("--cmd", "true", "./..."), b"two things to compare"),
        (("--prepare", "x"), b"belong to --cmd"),
        (("--go", "latest,1.27"), b"is not a version"),
        (("--ab", "main", "--cmd", "true"), b"git"),
    ],
)
def test_what_makes_no_sense_is_one_clear_error(godyno, arguments, words):
    ran = godyno("bench", *arguments)
    assert ran.code == 64  # neither 1 nor 2, which are a gate's answers
    assert words in ran.err
    assert b"Traceback" not in ran.err


@pytest.mark.integration
def test_commands_give_a_table_and_json_that_every_reader_takes(godyno, tmp_path):
    ran = godyno("bench", "--cmd", "true", "--cmd", "sleep 0.05", "--blocks", "10", "--html", "page.html")
    assert ran.code == 0, ran.err
    assert b"sec/op" in ran.out
    assert b"interleaved blocks" in ran.err
    assert (tmp_path / "page.html").exists()
    found = json.loads(
        godyno("bench", "--cmd", "true", "--cmd", "true -x", "--blocks", "2", "--json").out,
        parse_constant=lambda name: pytest.fail(f"{name} is no JSON"),
    )
    assert found["runs"] == 4
