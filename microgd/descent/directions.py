"""The slope in every direction, and that the gradient's own direction is the steepest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from microgd.arguments import whole
from microgd.descent.surface import Function, Point, Surface, point
from microgd.descent.surfaces import surface_of
from microgd.explain.show import drawing
from microgd.graph import Array
from microgd.transforms import directional_derivative


@dataclass(frozen=True)
class Directions:
    """The slopes at one place.

    angles    (n,)  in degrees, counted from the direction of the gradient, -180 to 180
    slopes    (n,)  the derivative along the unit vector of that angle
    gradient  (2,)  the two partial derivatives

    Each slope is |gradient| * cos(angle): largest along the gradient, 0 along the contour, and the
    other way down steepest.
    """

    surface: Surface
    place: Point
    angles: Array
    slopes: Array
    gradient: Array

    @property
    def length(self) -> float:
        """|gradient|, the largest slope."""
        return float(np.linalg.norm(self.gradient))

    @property
    def heading(self) -> float:
        """The direction of the gradient in degrees from the first axis."""
        return float(np.degrees(np.arctan2(self.gradient[1], self.gradient[0])))

    def save(self, path: str | Path) -> Path:
        """Write the plot as one page that works offline; returns the path."""
        drawing("plots.descent", "directions")(self).save(path)
        return Path(path)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return drawing("plots.descent", "directions")(self)._repr_mimebundle_(**options)


def directions(
    surface: str | Surface | Function, place: Point | None = None, count: int = 73
) -> Directions:
    """The directional derivative of a surface at a place along `count` unit vectors.

        D_u f = grad f . u = |grad f| * cos(angle between u and the gradient)

    By `microgd.directional_derivative`, one vector after another. The place is where races on the
    surface start, if None. Raises ValueError where the gradient is zero or not finite, for then no
    direction is the steepest.

    >>> found = directions("bowl", (3.0, 4.0), count=5)
    >>> found.length, found.angles.tolist(), (found.slopes.round(6) + 0.0).tolist()
    (5.0, [-180.0, -90.0, 0.0, 90.0, 180.0], [-5.0, 0.0, 5.0, 0.0, -5.0])
    """
    ground = surface_of(surface)
    at = ground.start if place is None else point("directions", place)
    count = whole("directions", "count", count, 2, "give 2 or more")
    gradient = ground.gradient(at)
    if not np.isfinite(gradient).all() or not gradient.any():
        raise ValueError(
            f"directions: the gradient of {ground.name} at {at} is {gradient.tolist()}, which has"
            " no direction; take another place"
        )
    angles = np.linspace(-180.0, 180.0, count)
    turned = np.radians(angles) + np.arctan2(gradient[1], gradient[0])
    along = directional_derivative(ground.at)
    slopes = [along(np.array(at), np.array([np.cos(a), np.sin(a)])).item() for a in turned.tolist()]
    return Directions(ground, at, angles, np.array(slopes), gradient)
