"""What may not reach a capture, and what must."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.redact import (
    GO_NAMES,
    REDACTED,
    go_environment,
    is_secret_name,
    redact_argv,
    redact_environment,
    redact_text,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
GITHUB = "ghp_" + "a1B2" * 9
AWS = "AKIAIOSFODNN7EXAMPLE"

SECRET_LINES = [
    (["svc", "--token", "hunter2!"], "hunter2!"),
    (["svc", "-token", "hunter2!"], "hunter2!"),
    (["svc", "--password=hunter2!"], "hunter2!"),
    (["svc", "--db-password=hunter2!", "-v"], "hunter2!"),
    (["svc", "--dbPassword", "hunter2!"], "hunter2!"),
    (["svc", "--api_key", "hunter2!"], "hunter2!"),
    (["svc", "-apiKey=hunter2!"], "hunter2!"),
    (["svc", "--client-secret", "-hunter2!"], "-hunter2!"),
    (["env", "DB_PASSWORD=hunter2!", "svc"], "hunter2!"),
    (["docker", "run", "-e", "GITLAB_TOKEN=hunter2!", "x"], "hunter2!"),
    (["docker", "login", "-u", "me", "-p", "hunter2!"], "hunter2!"),
    (["sh", "-c", "TOKEN='hunter 2!' exec svc"], "hunter 2!"),
    (["sh", "-c", 'curl -H "Authorization: Bearer hunter2!hunter2" x'], "hunter2"),
    (["curl", "-H", "Authorization: Basic dXNlcjpwYXNz", "http://x"], "dXNlcjpwYXNz"),
    (["curl", "-H", "X-Api-Key: hunter2!"], "hunter2!"),
    (["curl", "-H", "PRIVATE-TOKEN: hunter2!"], "hunter2!"),
    (["curl", "-u", "me:hunter2!", "http://x"], "hunter2!"),
    (["curl", "-ume:hunter2!", "http://x"], "hunter2!"),
    (["curl", "-d", '{"user":"me","password":"hunter\\"2!"}'], "2!"),
    (["git", "clone", "https://me:hunter2!@example.com/x.git"], "hunter2!"),
    (["git", "clone", "https://0123456789abcdef0123456789abcdef@example.com/x.git"], "0123456789abcdef"),
    (["svc", "postgres://me:hunter2!@db/x?sslmode=off"], "hunter2!"),
    (["svc", "https://h/x?a=1&access_token=hunter2!&b=2"], "hunter2!"),
    (["svc", "https://h/x?X-Amz-Signature=hunter2!"], "hunter2!"),
    (["svc", AWS], AWS),
    (["svc", f"x={GITHUB}"], GITHUB),
    (["svc", "glpat-abcdefghij0123456789"], "glpat-abcdefghij0123456789"),
    (["svc", JWT], JWT),
    (["svc", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"], "MIIE"),
    (["link", "-X", "main.secret=hunter2!"], "hunter2!"),
    (["link", "-X=main.apiToken=hunter2!"], "hunter2!"),
    (["link", "-X", "example.com/a/b.password=hunter2!"], "hunter2!"),
    (["go", "build", "-ldflags=-s -X main.token=hunter2! -w"], "hunter2!"),
    (["go", "build", "-ldflags", "-X 'main.token=hunter 2!' -w"], "hunter 2!"),
    (["go", "build", '-ldflags=-X "example.com/x.DBPassword=hunter 2!"'], "hunter 2!"),
    (["mysql", "-phunter2!"], "hunter2!"),
    (["sshpass", "-p", "hunter2!", "ssh", "x"], "hunter2!"),
    (["/usr/bin/redis-cli", "-a", "hunter2!"], "hunter2!"),
]


@pytest.mark.parametrize(("argv", "secret"), SECRET_LINES, ids=lambda value: str(value)[:60])
def test_a_secret_in_an_argument_is_not_kept(argv: list[str], secret: str) -> None:
    kept = redact_argv(argv)
    assert len(kept) == len(argv)
    assert secret not in " ".join(kept)
    assert REDACTED in " ".join(kept)
    assert kept[0] == argv[0]


ORDINARY_LINES = [
    "compile -o /tmp/b042/_pkg_.a -trimpath /tmp/b042=> -p go/token -std -complete -buildid"
    " hUgXxGR1ZkPqkYyS0dGn/hUgXxGR1ZkPqkYyS0dGn -goversion go1.27.3 -c=2 -shared -nolocalimports -importcfg"
    " /tmp/go-build1/b042/importcfg -pack ./position.go ./serialize.go ./token.go",
    "compile -o x.a -trimpath /home/me/secret=>./;/home/me/token=>x -p crypto/subtle -pack ./a.go",
    "link -o a.out -importcfg importcfg.link -buildmode=exe -buildid=6-N/uR2/a1b2/6-N -X main.version=1.2.3"
    " -X main.commit=0123456789abcdef0123456789abcdef01234567 -extld=gcc /x/_pkg_.a",
    "asm -p crypto/aes -trimpath /tmp/b1=> -I /tmp/b1/ -D GOOS_linux -D GOARCH_amd64 -o x.o ./asm_amd64.s",
    "cgo -objdir /tmp/b003/ -importpath os/user -- -I /tmp/b003/ -O2 -g ./cgo_lookup_cgo.go",
    "gcc -I. -fPIC -m64 -ffile-prefix-map=/home/me/token=/tmp/b -DPASSWORD_MAX=64 -DHAVE_TOKEN=1 -c x.c",
    "go test -p 4 -run ^TestToken$ -count=1 -coverpkg=./... ./internal/auth/token ./secrets",
    "go build -ldflags=-s -w -X main.buildTime=2026-11-23T10:00:00Z ./cmd/passwd",
    "x.test -test.run=TestPassword -test.timeout=10m0s -test.paniconexit0",
    "svc --token-file=/run/secrets/token --max-tokens=4096 --auth=false --secret-name my-secret",
    "git clone ssh://git@github.com/me/token.git --depth 1",
    "docker run -p 8080:80 redis",
    "vet -json=false -unsafeptr=false /tmp/go-build1/b001/vet.cfg",
    "go list -deps -json=ImportPath,Standard std",
    "sk-learn gl-matrix xoxo keyboard authors.go monkey=1",
]


@pytest.mark.parametrize("line", ORDINARY_LINES, ids=lambda line: line[:50])
def test_an_ordinary_command_line_loses_nothing(line: str) -> None:
    assert redact_argv(line.split(" ")) == line.split(" ")
    assert redact_text(line) == line


def test_what_is_redacted_keeps_its_name_and_neighbours() -> None:
    assert redact_argv(["svc", "--listen", ":80", "--token=abcd", "-v"]) == [
        "svc", "--listen", ":80", f"--token={REDACTED}", "-v",
    ]  # fmt: skip
    assert redact_text("https://me:pw12@h/x?q=1") == f"https://me:{REDACTED}@h/x?q=1"
    assert redact_text("-s -X main.token=abcd -X main.version=1.0 -w") == (
        f"-s -X main.token={REDACTED} -X main.version=1.0 -w"
    )


def test_a_flag_after_a_secret_flag_is_no_value() -> None:
    assert redact_argv(["svc", "--password", "--verbose"]) == ["svc", "--password", "--verbose"]


def test_only_gos_own_names_of_an_environment_are_kept() -> None:
    kept = go_environment(
        {
            "GOFLAGS": "-ldflags=-X=main.token=abcd",
            "GOPROXY": "https://me:pw12@proxy.example/,direct",
            "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key.json",
            "GOPASS": "x",
            "PATH": "/bin",
            "GOGC": "off",
        }
    )
    assert kept == {
        "GOFLAGS": f"-ldflags=-X=main.token={REDACTED}",
        "GOGC": "off",
        "GOPROXY": f"https://me:{REDACTED}@proxy.example/,direct",
    }
    assert {"GOMEMLIMIT", "GODEBUG", "GOMAXPROCS", "CGO_ENABLED"} <= GO_NAMES


def test_a_variable_that_the_user_set_is_named_without_its_value() -> None:
    assert redact_environment({"MY_TOKEN": "x", "GOGC": "50", "OTHER": "y", "GONE": None}) == {
        "MY_TOKEN": REDACTED, "GOGC": "50", "OTHER": REDACTED, "GONE": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "DB_PASSWORD",
        "auth-token",
        "apiKey",
        "APIKEY",
        "aws_secret_access_key",
        "clientSecret",
        "x.pwd",
    ],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "tokens",
        "token-file",
        "passwords_total",
        "author",
        "GOAUTH",
        "monkey",
        "hotkey",
        "path",
        "compat",
        "Key",
    ],
)
def test_names_of_other_things_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@given(st.lists(st.text(), max_size=8))
def test_any_argument_list_keeps_its_length(argv: list[str]) -> None:
    assert len(redact_argv(argv)) == len(argv)


@given(st.text(alphabet="abtokenpsword=:/@-_'\"\\?& .{}XeyJ\0", max_size=400))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


def test_a_long_hostile_argument_takes_no_time() -> None:
    for piece in (
        "a" * 50_000,
        "token" * 10_000,
        "://" * 20_000,
        '"a":"' * 10_000,
        "-X a.b=" * 5_000,
        "eyJ." * 9_000,
    ):
        began = time.perf_counter()
        redact_argv(["svc", f"token {piece}"])
        assert time.perf_counter() - began < 2.0
