"""Drive: a worker's program, run to its end against whatever carries its requests."""

from typing import Any, Protocol

from microgd.parallel.requests import Program, Request


class Link(Protocol):
    """A worker's end of a transport."""

    def ask(self, request: Request) -> Any:
        """The answer to a request, as soon as it is there."""


def drive(program: Program, link: Link) -> None:
    """Carry each request of a program to the link, and the answer back."""
    answer = None
    while True:
        try:
            request = program.send(answer)
        except StopIteration:
            return
        answer = link.ask(request)
