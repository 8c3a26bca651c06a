"""A book to learn words from, in `opticks.bz2`; `opticks.txt` has its source and licence."""

import os.path

_FILE = os.path.join(os.path.dirname(__file__), "opticks.bz2")


def opticks() -> str:
    """Return Newton's Opticks, the whole book in its own spelling: 98,000 words on light.

    Source: Isaac Newton (1730), Opticks, fourth edition, https://www.gutenberg.org/ebooks/33504;
    public domain.

    >>> opticks().splitlines()[0]
    'OPTICKS:'
    """
    import bz2

    with bz2.open(_FILE, "rt", encoding="utf-8") as file:
        return file.read()
