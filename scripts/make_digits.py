"""Write microgd/data/digits.npz from scikit-learn's copy of the digits.

For developers only: `python scripts/make_digits.py`, in an environment that has scikit-learn. The
printed SHA-256 is that of the arrays' bytes, x then y, which tests/data/test_digits.py expects; it
does not depend on the compressor's version, as the file's own would.
"""

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

TARGET = Path(__file__).parents[1] / "microgd" / "data" / "digits.npz"


def main() -> None:
    pixels, labels = load_digits(return_X_y=True)
    x, y = pixels.astype(np.uint8), labels.astype(np.uint8)
    if not (x == pixels).all() or not (y == labels).all():
        raise SystemExit("make_digits: the source holds values that do not fit a byte")
    np.savez_compressed(TARGET, x=x, y=y)
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, x {x.shape}, y {y.shape}, {digest}")


if __name__ == "__main__":
    main()
