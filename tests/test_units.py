from __future__ import annotations

import pytest

from godyno import units


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("link github.com/caddyserver/caddy/v2/cmd/caddy", "link …/cmd/caddy"),
        ("compile example.com/a/b/c, compile net/http", "compile …/b/c, compile net/http"),
        ("github.com/a/b/c.(*T).Close", "…/b/c.(*T).Close"),
        ("compile golang.org/x/net", "compile golang.org/x/net"),
        ("/usr/lib.d/a/b/c", "/usr/lib.d/a/b/c"),
    ],
)
def test_only_long_import_paths_are_shortened(text: str, short: str) -> None:
    assert units.short_paths(text) == short
