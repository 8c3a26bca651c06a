"""Random expressions and networks, for tests that hold records against `.grad`."""

import numpy as np
from hypothesis import strategies as st

import microgd as mg
from microgd import nn

ONE = (mg.tanh, mg.sigmoid, mg.relu, mg.sin, mg.exp, mg.square, mg.negative, mg.softmax)
TWO = (mg.add, mg.subtract, mg.multiply, mg.maximum)
SHAPES = ((3,), (2, 3), (1, 3), (2, 1))


@st.composite
def losses(draw, scalar=False):
    """A loss and its leaves: values are reused, broadcast, and mixed with constants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    shapes = [()] if scalar else SHAPES
    leaves = [
        mg.Tensor(
            rng.normal(size=draw(st.sampled_from(shapes))),
            requires_grad=k != 1,
            name=f"x{k}" if k else None,
            dtype=dtype,
        )
        for k in range(draw(st.integers(2, 4)))
    ]
    pool = list(leaves)
    for _ in range(draw(st.integers(1, 8))):
        pick = st.sampled_from(pool)
        if draw(st.booleans()):
            ops = [op for op in ONE if not (scalar and op is mg.softmax)]
            pool.append(mg.tanh(draw(st.sampled_from(ops))(draw(pick))))
        else:
            pool.append(draw(st.sampled_from(TWO))(draw(pick), draw(pick)))
    loss = pool[-1] * pool[-1] if scalar else (pool[-1] * pool[-1]).sum()
    loss = loss + leaves[0].sum() if not scalar else loss + leaves[0]
    return loss, leaves


@st.composite
def networks(draw):
    """A small network with its loss on a batch."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    activation = draw(st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "elu"]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    model = nn.MLP([3, *sizes], activation=activation, rng=rng, dtype=dtype)
    batch = rng.normal(size=(4, 3)).astype(dtype)
    target = rng.integers(0, sizes[-1], 4)
    return model, nn.losses.cross_entropy(model(batch), target)


def same_bits(a, b):
    """Whether two arrays are equal in type, shape and every bit."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
