"""Few steps of a tiny model are over long before its graphs are traced."""

import functools
import math

from zoo import model
from zoo.core import inputs, nested

FEW = 40  # steps of the optimizer


def spare_graphs(patch):
    """What a `VAE` computes needs no graph, nor does `fit` where it is short; XLA where asked."""
    compiled_function, fit = model.VAE.compiled_function, model.VAE.fit

    def computed(vae, name, function, jit_compile=False):
        if jit_compile or name[0] == "train":  # many steps: a loop that only a graph can hold
            return compiled_function(vae, name, function, jit_compile)
        return functools.partial(model._traced, function, True)

    def fitted(vae, x=None, y=None, **kwargs):
        if not vae.compiled:
            vae.compile()
        if _asked(vae) or _steps(x, **kwargs) > FEW:
            return fit(vae, x, y, **kwargs)
        with patch.context() as here:
            here.setattr(vae, "run_eagerly", True)
            here.setattr(vae, "steps_per_execution", 1)
            return fit(vae, x, y, **kwargs)

    patch.setattr(model.VAE, "compiled_function", computed)
    patch.setattr(model.VAE, "fit", fitted)


def _asked(vae):
    """Whether the test chose how to run."""
    return vae.run_eagerly or vae.jit_compile or vae._chosen["steps_per_execution"] != "auto"


def _steps(x, epochs=1, batch_size=None, **_):
    if inputs.is_stream(x):
        return math.inf  # Keras counts for itself
    return epochs * math.ceil(nested.rows(x) / (batch_size or 128))
