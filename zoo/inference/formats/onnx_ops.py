"""ONNX operations for those of TensorFlow that tf2onnx does not convert, or not for all values.

A handler replaces one node of a graph, as `tf2onnx.convert.from_function` calls it. The forms keep
float32's digits near 0, where the plain ones would lose them.
"""

import numpy as np


def log1p(graph, node, name, args):
    """log(1 + x) = log(u) - ((u - 1) - x) / u, u = 1 + x rounded; log(u) where u is 0 or inf."""
    del name, args
    new = _Replacement(graph, node)
    u = new("Add", new.x, new.constant(1.0))
    lost = new("Sub", new("Sub", u, new.constant(1.0)), new.x)
    part = new("Div", lost, u)
    part = new("Where", new("IsNaN", part), new.constant(0.0), part)
    new.result("Sub", new("Log", u), part)


def expm1(graph, node, name, args):
    """exp(x) - 1 = 2 exp(x / 2) sinh(x / 2); -1 where exp(x) is nothing beside it."""
    del name, args
    new = _Replacement(graph, node)
    half = new("Mul", new.x, new.constant(0.5))
    twice = new("Mul", new("Exp", half), new.constant(2.0))
    value = new("Mul", twice, new("Sinh", half))
    new.result("Where", new("Less", new.x, new.constant(-20.0)), new.constant(-1.0), value)


def erfc(graph, node, name, args):
    """1 - erf(x), which is exact enough where x is not far above 0, as in a GELU."""
    del name, args
    new = _Replacement(graph, node)
    new.result("Sub", new.constant(1.0), new("Erf", new.x))


def select(graph, node, name, args):
    """where(mask, a, b). tf2onnx adds products with 0 and 1 instead, which NaN passes through."""
    del name, args
    new = _Replacement(graph, node)
    new.result("Where", *new.inputs)


HANDLERS = {
    "SelectV2": (select, []),
    "Log1p": (log1p, []),
    "Expm1": (expm1, []),
    "Erfc": (erfc, []),
}


class _Replacement:
    """Nodes of ONNX in place of a node with one output; its first input is `x`."""

    def __init__(self, graph, node):
        self.graph, self.inputs, self.output = graph, list(node.input), node.output[0]
        self.x = self.inputs[0]
        self.shape, self.dtype = graph.get_shape(self.output), graph.get_dtype(self.output)
        graph.remove_node(node.name)

    def __call__(self, kind, *inputs):
        return self.graph.make_node(kind, list(inputs)).output[0]

    def constant(self, value):
        from tf2onnx import utils  # noqa: PLC0415  (optional)

        return self.graph.make_const(utils.make_name("value"), np.array(value, "float32")).output[0]

    def result(self, kind, *inputs):
        self.graph.make_node(
            kind, list(inputs), outputs=[self.output], shapes=[self.shape], dtypes=[self.dtype]
        )
