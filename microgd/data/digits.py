"""Real handwritten digits, shipped in `digits.npz`; `digits.txt` has their source and licence."""

import os.path

import numpy as np
from numpy.typing import DTypeLike

from microgd.data._check import floating
from microgd.data.dataset import Dataset

_FILE = os.path.join(os.path.dirname(__file__), "digits.npz")


def digits(*, scale: bool = True, dtype: DTypeLike = np.float64) -> Dataset:
    """1797 real handwritten digits of 8 by 8 pixels, by 13 writers.

    A pixel counts the ink in a 4 by 4 block of the scanned bitmap, 0 (paper) to 16 (ink). With
    `scale` they are divided by 16, to lie in [0, 1]; every value is exact in every floating type.

    Shapes: x (1797, 64) of `dtype`, pixels row by row (`x.reshape(-1, 8, 8)` gives the images);
    y (1797,) int64, the digit. Raises TypeError when dtype is not floating. Source: Alpaydin and
    Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    https://doi.org/10.24432/C50P49, CC BY 4.0; the test part, which scikit-learn bundles too.

    >>> data = digits()
    >>> data
    Dataset(digits: x (1797, 64) float64, y (1797,) int64, 10 classes)
    >>> data.y[:5]
    array([0, 1, 2, 3, 4])
    """
    precision = floating("digits", dtype)
    with np.load(_FILE, allow_pickle=False) as stored:
        x, y = stored["x"].astype(precision), stored["y"].astype(np.int64)
    if scale:
        x /= 16
    return Dataset(
        x,
        y,
        name="digits",
        features=tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
        classes=tuple("0123456789"),
        description=(
            "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), "
            "UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0"
        ),
    )
