"""Numbers of pretrained weights, measured on held-out examples, in nats."""

import numpy as np

import zoo

DRAWS = 4  # passes over the held-out examples for the ELBO, each with its own noise


def observed(spec, held_out):
    """Held-out examples, binarised once with seed 0 if the likelihood binarises x.

    Args:
        spec: the `Spec`.
        held_out: examples.
    """
    if spec.options.get("likelihood") == "binarized_bernoulli":
        return np.asarray(zoo.binarize(held_out, 0))
    return held_out


def evaluate(spec, vae, data, rows=None):
    """Name -> {"value", "error", "unit", "how"} of a model.

    Args:
        spec: the `Spec`.
        vae: its model.
        data: the `Data`.
        rows: number of held-out examples to measure; all by default.
    """
    held_out = data.held_out[:rows]
    x = observed(spec, held_out)
    binarised = "" if x is held_out else ", binarised once with seed 0"
    # `evaluate` draws noise for each row; `score` would use the same noise for all rows.
    logs = vae.evaluate(np.repeat(x, DRAWS, 0), batch_size=500, verbose=0, return_dict=True)
    bounds = np.concatenate(list(_bounds(vae, x, spec.samples)))
    on = f"{len(x):,} held-out examples{binarised}"
    used = int((np.var(vae.encode(x).loc, axis=0) > 0.01).sum())
    return {
        "log p(x)": {
            "value": _rounded(bounds.mean()),
            "error": _rounded(bounds.std() / len(bounds) ** 0.5),
            "unit": "nats",
            "how": f"{spec.samples:,} importance samples, {on}",
        },
        "ELBO": {"value": _rounded(logs["elbo"]), "unit": "nats"},
        "log p(x|z)": {"value": _rounded(-logs["nll"]), "unit": "nats", "how": "z of q(z|x)"},
        "KL": {"value": _rounded(logs["kl"]), "unit": "nats"},
        "active units": {"value": used, "how": f"of {vae.latents.latent_dim}"},
        **(_pca(vae, data.train, x) if x.ndim == 2 else {}),
    }


def _pca(vae, train, x):
    """log p(x) of probabilistic PCA with as many dimensions as the model, for a table."""
    from sklearn.decomposition import PCA

    means, scales = train.mean(0), train.std(0)
    pca = PCA(vae.latents.latent_dim).fit((train - means) / scales)
    bounds = pca.score_samples((x - means) / scales) - np.log(scales).sum()
    return {
        "log p(x) of PCA": {
            "value": _rounded(bounds.mean()),
            "error": _rounded(bounds.std() / len(bounds) ** 0.5),
            "unit": "nats",
            "how": "probabilistic, as many dimensions, the same examples",
        }
    }


def _bounds(vae, x, samples):
    """Importance-weighted bounds, 500 examples at a time."""
    for number, part in enumerate(np.array_split(x, -(-len(x) // 500))):
        # Each part has its own seed: one seed would repeat the noise.
        yield vae.log_likelihood(part, samples=samples, seed=number, batch_size=64)


def _rounded(value):
    return round(float(value), 4)
