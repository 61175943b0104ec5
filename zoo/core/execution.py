"""Whether what is being traced will run as a plain graph.

XLA plans for the largest size that values allow, so what is fast in a graph because it skips work
gains nothing there or is impossible; and while a function is traced, nothing says which it will be.
The model does.
"""

import contextlib
import contextvars

_plain = contextvars.ContextVar("zoo_plain_graph", default=False)


@contextlib.contextmanager
def graph(plain):
    """Inside, `is_plain_graph()` is `plain`."""
    token = _plain.set(bool(plain))
    try:
        yield
    finally:
        _plain.reset(token)


def is_plain_graph():
    """Whether sizes may depend on values; False where nobody has said."""
    return _plain.get()
