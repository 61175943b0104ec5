"""Record of whether XLA compiles the function that is being traced.

In a graph that XLA does not compile, shapes may depend on values, so that work on padding can be
skipped, and single formulas are faster as XLA programs of their own. Inside of XLA the first is
impossible and the second has no benefit. Values and gradients are the same either way.
"""

import contextlib
import contextvars

# TensorFlow cannot tell at trace time whether XLA will compile, so the model records it here.
_xla_may_compile = contextvars.ContextVar("zoo_xla_may_compile", default=True)


@contextlib.contextmanager
def tracing(jit_compile):
    """Record, while a model traces one of its functions, whether XLA will compile it."""
    token = _xla_may_compile.set(bool(jit_compile))
    try:
        yield
    finally:
        _xla_may_compile.reset(token)


def xla_may_compile():
    """Return False if a model has recorded that XLA will not compile what is traced, else True."""
    return _xla_may_compile.get()
