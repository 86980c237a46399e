import pytest

from godyno.errors import UsageError
from godyno.probes.runtime.scraping.address import AUTHORIZATION, address, authorization


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://localhost:6060/debug/pprof", "http://localhost:6060/debug/pprof"),
        ("http://localhost:6060/debug/pprof/", "http://localhost:6060/debug/pprof"),
        ("http://localhost:6060", "http://localhost:6060/debug/pprof"),
        ("https://example.org/x/pprof", "https://example.org:443/x/pprof"),
        ("http://[::1]:6060", "http://[::1]:6060/debug/pprof"),
    ],
)
def test_an_address_is_read(url: str, shown: str) -> None:
    assert str(address(url)) == shown


@pytest.mark.parametrize(
    "url",
    ["", "localhost:6060", "file:///etc/passwd", "ftp://x/", "http://", "http://x:99999", "http://x/a b", "http://x/\r\nY: z",
     "http://x/?token=geheim", "http://x/#a", "http://[::1"],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        address(url)
    assert "geheim" not in str(caught.value)


def test_a_password_in_the_address_is_refused_with_the_way_that_shows_none() -> None:
    with pytest.raises(UsageError) as caught:
        address("http://user:geheim@localhost:6060")
    assert "geheim" not in f"{caught.value} {caught.value.hint}"
    assert AUTHORIZATION in caught.value.hint


def test_credentials_come_from_the_environment() -> None:
    assert authorization({}) == ""
    assert authorization({AUTHORIZATION: "user:password"}) == "Basic dXNlcjpwYXNzd29yZA=="
    assert authorization({AUTHORIZATION: "Bearer abc"}) == "Bearer abc"
    with pytest.raises(UsageError):
        authorization({AUTHORIZATION: "Bearer abc\r\nX: y"})
