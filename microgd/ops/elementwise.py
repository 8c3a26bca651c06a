"""Operations on each element by itself; the inputs broadcast together, as in NumPy.

At a kink there is no derivative, only a choice. Ours are PyTorch's: relu'(0) = abs'(0) =
norm'(0) = 0; leaky_relu'(0) = negative_slope; elu'(0) = alpha; maximum and minimum give half to
each of two equal inputs, max and min equal shares to all that tie; a bound belongs to the range
of clip (derivative 1); 0**0 gives 0 to the base and to the exponent.
"""

from typing import Any

import numpy as np

from microgd.op import Local, Op, Pullback

__all__ = [
    "identity", "negative", "add", "subtract", "multiply", "divide", "power", "square", "sqrt",
    "absolute", "sign", "exp", "expm1", "log", "log1p", "sin", "cos", "arctan", "sinh", "cosh",
    "tanh", "maximum", "minimum", "where", "clip", "sigmoid", "relu",
]

ONE = Local("1", lambda out, *inputs: 1.0)
MINUS_ONE = Local("-1", lambda out, *inputs: -1.0)
ZERO = Local("0", lambda out, *inputs: 0.0)

identity = Op("identity", lambda x: +x, ONE, doc="A copy.", example="identity(2.0) -> 2.0")
negative = Op("negative", np.negative, MINUS_ONE,
              doc="The opposite, -x.", symbol="-", example="negative(2.0) -> -2.0")
add = Op("add", np.add, ONE, ONE, doc="x + y.", symbol="+", example="add(1.0, 2.0) -> 3.0")
subtract = Op("subtract", np.subtract, ONE, MINUS_ONE,
              doc="The difference, x - y.", symbol="-", example="subtract(1.0, 2.0) -> -1.0")
multiply = Op("multiply", np.multiply,
              Local("y", lambda out, x, y: y), Local("x", lambda out, x, y: x),
              doc="The product, x * y.", symbol="*", example="multiply(2.0, 3.0) -> 6.0")
divide = Op("divide", np.divide,
            Local("1 / y", lambda out, x, y: 1 / y),
            Local("-out / y", lambda out, x, y: -out / y),
            doc="The quotient, x / y.", symbol="/", example="divide(1.0, 2.0) -> 0.5")
power = Op("power", np.power,
           Local("y * x**(y - 1)", lambda out, x, y:
                 y * np.power(x, np.where((x == 0) & (y == 0), 1, y - 1))),
           Local("out * log(x)", lambda out, x, y: out * np.log(np.where(x == 0, 1, x))),
           doc="The power, x**y.", symbol="**", example="power(2.0, 3.0) -> 8.0")
square = Op("square", np.square, Local("2 * x", lambda out, x: 2 * x),
            doc="The square, x**2.", example="square(3.0) -> 9.0")
sqrt = Op("sqrt", np.sqrt, Local("0.5 / out", lambda out, x: 0.5 / out),
          doc="The square root of x >= 0.", example="sqrt(9.0) -> 3.0")
absolute = Op("abs", np.abs, Local("sign(x)", lambda out, x: np.sign(x)),
              doc="The absolute value, |x|.", example="abs(-2.0) -> 2.0")
sign = Op("sign", np.sign, ZERO, doc="-1, 0 or 1, as x.", example="sign(-2.0) -> -1.0")
exp = Op("exp", np.exp, Local("out", lambda out, x: out),
         doc="The exponential, e**x.", example="exp(0.0) -> 1.0")
expm1 = Op("expm1", np.expm1, Local("out + 1", lambda out, x: out + 1),
           doc="e**x - 1, exact for small x.", example="expm1(0.0) -> 0.0")
log = Op("log", np.log, Local("1 / x", lambda out, x: 1 / x),
         doc="The natural logarithm of x > 0.", example="log(1.0) -> 0.0")
log1p = Op("log1p", np.log1p, Local("1 / (1 + x)", lambda out, x: 1 / (1 + x)),
           doc="log(1 + x), exact for small x.", example="log1p(0.0) -> 0.0")
sin = Op("sin", np.sin, Local("cos(x)", lambda out, x: np.cos(x)),
         doc="The sine of x.", example="sin(0.0) -> 0.0")
cos = Op("cos", np.cos, Local("-sin(x)", lambda out, x: -np.sin(x)),
         doc="The cosine of x.", example="cos(0.0) -> 1.0")
arctan = Op("arctan", np.arctan, Local("1 / (1 + x**2)", lambda out, x: 1 / (1 + x * x)),
            doc="The angle whose tangent is x.", example="arctan(0.0) -> 0.0")
sinh = Op("sinh", np.sinh, Local("cosh(x)", lambda out, x: np.cosh(x)),
          doc="The hyperbolic sine, (e**x - e**-x) / 2.", example="sinh(0.0) -> 0.0")
cosh = Op("cosh", np.cosh, Local("sinh(x)", lambda out, x: np.sinh(x)),
          doc="The hyperbolic cosine, (e**x + e**-x) / 2.", example="cosh(0.0) -> 1.0")
tanh = Op("tanh", np.tanh, Local("1 - out**2", lambda out, x: 1 - out * out),
          doc="The hyperbolic tangent, sinh(x) / cosh(x).", example="tanh(0.0) -> 0.0")


def _wins(x: Any, y: Any, first: Any) -> Any:
    """The derivative of a choice: a constant, for comparisons of Tensors give boolean arrays."""
    return np.where(x == y, 0.5, first).astype(x.dtype)


maximum = Op("maximum", np.maximum,
             Local("(x > y) + 0.5 * (x == y)", lambda out, x, y: _wins(x, y, x > y)),
             Local("(y > x) + 0.5 * (x == y)", lambda out, x, y: _wins(y, x, y > x)),
             doc="The larger of x and y.", example="maximum(1.0, 2.0) -> 2.0")
minimum = Op("minimum", np.minimum,
             Local("(x < y) + 0.5 * (x == y)", lambda out, x, y: _wins(x, y, x < y)),
             Local("(y < x) + 0.5 * (x == y)", lambda out, x, y: _wins(y, x, y < x)),
             doc="The smaller of x and y.", example="minimum(1.0, 2.0) -> 1.0")
where = Op("where", lambda condition, x, y: np.where(condition, x, y), ZERO,
           Pullback("where(condition, g, 0)", lambda g, out, c, x, y: np.where(c, g, 0)),
           Pullback("where(condition, 0, g)", lambda g, out, c, x, y: np.where(c, 0, g)),
           doc="x where the condition holds, else y.", example="where(True, 1.0, 2.0) -> 1.0")
clip = Op("clip", lambda x, min=None, max=None: np.clip(x, min, max),
          Local("out == x", lambda out, x, min, max: out == x),
          doc="x held between min and max (None: no bound).", example="clip(5.0, 0.0, 1.0) -> 1.0")


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


sigmoid = Op("sigmoid", _sigmoid, Local("out * (1 - out)", lambda out, x: out * (1 - out)),
             doc="The logistic function, 1 / (1 + e**-x).", example="sigmoid(0.0) -> 0.5")
relu = Op("relu", lambda x: np.maximum(x, 0.0), Local("x > 0", lambda out, x: np.sign(out)),
          doc="The rectifier, max(x, 0) (Nair and Hinton 2010).", example="relu(-1.0) -> 0.0")
