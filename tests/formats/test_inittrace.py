import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.inittrace import package_init


def test_a_line_is_read_into_base_units() -> None:
    init = package_init("init internal/godebug @0.50 ms, 0.053 ms clock, 6512 bytes, 124 allocs\n")
    assert init.package == "internal/godebug"
    assert (init.since_start_s, init.clock_s) == pytest.approx((0.5e-3, 53e-6))
    assert (init.allocated_bytes, init.allocations) == (6512, 124)


@pytest.mark.parametrize("line", ["", "init the database", "init a @0 ms, 0 ms clock, 0 bytes, 0 alloc"])
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(FormatError, match="Not an inittrace line"):
        package_init(line)


@given(st.text() | st.text().map(lambda t: f"init {t} @0.1 ms, {t} ms clock, 0 bytes, 0 allocs"))
def test_no_text_raises_anything_but_format_error(line: str) -> None:
    try:
        package_init(line)
    except FormatError:
        pass
