"""Packages of functions."""

from __future__ import annotations

import pytest

from godyno.formats.goinit import package_of


@pytest.mark.parametrize(
    ("function", "package"),
    [
        ("main.init", "main"),
        ("net/http.init.0", "net/http"),
        ("net/http.(*Server).Serve", "net/http"),
        ("gopkg.in/yaml%2ev3.init", "gopkg.in/yaml.v3"),
        ("github.com/go-playground/validator/v10.map.init.7", "github.com/go-playground/validator/v10"),
    ],
)
def test_the_package_is_read_out_of_a_functions_name(function: str, package: str) -> None:
    assert package_of(function) == package
