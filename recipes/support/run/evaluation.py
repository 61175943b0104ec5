"""The numbers of a trained model on data that it has not seen, into metrics.json."""

import time

import numpy as np

import zoo

# Passes over the held-out rows for the ELBO, each with noise of its own.
DRAWS = 4


def nats(run, vae, x):
    """ELBO and log-likelihood of held-out x, in nats per example; lines for the summary.

    x is an array, or a dict of one for each modality.
    """
    began, samples, rows = time.monotonic(), run.options.samples, zoo.core.nested.rows(x)
    # Fresh noise for each row: what `vae.score` shares between rows would not average out.
    repeated = zoo.core.nested.change(lambda array: np.repeat(array, DRAWS, 0), x)
    numbers = vae.evaluate(repeated, batch_size=1024, verbose=0, return_dict=True)
    bound = vae.log_likelihood(x, samples=samples, seed=run.options.seed, batch_size=128)
    q = vae.encode(x)
    found = {
        "examples": rows,
        "unit": "nats per example",
        **{name: float(numbers[name]) for name in ("elbo", "nll", "kl")},
        "log_likelihood": float(bound.mean()),
        "log_likelihood_standard_error": float(bound.std() / np.sqrt(rows)),
        "log_likelihood_samples": samples,
        "active_units": int((np.var(q.loc, axis=0) > 0.01).sum()),
        "latent_dim": q.loc.shape[-1],
    }
    run.record["held_out"] = found
    run.record["seconds"]["evaluation"] = round(time.monotonic() - began, 1)
    return [
        f"held-out ELBO     {found['elbo']:.2f} nats per example (KL {found['kl']:.2f}, "
        f"{found['active_units']} of {found['latent_dim']} latent dimensions in use)",
        f"held-out log p(x) {found['log_likelihood']:.2f} ± "
        f"{found['log_likelihood_standard_error']:.2f} nats, {samples} importance samples",
    ]


def perplexity(run, vae, x):
    """exp(-log p(x) / words), their ends counted, over held-out texts; a line for the summary."""
    numbers = run.record["held_out"]
    words = (np.count_nonzero(vae.preprocessor.to_array(x), 1) + 1).mean()
    found = float(np.exp(-numbers["log_likelihood"] / words))
    numbers.update(perplexity=found, words_per_text=float(words))
    return [f"held-out perplexity {found:.1f} a word, {words:.1f} words a text with their ends"]


def ranking(run, truth, named, suffix=""):
    """AUROC and average precision of each named score, into metrics.json; lines for the summary."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    if truth.all() or not truth.any():
        kind = "anomalies" if truth.any() else "normal"
        run.note(f"no AUROC: all {len(truth)} evaluated rows are {kind}")
        return [f"no AUROC: all {len(truth)} evaluated rows are {kind}; see --evaluate"]
    lines, found = [], {"rows": len(truth), "anomalies": int(truth.sum())}
    for name, values in named.items():
        auroc = float(roc_auc_score(truth, values))
        precision = float(average_precision_score(truth, values))
        found[name] = {"auroc": auroc, "average_precision": precision}
        lines.append(f"{name:<17} AUROC {auroc:.4f}, average precision {precision:.4f}{suffix}")
    run.record["anomalies"] = found
    return lines


def bits(run, event_shape):
    """The log-likelihood in bits per dimension, for 8-bit data; a line for the summary."""
    numbers = run.record["held_out"]
    found = float(zoo.bits_per_dimension(-numbers["log_likelihood"], event_shape))
    numbers["bits_per_dimension"] = found
    return f"held-out bits     {found:.3f} per dimension"
