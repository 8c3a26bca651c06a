"""The command that is running, in the words in which it was asked for."""

import shlex
import sys


def typed(*more: str) -> str:
    """The command as one types it, with `more` words at its end unless they are there."""
    words = ["microgd", *sys.argv[1:]]
    return shlex.join([*words, *(word for word in more if word not in words)])
