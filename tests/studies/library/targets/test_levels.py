from godyno.studies.library.targets.levels import BASE, LEVELS, NAMES, environment, has_level, label


def test_a_level_belongs_to_its_architecture_on_one_operating_system() -> None:
    assert has_level("linux/amd64", "v3")
    assert not has_level("linux/arm64", "v3")
    assert not has_level("darwin/amd64", "v3")
    assert has_level("darwin/amd64", BASE)
    assert has_level("linux/pdp11", BASE)


def test_the_environment_names_the_level_as_go_does() -> None:
    assert environment("linux/arm64", "lse") == {"GOOS": "linux", "GOARCH": "arm64", "GOARM64": "v8.0,lse"}
    assert environment("js/wasm", BASE) == {"GOOS": "js", "GOARCH": "wasm"}
    assert label("linux/amd64", BASE) == "GOAMD64=v1"
    assert label("linux/s390x", BASE) == BASE


def test_no_level_can_be_mistaken_for_two_on_the_command_line() -> None:
    assert not any("," in name for name in NAMES)
    assert all(name in NAMES for _, _, levels in LEVELS.values() for name in levels)
