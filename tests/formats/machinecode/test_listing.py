from godyno.formats.machinecode.listing import codes
from godyno.formats.machinecode.objdump import Relocation

TEXT = """probe.NonLeaf STEXT size=100 align=0x0 args=0xc locals=0xc funcid=0x0
\t0x0000 00000 (/src/probe.go:9)\tTEXT\tprobe.NonLeaf(SB), ABIInternal, $12-12
\t0x0000 00000 (/src/probe.go:9)\tMOVW\t8(g), R1
\t0x0000 8f c1 00 08 00 3d 08 2b 14 20 00 06 00 00 00 00  .....=.+. ......
\t0x0010 00 1f 18 25                                      ...%
\trel 20+4 t=R_CALLMIPS runtime.morestack_noctxt+0
go:cuinfo.producer.probe SDWARFCUINFO dupok size=0
\t0x0000 72 65                                            re
"".Stub STEXT nosplit asm size=8 args=0x0
\t0x0000 00 00 00 00                                      ....
\trel 4+4 t=10 probe.Leaf+0
"""


def test_bytes_and_relocations_are_read_and_the_assembler_text_is_not() -> None:
    first, second = codes(TEXT)
    assert first.name == "probe.NonLeaf"
    assert first.code == bytes.fromhex("8fc10008 003d082b 14200006 00000000 001f1825")
    assert first.relocations == {20: Relocation("R_CALLMIPS", "runtime.morestack_noctxt")}
    assert (second.name, len(second.code)) == ('"".Stub', 4)


def test_the_numbered_kinds_of_older_releases_are_taken_too() -> None:
    assert list(codes(TEXT))[1].relocations == {4: Relocation("10", "probe.Leaf")}


def test_data_is_not_taken_for_code() -> None:
    assert [code.name for code in codes(TEXT)] == ["probe.NonLeaf", '"".Stub']
