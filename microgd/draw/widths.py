"""How wide text is: in Arial, and in the fonts that have its metrics (Liberation Sans, Arimo)."""

import math
import unicodedata

# Thousandths of the font size for the characters from " " to "~", as in Adobe's metrics of
# Helvetica (https://github.com/adobe-type-tools), which Arial shares
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556"
    " 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833"
    " 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556"
    " 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334"
    " 260 334 584"
)
_WIDTHS = [int(width) / 1000 for width in _ASCII.split()]
BOLD = 1.09  # at most so much wider is bold type


def width(text: str, size: float, bold: bool = False) -> int:
    """The width of one line in points, rounded up; other scripts than Latin are guessed.

    >>> width("tanh", 12)
    24
    """
    ems = sum(map(_of, text)) * (BOLD if bold else 1)
    return math.ceil(size * ems)


def _of(character: str) -> float:
    if " " <= character <= "~":
        return _WIDTHS[ord(character) - 32]
    if unicodedata.combining(character):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.75
