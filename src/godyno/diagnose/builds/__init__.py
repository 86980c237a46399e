"""What a recorded ``go build``, ``test``, ``vet``, ``install`` or ``run`` tells: one question a file.

Findings that name a remedy carry ``data["saves_s"]``: by how many seconds the command would have been shorter, from its own action graph
played again with that remedy (``schedule``).
"""
