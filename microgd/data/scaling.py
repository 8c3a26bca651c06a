"""Standardised data: every column with mean 0 and standard deviation 1."""

from dataclasses import dataclass

import numpy as np

from microgd.data._check import Array, numbers


@dataclass(frozen=True, slots=True)
class Scaling:
    """A change of units, column by column: ``(values - mean) / std``, and back.

    Networks start from inputs of about this size: what is measured in thousands would saturate
    them, and what is measured in thousandths would teach them nothing (LeCun et al. 1998, Efficient
    BackProp, https://doi.org/10.1007/3-540-49430-8_2, section 4.3).
    """

    mean: Array
    std: Array

    def __call__(self, values: Array) -> Array:
        """The values in standard units, in their dtype."""
        return ((values - self.mean) / self.std).astype(values.dtype)

    def undo(self, values: Array) -> Array:
        """The values in the units that they came in."""
        return (values * self.std + self.mean).astype(values.dtype)


def standardise(values: Array) -> Scaling:
    """The scaling that gives every column of `values` (n, ...) mean 0 and standard deviation 1.

    It is measured on the training data and applied to all. A column that is always the same
    becomes 0. Raises ValueError or TypeError for what are no finite numbers.

    >>> x = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> scale = standardise(x)
    >>> scale(x)
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> bool((scale.undo(scale(x)) == x).all())
    True
    """
    array = numbers("standardise", "values", values).astype(np.float64)
    mean, std = array.mean(axis=0), array.std(axis=0)
    flat = (array == array[0]).all(axis=0)  # where rounding could leave a little of a spread
    return Scaling(np.where(flat, array[0], mean), np.where(flat, 1.0, std))
