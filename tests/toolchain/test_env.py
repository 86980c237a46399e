import pytest

from godyno.toolchain import Go, go_env
from godyno.toolchain.env import redacted, redacted_env


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("GOPROXY", "https://me:s3cret@proxy.example,direct", "https://[redacted]@proxy.example,direct"),
        ("GOPROXY", "https://s3cret@a|https://b:s3cret@b", "https://[redacted]@a|https://[redacted]@b"),
        ("GOPROXY", "https://p.example/?token=s3cret&x=1", "https://p.example/?token=[redacted]&x=1"),
        ("GOPROXY", "https://proxy.golang.org,direct", "https://proxy.golang.org,direct"),
        ("GOFLAGS", "-ldflags=-X=main.key=s3cret -mod=mod", "-ldflags=-X=main.key=[redacted] -mod=mod"),
        ("GOFLAGS", "'-ldflags=-s -X main.key=s3cret' -race", "'-ldflags=-s -X main.key=[redacted]' -race"),
        ("GOFLAGS", "-mod=vendor -p=2", "-mod=vendor -p=2"),
        ("CGO_CFLAGS", "-O2 -DAPI_TOKEN=s3cret -g", "-O2 -DAPI_TOKEN=[redacted] -g"),
        ("GOAUTH", "netrc; /usr/bin/helper --password s3cret", "netrc; /usr/bin/helper [redacted]"),
        ("GOCACHEPROG", "cacher --auth-token=s3cret", "cacher [redacted]"),
    ],
)
def test_secrets_are_blotted_out_and_the_rest_stays(name: str, value: str, shown: str) -> None:
    assert redacted(name, value) == shown
    assert "s3cret" not in redacted(name, value)


def test_only_names_known_to_be_go_s_are_kept() -> None:
    assert redacted_env(
        {"GOOS": "linux", "GOGCCFLAGS": "-x", "AWS_SECRET": "s3cret", "GOFUTURE": "s3cret", "CC": 1}
    ) == {"GOOS": "linux"}


@pytest.mark.integration
def test_the_environment_of_a_real_go_names_its_caches_and_version(go: Go) -> None:
    env = go_env(go)
    assert env["GOVERSION"] == go.version
    assert env["GOCACHE"].startswith("/")
    assert "GOGCCFLAGS" not in env
