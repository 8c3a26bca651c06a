"""`python -m microgd` is `microgd`."""

from microgd.cli import main

main()
