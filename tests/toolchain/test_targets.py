import pytest

from godyno.toolchain import Go, targets


@pytest.mark.integration
def test_the_targets_of_a_real_go_hold_the_first_class_ports(go: Go) -> None:
    by_name = {target.name: target for target in targets(go)}
    assert by_name["linux/amd64"].first_class
    assert by_name["linux/arm64"].cgo_supported
    assert not by_name["js/wasm"].cgo_supported
    assert list(by_name) == sorted(by_name)
