"""From a text to numbers: words, a vocabulary, and pairs of words that stand close together."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from microgd.arguments import whole

Ids = NDArray[np.int64]

_WORD = re.compile(r"[^\W\d_]{2,}(?:['-][^\W\d_]+)*|\b[ai]\b")


def words(text: str) -> list[str]:
    """The words of a text in small letters, in order; one may hold hyphens and apostrophes.

    Single letters are left out but for "a" and "i": in a text on geometry they are points.

    >>> words("A Ray AB, reflex'd from the Quick-silver.")
    ['a', 'ray', 'ab', "reflex'd", 'from', 'the', 'quick-silver']
    """
    return _WORD.findall(text.lower())


def vocabulary(tokens: Iterable[str], least: int = 1) -> tuple[str, ...]:
    """The words that come at least `least` times, the most frequent first; ties as they come.

    Raises ValueError when no word does, or `least` is below 1.

    >>> vocabulary(["red", "blue", "red", "ray"], least=2)
    ('red',)
    """
    least = whole("vocabulary", "least", least, 1, "give 1 or more")
    counts = Counter(tokens)
    found = tuple(word for word, count in counts.most_common() if count >= least)
    if not found:
        most = max(counts.values(), default=0)
        raise ValueError(
            f"vocabulary: none of {len(counts)} words comes {least} times, the most frequent"
            f" {most} times; give a longer text or a smaller `least`"
        )
    return found


def encode(tokens: Iterable[str], known: Sequence[str]) -> Ids:
    """The places of the words in a vocabulary, one after another; words not in it are left out.

    >>> encode(["red", "ray", "blue", "red"], ("red", "blue"))
    array([0, 1, 0])
    """
    place = {word: number for number, word in enumerate(known)}
    return np.array([place[token] for token in tokens if token in place], np.int64)


def skip_grams(ids: Iterable[int], window: int = 4) -> tuple[Ids, Ids]:
    """All pairs (centre, context) of words at most `window` places apart, in both directions.

    Shapes: n words give centres and contexts of shape (2 * (n - 1 + n - 2 + ...),), `window`
    terms. Raises ValueError for a window below 1, or for a text that is not longer than it.
    Source: Mikolov et al. (2013), the skip-gram model, https://arxiv.org/abs/1301.3781 (there the
    window of each word is drawn anew, which weighs near words more).

    >>> centres, contexts = skip_grams([5, 6, 7], window=1)
    >>> centres.tolist(), contexts.tolist()
    ([5, 6, 6, 7], [6, 7, 5, 6])
    """
    window = whole("skip_grams", "window", window, 1, "give 1 or more")
    numbers = np.fromiter(ids, np.int64)
    if len(numbers) <= window:
        raise ValueError(
            f"skip_grams: {len(numbers)} words and a window of {window}; give more words than that"
        )
    centres, contexts = [], []
    for apart in range(1, window + 1):
        left, right = numbers[:-apart], numbers[apart:]
        centres += [left, right]
        contexts += [right, left]
    return np.concatenate(centres), np.concatenate(contexts)
