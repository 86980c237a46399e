import pytest
from hypothesis import given
from hypothesis import strategies as st

from godyno.formats.buildcommand import KINDS, BuildCommand, build_command

TOOLS = "/usr/local/go/pkg/tool/linux_amd64"
WORK = "/tmp/go-build2738098648/b135"

# Arguments as `strace -f -e trace=execve` showed them for go build, test and vet of Go 1.27 and GCC 12.
CASES = [
    ("/usr/local/go/bin/go", "go build ./cmd/x", BuildCommand("go", subcommand="build")),
    ("/usr/local/go/bin/go", "go -C dir test ./...", BuildCommand("go", subcommand="test")),
    (f"{TOOLS}/compile", "compile -V=full", BuildCommand("compile", query=True)),
    (
        f"{TOOLS}/compile",
        f"compile -o {WORK}/_pkg_.a -trimpath {WORK}=> -p example.com/m/b -lang=go1.21 -pack /home/u/m/b/b.go",
        BuildCommand("compile", "example.com/m/b", WORK),
    ),
    (
        f"{TOOLS}/link",
        f"link -o {WORK}/exe/a.out -importcfg {WORK}/importcfg.link -buildmode=exe {WORK}/_pkg_.a",
        BuildCommand("link", "", WORK),
    ),
    (f"{TOOLS}/asm", f"asm -p runtime -trimpath {WORK}=> -I {WORK}/ -o {WORK}/asm.o x.s", BuildCommand("asm", "runtime", WORK)),
    (
        f"{TOOLS}/cgo",
        f"cgo -objdir {WORK}/ -importpath example.com/m/c -- -I {WORK}/ -g -O2 ./c.go",
        BuildCommand("cgo", "example.com/m/c", WORK),
    ),
    (f"{TOOLS}/vet", "vet -flags", BuildCommand("vet", query=True)),
    (f"{TOOLS}/vet", f"vet -json {WORK}/vet.cfg", BuildCommand("vet", "", WORK)),
    (f"{TOOLS}/cover", f"cover -pkgcfg {WORK}/pkgcfg.txt -mode set", BuildCommand("cover", "", WORK)),
    (f"{TOOLS}/nm", "nm x", BuildCommand("gotool")),
    ("/tmp/go-build9251044/b001/exe/covdata", "covdata percent", BuildCommand("covdata", "", "/tmp/go-build9251044/b001")),
    (f"{WORK}/b.test", f"{WORK}/b.test -test.paniconexit0 -test.timeout=10m0s", BuildCommand("test", "", WORK)),
    ("/home/u/m/m.test", "./m.test -test.v", BuildCommand("test")),
    ("/usr/bin/x86_64-linux-gnu-gcc-12", "gcc -### -x c -c -", BuildCommand("gcc", query=True)),
    ("/usr/bin/x86_64-linux-gnu-gcc-12", f"gcc -I {WORK}/ -g -O2 -o {WORK}/_x001.o -c _cgo_export.c", BuildCommand("gcc", "", WORK)),
    ("/usr/bin/gcc", "gcc -m64 -o /tmp/go-link-18/a.out -no-pie /tmp/go-link-18/trivial.c", BuildCommand("gcc", query=True)),
    ("/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "cc1 -quiet /tmp/go-link-1/trivial.c", BuildCommand("cc1", query=True)),
    ("/usr/bin/as", f"as --64 -o {WORK}/_x001.o /tmp/cc.s", BuildCommand("as", "", WORK)),
    ("/usr/lib/gcc/x86_64-linux-gnu/12/collect2", "collect2 -plugin x", BuildCommand("collect2")),
    ("/usr/bin/x86_64-linux-gnu-ld.bfd", "/usr/bin/ld -plugin x", BuildCommand("ld")),
    ("/root/go/bin/gopls".replace("root", "home/u"), "gopls serve", BuildCommand("gopls")),
    ("/usr/bin/link", "link a b", BuildCommand("other")),
    ("/usr/bin/python3", "python3 -c pass", BuildCommand("other")),
    ("", "", BuildCommand("other")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("exe", "command", "expected"), CASES, ids=[f"{i}-{c[2].kind}" for i, c in enumerate(CASES)]
)
def test_a_process_is_told_by_its_executable_and_arguments(
    exe: str, command: str, expected: BuildCommand
) -> None:
    assert build_command(exe, command.split()) == expected


def test_arguments_alone_suffice_where_the_executable_is_not_known() -> None:
    assert build_command("", [f"{TOOLS}/compile", "-p", "x"]).kind == "compile"


@given(st.text(), st.lists(st.text() | st.sampled_from(["-p", "-V=full", "-C", f"{WORK}/x", "-importpath"])))
def test_nothing_raises_and_every_kind_is_known(exe: str, argv: list[str]) -> None:
    for path in (exe, f"{TOOLS}/{exe}", f"{TOOLS}/compile", f"{TOOLS}/cgo", "/usr/bin/gcc"):
        assert build_command(path, argv).kind in KINDS
