"""Meeting: where workers wait for one another, and who can go on when, whatever carries them."""

from collections import defaultdict, deque
from typing import Any

import numpy as np

from microgd.parallel.errors import DeadlockError, LostError
from microgd.parallel.requests import AllReduce, Barrier, Receive, Request, Send, Turn

Answers = list[tuple[int, Request, Any]]
"""Workers that can go on: the number, the request that it made, and the answer to it."""


class Meeting:
    """Answers requests that wait for other workers: all but Pull and Push.

    A transport hands in what the workers ask, and carries out the answers: one at once, none yet,
    or several when the last of those that wait for one another is there.

    here     the workers that the others wait for: whoever is done or died holds nobody up
    waiting  what each that waits has asked

    >>> meeting = Meeting(2)
    >>> meeting.ask(1, AllReduce(np.array([1.0])))
    []
    >>> [(me, answer) for me, _, answer in meeting.ask(0, AllReduce(np.array([2.0])))]
    [(0, array([3.])), (1, array([3.]))]
    """

    def __init__(self, workers: int) -> None:
        self.here = set(range(workers))
        self.waiting: dict[int, Request] = {}
        self._holder: int | None = None  # of the turn
        self._next = 0
        self._mail: dict[tuple[int, int], deque[Any]] = defaultdict(deque)

    def ask(self, me: int, request: Request) -> Answers:
        """Who can go on, now that a worker asks for this."""
        if isinstance(request, Send):
            self._mail[me, request.to].append(request.array)
            return [(me, request, None), *self._settle()]
        self.waiting[me] = request
        return self._settle()

    def pushed(self, me: int) -> Answers:
        """Who can go on, now that a worker has pushed: its turn, if it had one, is over."""
        if self._holder != me:
            return []
        self._holder = None
        return self._settle()

    def leave(self, me: int) -> Answers:
        """Who can go on, now that a worker is done or has died.

        Raises LostError if another waits for what it would have sent.
        """
        self.here.discard(me)
        self.waiting.pop(me, None)
        if self._holder == me:
            self._holder = None
        return self._settle()

    def lost(self, me: int) -> Answers:
        """Who can go on, now that a worker has died. Raises LostError if it sent arrays.

        One that takes its place holds nobody up before it has first met the others.
        """
        if any(me in pair for pair in self._mail):
            raise LostError(
                f"worker {me} died, and its part of the model with it; begin anew, or train by an"
                " algorithm whose workers hold the whole model"
            )
        return self.leave(me)

    def deadlock(self, algorithm: str) -> DeadlockError:
        """The error to raise when all workers wait: who waits for what."""
        said = [f"worker {me} at {_words(request)}" for me, request in sorted(self.waiting.items())]
        return DeadlockError(
            f"{algorithm}: {', '.join(said)}: each waits for what none of the others will do; let"
            " all workers make these requests in the same order"
        )

    def _settle(self) -> Answers:
        """The answers to those whose waiting is over."""
        found = [*self._received(), *self._met(AllReduce), *self._met(Barrier), *self._turn()]
        return [(me, self.waiting.pop(me), answer) for me, answer in found]

    def _asking(self, kind: type[Any]) -> list[tuple[int, Any]]:
        """Who waits in requests of this kind, in the order of their numbers."""
        asking = sorted(self.waiting.items(), key=lambda item: item[0])
        return [(me, request) for me, request in asking if isinstance(request, kind)]

    def _received(self) -> list[tuple[int, Any]]:
        answers = []
        for me, request in self._asking(Receive):
            if mail := self._mail[request.sender, me]:
                answers.append((me, mail.popleft()))
            elif request.sender not in self.here:
                raise LostError(
                    f"worker {me} waits for an array from worker {request.sender}, which is gone,"
                    " and its part of the model with it; begin anew"
                )
        return answers

    def _met(self, kind: type[Any]) -> list[tuple[int, Any]]:
        """All, if all that are at work are there."""
        asking = self._asking(kind)
        if not asking or self.here - {me for me, _ in asking}:
            return []
        self.here.update(me for me, _ in asking)
        if kind is Barrier:
            return [(me, None) for me, _ in asking]
        total = np.sum([request.array for _, request in asking], axis=0)
        return [(me, total.copy()) for me, _ in asking]

    def _turn(self) -> list[tuple[int, Any]]:
        """The next by number, or the first of all, if the turn is free and it has come for it."""
        asking = {me for me, _ in self._asking(Turn)}
        if self._holder is not None or not asking:
            return []
        me = min(self.here | asking, key=lambda me: (me < self._next, me))
        if me not in asking:
            return []
        self.here.add(me)
        self._holder, self._next = me, me + 1
        return [(me, None)]


def _words(request: Request) -> str:
    name = type(request).__name__
    return f"{name} from worker {request.sender}" if isinstance(request, Receive) else name
