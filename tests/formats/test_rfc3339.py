import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.errors import FormatError
from godyno.formats.rfc3339 import unix_ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-01-23T10:20:30.123456789Z", 1_706_005_230_123_456_789),
        ("2024-01-23T12:20:30.5+02:00", 1_706_005_230_500_000_000),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
    ],
)
def test_no_nanosecond_is_lost(text: str, ns: int) -> None:
    assert unix_ns(text) == ns


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", fullmatch=True))
def test_anything_else_is_a_format_error(text: str) -> None:
    try:
        assert isinstance(unix_ns(text), int)
    except FormatError:
        pass
