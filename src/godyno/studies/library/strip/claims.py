"""What the source says of stripping, beside what ``strip`` measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from godyno import units
from godyno.model import Finding, Trial
from godyno.studies.library.strip.builds import NATIVE, PLAIN
from godyno.studies.study import CONFIRMED, NOT_CONFIRMED, NOT_TRIED, BaseStudy, ratio, shown

_STRIPPED = "s+w"


def claims(
    study: BaseStudy, trials: Sequence[Trial], sizes: Mapping[str, Mapping[str, float]]
) -> Iterator[Finding]:
    """One finding a claim: that -s and -w add up, that architectures differ, that stripped programs are loaded sooner."""
    yield _together(study, sizes)
    yield _by_target(study, sizes)
    yield _sooner(study, trials)


def _together(study: BaseStudy, sizes: Mapping[str, Mapping[str, float]]) -> Finding:
    said = "-s and -w work together: -s strips symbols, -w DWARF"
    pairs = {
        target: (found["s"], found["s+w"])
        for target, found in sizes.items()
        if "s" in found and "s+w" in found
    }
    if not pairs:
        return study.claim(said, NOT_TRIED, "the builds s and s+w were not both made")
    unlike = [target for target, (alone, both) in pairs.items() if alone != both]
    if unlike:
        return study.claim(said, CONFIRMED, f"-s -w is smaller than -s alone on {', '.join(unlike)}")
    return study.claim(
        said, NOT_CONFIRMED, f"-s alone gives files of the same size on {', '.join(pairs)}: it implies -w"
    )


def _by_target(study: BaseStudy, sizes: Mapping[str, Mapping[str, float]]) -> Finding:
    said = "What is saved differs by architecture: 17 % on amd64, 23 % on arm64, 32 % on riscv64"
    saved = {
        target: 1 - found[_STRIPPED] / found[PLAIN]
        for target, found in sizes.items()
        if PLAIN in found and _STRIPPED in found and (target == NATIVE or target.startswith("linux/"))
    }
    if len(saved) < 2:
        return study.claim(said, NOT_TRIED, "fewer than two ELF targets were built")
    listed = ", ".join(f"{target} {units.show_ratio(value)}" for target, value in saved.items())
    spread = max(saved.values()) - min(saved.values())
    return study.claim(
        said, CONFIRMED if spread > 0.1 else NOT_CONFIRMED, f"{listed}: {100 * spread:.1f} points apart"
    )


def _sooner(study: BaseStudy, trials: Sequence[Trial]) -> Finding:
    said = "A stripped program is loaded faster (the source gives 18 to 25 ms, without the time before)"
    plain = {"target": NATIVE, "build": PLAIN}
    found = {
        state: ratio(trials, f"load.{state}.main", plain, plain | {"build": _STRIPPED})
        for state in ("warm", "cold")
    }
    known = {state: one for state, one in found.items() if one is not None and one.interval is not None}
    if not known:
        reason = (
            "it was loaded in too few trials for an interval"
            if any(found.values())
            else "programs were not loaded here"
        )
        return study.claim(said, NOT_TRIED, reason)
    sure = [state for state, one in known.items() if one.interval is not None and one.interval.high < 1.0]
    listed = ", ".join(f"{state} {shown(one)}" for state, one in known.items())
    return study.claim(said, CONFIRMED if sure else NOT_CONFIRMED, f"stripped over plain: {listed}")
