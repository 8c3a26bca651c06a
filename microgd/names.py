"""Names that the user writes: looked up in a table, with the nearest known one in the error."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def choose(what: str, name: object, known: Mapping[str, T]) -> T:
    """The entry of `known` under `name`; `what` begins the error that says which names there are.

    Raises ValueError for a name that is not known.

    >>> choose("mse_loss: reduction", "men", {"mean": 1, "sum": 2})
    Traceback (most recent call last):
    ValueError: mse_loss: reduction 'men' is unknown; did you mean 'mean'? There are mean, sum
    """
    if isinstance(name, str) and name in known:
        return known[name]
    from difflib import get_close_matches  # costs a millisecond, and only an error needs it

    close = get_close_matches(str(name).lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? There" if close else "there"
    raise ValueError(f"{what} {name!r:.60} is unknown; {hint} are {', '.join(known)}")
