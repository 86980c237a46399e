from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from godyno.recorder.output import Diverted, Sieve


def sieved(pieces: list[bytes], file: Path) -> bytes:
    file.unlink(missing_ok=True)
    sieve = Sieve(Diverted((b"HASH", b"testcache: "), (b"HASH[build ",), file))
    return b"".join(sieve.passed(piece) for piece in pieces) + sieve.rest()


def test_a_probes_lines_are_taken_out_and_only_those_it_wants_are_kept(tmp_path: Path) -> None:
    text = b"# pkg\nHASH[build x]\nHASH subkey\nHASHED too\nerror: HASH in it\nlast"
    assert sieved([text], tmp_path / "kept") == b"# pkg\nerror: HASH in it\nlast"
    assert (tmp_path / "kept").read_bytes() == b"HASH[build x]\n"


def test_what_cannot_become_such_a_line_is_passed_on_at_once(tmp_path: Path) -> None:
    sieve = Sieve(Diverted((b"HASH",), (b"HASH",), tmp_path / "kept"))
    assert sieve.passed(b"progress 1") == b"progress 1"
    assert sieve.passed(b"0 %\nHA") == b"0 %\n"
    assert sieve.passed(b"T\n") == b"HAT\n"
    assert sieve.rest() == b""


@given(
    st.lists(
        st.sampled_from(
            [b"HASH[build x]\n", b"plain\n", b"HAS", b"H", b"\n", b"x", b"testcache: y\n", b"HASH"]
        ),
        max_size=20,
    ),
    st.data(),
)
def test_however_it_is_cut_the_same_passes(
    tmp_path_factory: object, words: list[bytes], data: st.DataObject
) -> None:
    import tempfile

    text = b"".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        whole = sieved([text], Path(folder, "a"))
        assert sieved(pieces, Path(folder, "b")) == whole
        assert Path(folder, "a").read_bytes() == Path(folder, "b").read_bytes()
