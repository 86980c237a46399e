"""Keeps secrets out of captures: in command lines, in Go's settings, in text.

By name (``--token X``, ``DB_PASSWORD=…``, ``-X main.secret=…``, ``Authorization: …``), by place
(``user:password@`` in a URL, ``curl -u``), and by shape (keys that their issuers give a prefix). Not by
entropy: a Go command line is full of hashes, and a build identifier lost is a build that cannot be told from
another. What is redacted keeps its name, so that a reader sees that there was something. Of the environment
nothing is kept but the names in ``GO_NAMES``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

REDACTED = "<redacted>"

# Everything that `go help environment` and the runtime's documentation name, and what decides where caches
# lie.
GO_NAMES = frozenset({
    "AR", "CC", "CXX", "FC", "GCCGO", "PKG_CONFIG", "CGO_ENABLED", "CGO_CFLAGS", "CGO_CPPFLAGS",
    "CGO_CXXFLAGS", "CGO_FFLAGS", "CGO_LDFLAGS", "CGO_CFLAGS_ALLOW", "CGO_CFLAGS_DISALLOW",
    "CGO_CPPFLAGS_ALLOW", "CGO_CPPFLAGS_DISALLOW", "CGO_CXXFLAGS_ALLOW", "CGO_CXXFLAGS_DISALLOW",
    "CGO_FFLAGS_ALLOW", "CGO_FFLAGS_DISALLOW", "CGO_LDFLAGS_ALLOW", "CGO_LDFLAGS_DISALLOW",
    "GO111MODULE", "GO386", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOAUTH", "GOBIN", "GOCACHE",
    "GOCACHEPROG", "GOCOVERDIR", "GODEBUG", "GOENV", "GOEXE", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS",
    "GOGC", "GOGCCFLAGS", "GOHOSTARCH", "GOHOSTOS", "GOINSECURE", "GOMAXPROCS", "GOMEMLIMIT", "GOMIPS",
    "GOMIPS64", "GOMOD", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOOS", "GOPACKAGESDRIVER", "GOPATH",
    "GOPPC64", "GOPRIVATE", "GOPROXY", "GORACE", "GORISCV64", "GOROOT", "GOSUMDB", "GOTELEMETRY",
    "GOTELEMETRYDIR", "GOTMPDIR", "GOTOOLCHAIN", "GOTOOLDIR", "GOTRACEBACK", "GOVCS", "GOVERSION",
    "GOWASM", "GOWORK", "TMPDIR", "XDG_CACHE_HOME",
})  # fmt: skip

# The last word of a flag's, variable's or header's name that says its value is a secret. "tokens",
# "token-file" and "secretName" are none: what they hold is a number, a path, a name.
_WORD = (
    r"(?:token|password|passwd|passphrase|pwd|secret|secret[-_.]?key|api[-_.]?key|access[-_.]?key|private[-_.]?key"
    r"|signing[-_.]?key|encryption[-_.]?key|account[-_.]?key|access[-_.]?key[-_.]?id|authorization|auth|credentials?"
    r"|cookie|bearer|session[-_.]?id|signature|pat|dsn)"
)
_HUMP = r"(?:Token|Password|Passwd|Passphrase|Pwd|Secret|Authorization|Auth|Credentials?|Cookie|Signature)"
_KEYED = r"(?:[aA]pi|[aA]ccess|[pP]rivate|[sS]ecret|[sS]igning|[eE]ncryption|[aA]ccount)Key"
_SECRET_NAME = re.compile(rf"(?:^|[-_.]){_WORD}$", re.IGNORECASE)
_CAMEL_NAME = re.compile(rf"(?:[A-Za-z0-9]{_HUMP}|{_KEYED}|(?i:(?:^|[-_.])apikey))$")
# Values that cannot be secrets, so that a switch stays readable.
_HARMLESS = re.compile(r"(?:true|false|yes|no|on|off|none|null|nil|auto|\d{0,3})", re.IGNORECASE)

_ASSIGNMENT = re.compile(
    r"(?P<name>(?<![\w./\\%-])-{0,2}[A-Za-z_][\w.-]*)(?P<equals>=)"
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s;&|,'">][^\s;&|,'"]*)"""
)
# -X of the linker, which also stands inside -ldflags and GOFLAGS: import/path.name=value, perhaps quoted as a
# whole.
_LINKER = re.compile(
    r"""(?P<flag>-X[ =\0]\s*)(?:(?P<quote>['"])(?P<quoted>[^'"\0=]*)=[^'"\0]*(?=['"]|$)"""
    r"""|(?P<plain>[^\s='"\0]+)=(?P<value>[^\s'"\0]*))"""
)
_JSON = re.compile(r'(?P<name>"(?P<bare>[\w.-]+)"\s*:\s*)"(?:[^"\\]|\\.)*"')
_HEADER = re.compile(
    r"(?P<name>\b(?:(?:proxy-)?authorization|(?:set-)?cookie|[\w-]*(?:api-?key|token|secret|password|auth-key))\s*:"
    r"\s*(?:bearer|basic|token|digest|negotiate|apikey)?\s*)(?P<value>[^\s'\"][^\r\n'\"]*)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b((?:bearer|basic)\s+)[A-Za-z0-9+/=_.~-]{12,}", re.IGNORECASE)
_USERINFO = re.compile(
    r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)(?P<user>[^\s:@/?#'\"]*)(?P<password>:[^\s@/?#'\"]*)?@"
)
_QUERY = re.compile(r"(?P<name>[?&](?P<bare>[\w.-]+)=)[^&\s#'\"]+")
_SHAPES = re.compile(
    r"\b(?:"
    r"(?:AKIA|ASIA|AROA|AIDA|AGPA|ANPA|ANVA|AIPA)[0-9A-Z]{16}"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"  # GitHub
    r"|gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent)-[A-Za-z0-9_.-]{16,}"  # GitLab
    r"|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"  # JWT
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}"  # Google
    r"|[rsp]k_(?:live|test)_[0-9A-Za-z]{16,}"  # Stripe
    r"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{32,}|dckr_pat_[A-Za-z0-9_-]{20,}"  # registries
    r"|hv[sb]\.[A-Za-z0-9_-]{24,}|do[opr]_v1_[a-f0-9]{64}|sk-[A-Za-z0-9_-]{20,}|glsa_[A-Za-z0-9_]{32,}"
    r")"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)

# Flags that are secret for one program only; "joined" ones carry the value in the same argument.
_OWN_FLAGS: dict[str, frozenset[str]] = {
    "curl": frozenset(
        {"-u", "--user", "-U", "--proxy-user", "-b", "--cookie", "--oauth2-bearer", "--pass", "--key"}
    ),
    "wget": frozenset({"--http-password", "--ftp-password", "--proxy-password"}),
    "http": frozenset({"-a", "--auth"}),
    "https": frozenset({"-a", "--auth"}),
    "sshpass": frozenset({"-p"}),
    "redis-cli": frozenset({"-a", "--pass"}),
    "ldapsearch": frozenset({"-w"}),
    "openssl": frozenset({"-pass", "-passin", "-passout", "-k", "-K"}),
    "htpasswd": frozenset({"-b"}),
    "docker": frozenset({"-p"}),  # only in `docker login`, see below
    "podman": frozenset({"-p"}),
}
_JOINED = {
    "mysql": "-p",
    "mysqldump": "-p",
    "mariadb": "-p",
    "mysqladmin": "-p",
    "sshpass": "-p",
    "curl": "-u",
}
# One of these is in every text that the rules above can change; most command lines hold none and are left at
# once.
_HINTS = (
    "token", "pass", "pwd", "secret", "key", "auth", "credential", "cookie", "bearer", "basic",
    "session", "signature", "pat=", "-pat", "_pat", "dsn", "://", "eyj", "akia", "asia", "aroa", "aida",
    "agpa", "anpa", "anva", "aipa", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "gl", "xox", "xapp", "aiza",
    "ya29", "gocspx", "k_live", "k_test", "npm_", "pypi-", "hvs.", "hvb.", "_v1_", "sk-",
)  # fmt: skip


def redact_argv(argv: Sequence[str]) -> list[str]:
    """The command line without its secrets; as many arguments as before, ordinary ones unchanged."""
    arguments = list(argv)
    if not arguments:
        return arguments
    program = arguments[0].rpartition("/")[2]
    own = _OWN_FLAGS.get(program)
    joined = _JOINED.get(program)
    if own is not None and program in ("docker", "podman") and "login" not in arguments:
        own = None
    if own is None and joined is None and not _may_hold_secret("\0".join(arguments)):
        return arguments
    found = [redact_text(argument) for argument in arguments]
    for index, argument in enumerate(arguments[1:], 1):
        flag, equals, value = argument.partition("=")
        secret = own is not None and flag in own
        if not secret and flag.startswith("-"):
            secret = is_secret_name(flag.lstrip("-"))
        if secret and equals:
            if not _HARMLESS.fullmatch(value):
                found[index] = f"{flag}={REDACTED}"
        elif secret and index + 1 < len(arguments) and not _is_flag(arguments[index + 1]):
            if not _HARMLESS.fullmatch(arguments[index + 1]):
                found[index + 1] = REDACTED
        elif argument in ("-X", "--X") and index + 1 < len(arguments):
            pair = redact_text(f"-X\0{arguments[index + 1]}")
            found[index + 1] = pair.partition("\0")[2]
        elif joined is not None and argument.startswith(joined) and len(argument) > len(joined):
            found[index] = joined + REDACTED
    return found


def redact_text(text: str) -> str:
    """``text`` without what looks like a secret by its name, place or shape."""
    if not _may_hold_secret(text):
        return text
    text = _PEM.sub(REDACTED, text)
    text = _LINKER.sub(_without_linker_value, text)
    text = _USERINFO.sub(_without_userinfo, text)
    text = _QUERY.sub(_without_query_value, text)
    text = _JSON.sub(lambda m: f'{m["name"]}"{REDACTED}"' if is_secret_name(m["bare"]) else m[0], text)
    text = _HEADER.sub(lambda m: m["name"] + REDACTED, text)
    text = _BEARER.sub(lambda m: m[1] + REDACTED, text)
    text = _ASSIGNMENT.sub(_without_assigned_value, text)
    return _SHAPES.sub(REDACTED, text)


def go_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment (or of ``go env``) a capture may keep: Go's own names, their values without
    secrets."""
    return {name: redact_text(environment[name]) for name in sorted(GO_NAMES & environment.keys())}


def redact_environment(
    environment: Mapping[str, str | None], names: Iterable[str] = ()
) -> dict[str, str | None]:
    """Every name, but only Go's own (and ``names``) with their values: for variables that the user set for a
    command."""
    shown = GO_NAMES.union(names)
    return {
        name: value if value is None else redact_text(value) if name in shown else REDACTED
        for name, value in environment.items()
    }


def is_secret_name(name: str) -> bool:
    """Whether a flag, variable or field of this name holds a secret: ``DB_PASSWORD``, ``auth-token``,
    ``apiKey``."""
    return bool(_SECRET_NAME.search(name) or _CAMEL_NAME.search(name))


def _may_hold_secret(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def _is_flag(argument: str) -> bool:
    return argument.startswith("--") or (len(argument) == 2 and argument[0] == "-")


def _without_linker_value(match: re.Match[str]) -> str:
    variable = match["quoted"] if match["plain"] is None else match["plain"]
    if not is_secret_name(variable.rpartition("/")[2]) or _HARMLESS.fullmatch(match["value"] or "x"):
        return match[0]
    return f"{match['flag']}{match['quote'] or ''}{variable}={REDACTED}"


def _without_userinfo(match: re.Match[str]) -> str:
    if match["password"] is not None:
        return f"{match['scheme']}{match['user']}:{REDACTED}@"
    # A name alone is who one is (ssh://git@…), unless it is too long for a name: https://TOKEN@host.
    if len(match["user"]) >= 20 or _SHAPES.search(match["user"]):
        return f"{match['scheme']}{REDACTED}@"
    return match[0]


def _without_query_value(match: re.Match[str]) -> str:
    secret = is_secret_name(match["bare"]) or match["bare"].lower() in ("sig", "key", "code", "access")
    return match["name"] + REDACTED if secret else match[0]


def _without_assigned_value(match: re.Match[str]) -> str:
    value = match["value"].strip("'\"")
    name = (
        match["name"].lstrip("-").removeprefix("D")
        if match["name"].startswith("-D")
        else match["name"].lstrip("-")
    )
    if not is_secret_name(name) or value == REDACTED or _HARMLESS.fullmatch(value):
        return match[0]
    return f"{match['name']}={REDACTED}"
