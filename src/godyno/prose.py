"""Text for a person that holds commands to paste: how they are written into it, and how it is laid out.

A command is a line that begins with four spaces, as in Markdown. It is never wrapped, cut or decorated, however long; prose is wrapped to
the width that there is, though not inside of `what stands in backticks` nor inside of a long word, which may be a path to copy.
"""

from __future__ import annotations

import os
import re
import shlex

INDENT = "    "
_WORD = re.compile(r"(?:`[^`\n]+`|\S)+")


def printable(text: str, instead: str = " ") -> str:
    """Somebody else's text, so that it does nothing to a terminal: ``instead`` of each character that cannot be seen."""
    return "".join(char if char.isprintable() else instead for char in text)


def quoted(*words: str) -> str:
    """Words for a shell, on one line whatever they hold: control characters as in ``$'\\x0a'``, which bash, zsh and POSIX 2024 read."""
    return " ".join(shlex.quote(word) if word.isprintable() else _escaped(word) for word in words)


def _escaped(word: str) -> str:
    parts = (
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}"
        for byte in os.fsencode(word)
    )
    return f"$'{''.join(parts)}'"


def paste(*commands: str) -> str:
    """Lines to be added to a sentence: each command on one of its own."""
    return "".join(f"\n{INDENT}{command}" for command in commands if command)


def pieces(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The text as (sentences, the commands below them); what has only commands has no sentences."""
    out: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line.startswith(INDENT):
            if not out:
                out.append(("", []))
            out[-1][1].append(line[len(INDENT) :])
        elif line.strip():
            if out and not out[-1][1]:
                out[-1] = (f"{out[-1][0]}\n{line}", [])
            else:
                out.append((line, []))
    return [(said, tuple(commands)) for said, commands in out]


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Prose in lines of ``width`` cells that begin with ``first``, and ``rest`` (as wide, where not given); at least one line."""
    from rich.cells import cell_len

    rest = " " * cell_len(first) if rest is None else rest
    lines, line, filled = [], first, False
    for word in _WORD.findall(text):
        if filled and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line, filled = rest, False
        line += f" {word}" if filled else word
        filled = True
    return [*lines, line]


def laid_out(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines: prose as ``wrapped`` does it, each command whole on a line of its own, set in by four."""
    margin = " " * len(first) if rest is None else rest
    lines: list[str] = []
    for said, commands in pieces(text):
        for sentence in said.split("\n") if said else ():
            lines += wrapped(sentence, width, margin if lines else first, margin)
        lines += [f"{margin}{INDENT}{command}" for command in commands]
    return lines or [first.rstrip()]
