"""Numbers of pretrained weights, measured on held-out examples, in nats."""

import numpy as np

import zoo

DRAWS = 4  # passes over the held-out examples for the ELBO, each with its own noise
RETRIEVED = 1000  # pairs among which the other half is searched


def observed(vae, held_out):
    """Held-out examples, where likelihoods that binarise images get them binarised with seed 0.

    Args:
        vae: the model.
        held_out: examples.
    """
    if isinstance(held_out, dict):
        decoders = vae.decoder.decoders
        return {name: _binarized(decoders[name], array) for name, array in held_out.items()}
    return _binarized(vae.decoder, held_out)


def _binarized(decoder, x):
    binarizes = isinstance(decoder.likelihood, zoo.likelihoods.BinarizedBernoulli)
    return np.asarray(zoo.binarize(x, 0)) if binarizes else x


def evaluate(spec, vae, data, rows=None):
    """Name -> {"value", "error", "unit", "how"} of a model.

    Args:
        spec: the `Spec`.
        vae: its model.
        data: the `Data`.
        rows: number of held-out examples to measure; all by default.
    """
    held_out = zoo.core.nested.take_rows(data.held_out, slice(rows))
    x = observed(vae, held_out)
    binarised = "" if _same(x, held_out) else ", binarised once with seed 0"
    # `evaluate` draws noise for each row; `score` would use the same noise for all rows.
    repeated = zoo.core.nested.map_arrays(lambda array: np.repeat(array, DRAWS, 0), x)
    logs = vae.evaluate(repeated, batch_size=500, verbose=0, return_dict=True)
    bounds = np.concatenate(list(_bounds(vae, x, spec.samples)))
    on = f"{len(bounds):,} held-out examples{binarised}"
    used = int((np.var(vae.encode(x).loc, axis=0) > 0.01).sum())
    numbers = {
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
    }
    return numbers | _of_kind(vae, data, x, bounds)


def _same(x, y):
    return (
        all(a is b for a, b in zip(x.values(), y.values(), strict=True))
        if isinstance(x, dict)
        else x is y
    )


def _of_kind(vae, data, x, bounds):
    """Further numbers of texts, pairs, tables and series."""
    if isinstance(x, dict):
        return _retrieval(vae, x, data.labels)
    if x.dtype == object:
        words = np.count_nonzero(vae.preprocessor.to_array(x), 1) + 1
        value = np.exp(-bounds.sum() / words.sum())
        return {"perplexity": {"value": _rounded(value), "how": "by word; the end counts as one"}}
    return _pca(vae, data.train, x) if x.ndim < 4 else {}


def _retrieval(vae, x, labels):
    """Share of the right class among the items of the other modality nearest to an item."""
    rows = min(RETRIEVED, len(labels), zoo.core.nested.row_count(x))
    numbers = {}
    for query, target in (("image", "audio"), ("audio", "image")):
        parts = ({name: x[name][:rows]} for name in (query, target))
        result = zoo.retrieval(vae, *parts, labels=labels[:rows], ks=(10,))
        numbers[f"{target} by {query}"] = {
            "value": _rounded(result.precision_at[10]),
            "how": f"share of the right digit among the 10 nearest of {rows:,}",
        }
    return numbers


def _pca(vae, train, x):
    """log p(x) of probabilistic PCA with as many dimensions as the model, of tables and series."""
    from sklearn.decomposition import PCA

    train, x = (np.reshape(array, (len(array), -1)) for array in (train, x))
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
    count = zoo.core.nested.row_count(x)
    for number, rows in enumerate(np.array_split(np.arange(count), -(-count // 500))):
        # Each part has its own seed: one seed would repeat the noise.
        part = zoo.core.nested.take_rows(x, rows)
        yield vae.log_likelihood(part, samples=samples, seed=number, batch_size=64)


def _rounded(value):
    return round(float(value), 4)
