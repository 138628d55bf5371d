"""`python -m tools` is `portvakt`."""

from tools.cli import app

app(prog_name="portvakt")
