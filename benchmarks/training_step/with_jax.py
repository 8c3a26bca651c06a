"""JAX: the whole step jitted, Adam over the tree of parameters, waited for at every step."""

import jax
import jax.numpy as jnp
import numpy as np

from .problem import BETA1, BETA2, EPS, LR, Problem

State = tuple[list[jax.Array], list[jax.Array], list[jax.Array], jax.Array]


def loss_of(params: list[jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
    for w, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        x = jax.nn.relu(x @ w + b)
    log_p = jax.nn.log_softmax(x @ params[-2] + params[-1])
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))


@jax.jit
def train_step(state: State, x: jax.Array, y: jax.Array) -> tuple[State, jax.Array]:
    params, m, v, t = state
    loss, grads = jax.value_and_grad(loss_of)(params, x, y)
    t = t + 1
    m = [BETA1 * m_ + (1 - BETA1) * g for m_, g in zip(m, grads, strict=True)]
    v = [BETA2 * v_ + (1 - BETA2) * g * g for v_, g in zip(v, grads, strict=True)]
    c1, c2 = 1 - BETA1**t, 1 - BETA2**t
    params = [
        p - LR * (m_ / c1) / (jnp.sqrt(v_ / c2) + EPS)
        for p, m_, v_ in zip(params, m, v, strict=True)
    ]
    return (params, m, v, t), loss


class JaxJit:
    def __init__(self, problem: Problem) -> None:
        self.x, self.y = jnp.asarray(problem.x), jnp.asarray(problem.y)
        params = [jnp.asarray(p) for p in problem.parameters()]
        zeros = [jnp.zeros_like(p) for p in params]
        self.state: State = (params, zeros, zeros, jnp.zeros((), problem.dtype))

    def step(self) -> jax.Array:
        self.state, loss = train_step(self.state, self.x, self.y)
        jax.block_until_ready((self.state, loss))
        return loss

    def parameters(self) -> list[np.ndarray]:
        return [np.asarray(p) for p in self.state[0]]
