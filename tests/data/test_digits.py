"""The digits are the ones that were published: shape, range, counts and every byte."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import microgd.data
from microgd.data import digits

FOLDER = Path(microgd.data.__file__).parent
PER_CLASS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_every_byte_is_as_published() -> None:
    x, y = digits(scale=False)
    content = x.astype(np.uint8).tobytes() + y.astype(np.uint8).tobytes()
    assert (
        hashlib.sha256(content).hexdigest()
        == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )


def test_shape_range_and_counts() -> None:
    data = digits(scale=False)
    assert data.x.shape == (1797, 64)
    assert data.y.shape == (1797,)
    assert (data.x.min(), data.x.max()) == (0, 16)
    assert (data.x == np.rint(data.x)).all()
    assert np.bincount(data.y).tolist() == PER_CLASS
    assert data.n_classes == 10
    assert len(data.features) == 64
    assert data.features[9] == "pixel 1,1"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_scaling_is_exact_in_every_floating_type(dtype: type) -> None:
    scaled, raw = digits(dtype=dtype), digits(scale=False, dtype=dtype)
    assert scaled.x.dtype == raw.x.dtype == dtype
    assert scaled.y.dtype == np.int64
    assert (scaled.x.min(), scaled.x.max()) == (0, 1)
    assert np.array_equal(scaled.x.astype(np.float64), raw.x.astype(np.float64) / 16)


def test_each_call_gives_its_own_arrays() -> None:
    first = digits()
    first.x[:] = -1
    first.y[:] = 0
    assert digits().x.min() == 0
    assert digits().y.max() == 9


def test_the_first_image_is_a_ring() -> None:
    # The first image is a nought: ink on a ring, and none in the middle of it.
    image = digits(scale=False).x[0].reshape(8, 8)
    assert image[3:5, 3:5].max() <= 1
    assert image[0, 3] >= 8
    assert image[7, 3] >= 8
    assert image[4, 2] >= 4
    assert image[4, 5] >= 4


def test_the_file_is_small_and_its_licence_beside_it() -> None:
    assert (FOLDER / "digits.npz").stat().st_size < 60_000
    notice = (FOLDER / "digits.txt").read_text(encoding="utf-8")
    for part in ("Alpaydin", "Kaynak", "1998", "CC BY 4.0", "https://doi.org/10.24432/C50P49"):
        assert part in notice
        assert part in digits().description
