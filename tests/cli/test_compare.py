import pytest

_OLD = "pkg: example.com/a\n" + "".join(f"BenchmarkEncode-8 100 {1700 + i} ns/op\n" for i in range(8))
_NEW = "pkg: example.com/a\n" + "".join(f"BenchmarkEncode-8 100 {1900 + i} ns/op\n" for i in range(8))


@pytest.fixture
def files(tmp_path):
    (tmp_path / "old.txt").write_text(_OLD)
    (tmp_path / "new.txt").write_text(_NEW)
    return tmp_path


def test_two_files_become_benchstats_table_with_what_it_costs_in_trust(godyno, files):
    ran = godyno("compare", "old.txt", "new.txt")
    assert ran.code == 0
    text = ran.out.decode()
    assert "Encode-8  1.704µ  1.904µ  +11.74%" in text
    assert "<.001  8" in text
    assert "did not take turns" in text
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize(("gate", "code"), [("time/op<+3%", 1), ("time/op<+20%", 0), ("time/op<+11.7%", 2)])
def test_a_gate_ends_with_its_own_exit_code(godyno, files, gate, code):
    assert godyno("compare", "old.txt", "new.txt", "--gate", gate).code == code


def test_json_holds_the_figures(godyno, files):
    (row,) = godyno("compare", "old.txt", "new.txt", "--json").json["rows"]["new.txt"]
    assert row["comparison"]["verdict"] == "higher"
    assert row["comparison"]["n_old"] == 8


def test_bad_files_and_gates_are_one_clear_error(godyno, files):
    (files / "empty.txt").write_text("PASS\n")
    for arguments, words in (
        (("old.txt", "absent.txt"), b"no file absent.txt"),
        (("old.txt", "empty.txt"), b"holds no benchmark results"),
        (("old.txt", "new.txt", "--gate", "faster"), b"is not a gate"),
        (("old.txt", "new.txt", "--gate", "B/op<+1%"), b"No benchmark reports B/op"),
    ):
        ran = godyno("compare", *arguments)
        assert ran.code not in (0, 1) or b"No" in ran.err
        assert words in ran.err
        assert b"Traceback" not in ran.err
