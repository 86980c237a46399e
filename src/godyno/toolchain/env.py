"""``go env`` without secrets: only names that are known to be Go's own, credentials in URLs and flags blotted
out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from godyno.errors import ToolchainError
from godyno.toolchain.go import Go

# Left out with reason: GOGCCFLAGS (holds a fresh temporary directory at each call), GOAUTH's arguments and
# the like are redacted below. Anything a future Go adds stays out until it is known to be harmless.
KNOWN_NAMES = frozenset(
    (
        "AR",
        "CC",
        "CXX",
        "FC",
        "GCCGO",
        "PKG_CONFIG",
        "CGO_ENABLED",
        "CGO_CFLAGS",
        "CGO_CPPFLAGS",
        "CGO_CXXFLAGS",
        "CGO_FFLAGS",
        "CGO_LDFLAGS",
        "GO111MODULE",
        "GO386",
        "GOAMD64",
        "GOARCH",
        "GOARM",
        "GOARM64",
        "GOAUTH",
        "GOBIN",
        "GOCACHE",
        "GOCACHEPROG",
        "GOCOVERDIR",
        "GODEBUG",
        "GOENV",
        "GOEXE",
        "GOEXPERIMENT",
        "GOFIPS140",
        "GOFLAGS",
        "GOGC",
        "GOHOSTARCH",
        "GOHOSTOS",
        "GOINSECURE",
        "GOMAXPROCS",
        "GOMEMLIMIT",
        "GOMIPS",
        "GOMIPS64",
        "GOMOD",
        "GOMODCACHE",
        "GONOPROXY",
        "GONOSUMDB",
        "GOOS",
        "GOPACKAGESDRIVER",
        "GOPATH",
        "GOPPC64",
        "GOPRIVATE",
        "GOPROXY",
        "GORACE",
        "GORISCV64",
        "GOROOT",
        "GOSUMDB",
        "GOTELEMETRY",
        "GOTELEMETRYDIR",
        "GOTMPDIR",
        "GOTOOLCHAIN",
        "GOTOOLDIR",
        "GOTRACEBACK",
        "GOVCS",
        "GOVERSION",
        "GOWASM",
        "GOWORK",
    )
)
REDACTED = "[redacted]"

_URL_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/@\s,|]*@")
_URL_PARAMETER = re.compile(
    r"(?P<name>[?&][^=&\s,|]*(?:token|key|secret|password|auth|sig)[^=&\s,|]*=)[^&\s,|]+", re.I
)
# -ldflags=-X main.token=… is the usual way to bake a value into a binary; the name may stay, the value may
# not.
_LINKED_VALUE = re.compile(r"(?P<name>-X[= ]['\"]?[^\s=]+=)(?:'[^']*'|\"[^\"]*\"|[^\s'\"]+)")
_DEFINED_VALUE = re.compile(r"(?P<name>-D[^\s=]*(?:token|key|secret|password)[^\s=]*=)\S+", re.I)
_WORD_VALUE = re.compile(r"(?P<name>--?[\w-]*(?:token|key|secret|password|auth)[\w-]*[= ])\S+", re.I)


def go_env(go: Go, directory: str | Path | None = None) -> dict[str, str]:
    """The Go environment in ``directory`` (default: the current one), secrets redacted, by name. Raises
    ToolchainError.
    """
    answers = go.run_json("env", "-json", cwd=directory)
    if not answers or not isinstance(answers[0], dict):
        raise ToolchainError("`go env -json` printed no object")
    return redacted_env(answers[0])


def redacted_env(variables: Mapping[str, object]) -> dict[str, str]:
    """``variables`` with only the known names kept and credentials in their values replaced, sorted by
    name.
    """
    return {
        name: redacted(name, value)
        for name, value in sorted(variables.items())
        if name in KNOWN_NAMES and isinstance(value, str)
    }


def redacted(name: str, value: str) -> str:
    """``value`` of variable ``name`` without URL credentials, URL parameters that look secret, or values
    linked in by -X.
    """
    if name in ("GOAUTH", "GOCACHEPROG"):
        # Commands of the user's own: which program is of interest, its arguments may hold a token.
        return "; ".join(_first_word(part) for part in value.split(";"))
    value = _URL_CREDENTIALS.sub(rf"\g<scheme>{REDACTED}@", value)
    value = _URL_PARAMETER.sub(rf"\g<name>{REDACTED}", value)
    value = _LINKED_VALUE.sub(rf"\g<name>{REDACTED}", value)
    value = _DEFINED_VALUE.sub(rf"\g<name>{REDACTED}", value)
    return _WORD_VALUE.sub(rf"\g<name>{REDACTED}", value)


def _first_word(command: str) -> str:
    words = command.split()
    return "" if not words else words[0] if len(words) == 1 else f"{words[0]} {REDACTED}"
