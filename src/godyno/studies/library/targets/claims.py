"""What the source says of registers, vectors and memmove, beside the code that was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from godyno.model import Finding
from godyno.studies.library.targets.levels import BASE
from godyno.studies.library.targets.seen import Seen
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy


def claims(study: BaseStudy, seen: Seen) -> Iterator[Finding]:
    """One finding a claim."""
    yield _vector_claim(
        study,
        seen,
        "linux/amd64",
        "amd64 supports AVX-512, and its lowering is aware of AVX",
        "AVX-512",
        ("v4", "v3"),
    )
    yield _vector_claim(
        study, seen, "linux/arm64", "arm64 supports SVE2, mapped by intrinsics", "SVE", ("v9.0", "lse")
    )
    yield _vector_claim(
        study,
        seen,
        "linux/riscv64",
        "riscv64 supports Zve32x/Zve64x, with a vectorizer",
        "V",
        ("rva23u64", "rva22u64"),
    )
    said = "memmove is made by the SSA back end for the GOARCH, with REP MOVSB"
    if seen.memmove:
        by_hand = seen.memmove.partition(" ")[0].endswith(".s")
        text = f"{seen.go}: its code comes from {seen.memmove}{', written by hand' if by_hand else ''}"
        yield study.claim(said, NOT_CONFIRMED if by_hand else CONFIRMED, text)
    else:
        yield study.claim(said, NOT_TRIED, "no program was built for this machine")
    for target, wanted, name in (
        ("linux/amd64", 16, "16 × GPR"),
        ("linux/arm64", 31, "31 × X-reg"),
        ("linux/riscv64", 32, "32 × x-reg"),
    ):
        said = f"{target.partition('/')[2]}: {name}"
        one, abi = seen.emitted.get((target, BASE)), seen.abi.get(target)
        if one is None or abi is None:
            yield study.claim(said, NOT_TRIED, f"{target} was not among the targets, or could not be read")
            continue
        roles = sum(1 for role in (abi.stack_pointer, abi.frame_pointer, abi.g) if role)
        yield study.claim(
            said,
            NOT_TRIED if one.integer_registers + roles <= wanted else NOT_CONFIRMED,
            f"compiled code names {one.integer_registers} and {roles} with a role; how many more the processor has cannot be told from it",
        )


def _vector_claim(
    study: BaseStudy, seen: Seen, target: str, said: str, name: str, levels: Sequence[str]
) -> Finding:
    read = [level for level in levels if (target, level) in seen.emitted]
    if not read:
        return study.claim(said, NOT_TRIED, f"{target} was not compiled at {' or '.join(levels)}")
    found = [
        level
        for level in read
        if name in seen.emitted[target, level].always or name in seen.emitted[target, level].checked
    ]
    loops = [level for level in read if seen.emitted[target, level].vectorized]
    known = (
        "the assembler knows it"
        if name in seen.vectors.get(target, ())
        else "the assembler does not take an instruction of it"
    )
    label = seen.labels[target, read[0]]
    used = (
        f"the compiler uses it at {seen.labels[target, found[0]]}"
        if found
        else f"in no probe the compiler uses it, not at {label} either"
    )
    loop = "a loop over slices is vectorized" if loops else "a loop over slices stays one element at a time"
    return study.claim(
        said, CONFIRMED if found and loops else NOT_CONFIRMED, f"{seen.go}: {known}; {used}; {loop}"
    )
