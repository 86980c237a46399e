"""``python -m godyno``."""

from godyno.cli import main

main()
