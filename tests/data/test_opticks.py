"""The book is the one that was printed: its words, its counts and every byte."""

import hashlib
from collections import Counter
from pathlib import Path

import microgd.data
from microgd.data import opticks, words

FOLDER = Path(microgd.data.__file__).parent


def test_every_byte_is_as_transcribed() -> None:
    assert (
        hashlib.sha256(opticks().encode()).hexdigest()
        == "c866bae6466713fa65195714a6b8c83579c43c5ed3befff2f7ec09095157db64"
    )


def test_the_whole_book_is_there_from_the_title_to_the_last_sentence() -> None:
    book = opticks()
    assert book.startswith("OPTICKS:\n\nOR, A\n\nTREATISE")
    assert book.endswith("before they corrupted\nthemselves.\n")
    for part in ("THE FIRST BOOK OF OPTICKS", "SECOND BOOK", "THIRD BOOK", "Quest. 31."):
        assert part in book


def test_only_newton_speaks() -> None:
    book = opticks().lower()
    for theirs in ("gutenberg", "transcriber", "proofread", "lybarger", "[illustration", "[greek"):
        assert theirs not in book
    assert "_" not in book


def test_it_is_a_book_on_colours() -> None:
    counts = Counter(words(opticks()))
    assert 95_000 < sum(counts.values()) < 100_000
    assert counts.most_common(1)[0][0] == "the"
    for colour in "red orange yellow green blue indigo violet".split():
        assert counts[colour] >= 20


def test_the_file_is_small_and_its_licence_beside_it() -> None:
    assert (FOLDER / "opticks.bz2").stat().st_size < 150_000
    notice = (FOLDER / "opticks.txt").read_text(encoding="utf-8")
    for part in ("Isaac Newton", "1730", "Public domain", "https://www.gutenberg.org/ebooks/33504"):
        assert part in notice
