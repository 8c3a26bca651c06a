"""A program in a terminal of its own, a pty, in which a test presses keys."""

import os
import re
import select
import sys
import time

import pytest

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, columns, program, lines=40):
        self.child, self.stream = pty.fork()
        if not self.child:
            os.environ.update(COLUMNS=str(columns), LINES=str(lines), TERM="xterm", NO_COLOR="1")
            os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606
        self.said = ""

    def wait_for(self, what):
        """Read until `what` was said, and return what was said up to there."""
        deadline = time.monotonic() + 60
        while not (found := re.search(what, self.said)):
            assert time.monotonic() < deadline, f"{what} is not in {self.said!r}"
            if select.select([self.stream], [], [], 1)[0]:
                try:
                    self.said += os.read(self.stream, 65536).decode()
                except OSError:
                    assert re.search(what, self.said), f"{what} is not in {self.said!r}"
        said, self.said = self.said[: found.end()], self.said[found.end() :]
        return said

    def press(self, keys):
        os.write(self.stream, keys)

    def close(self):
        _, status = os.waitpid(self.child, 0)
        os.close(self.stream)
        return os.waitstatus_to_exitcode(status)
