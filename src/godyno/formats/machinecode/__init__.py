"""Compiled Go code, read: what the machine's instructions do to registers and memory, whatever the architecture.

``objdump`` and ``listing`` read what Go's own tools print; ``gosyntax``, ``mips`` and ``wasm`` turn that into effects;
``symbolic`` follows where values come from and go to.
"""
