"""The command line: the only room that reads the environment, echoes and exits."""

from app.cli.commands import main

__all__ = ["main"]
