"""Held-out numbers of a trained model, written into metrics.json and returned as summary lines."""

import time

import numpy as np

import zoo

# Passes over the held-out rows for the ELBO, each with its own noise.
DRAWS = 4
TRIVIAL_ROWS = 2048  # held-out rows on which trivial models are fitted and measured


def held_out(run, vae, x):
    """Measure ELBO and log-likelihood of held-out examples, in nats per example.

    Args:
        run: the `Run`.
        vae: its model.
        x: an array, or a dict of one for each modality.

    Returns:
        Lines for the summary.
    """
    start, samples, rows = time.monotonic(), run.options.samples, zoo.core.nested.row_count(x)
    # `vae.evaluate` draws noise for each row; `vae.score` would use the same noise for all rows.
    repeated = zoo.core.nested.map_arrays(lambda array: np.repeat(array, DRAWS, 0), x)
    logs = vae.evaluate(repeated, batch_size=1024, verbose=0, return_dict=True)
    bound = vae.log_likelihood(x, samples=samples, seed=run.options.seed, batch_size=128)
    q = vae.encode(x)
    numbers = {
        "examples": rows,
        "unit": "nats per example",
        **{name: float(logs[name]) for name in ("elbo", "nll", "kl")},
        "log_likelihood": float(bound.mean()),
        "log_likelihood_standard_error": float(bound.std() / np.sqrt(rows)),
        "log_likelihood_samples": samples,
        "active_units": int((np.var(q.loc, axis=0) > 0.01).sum()),
        "latent_dim": q.loc.shape[-1],
    }
    run.record["held_out"] = numbers
    run.record["seconds"]["evaluation"] = round(time.monotonic() - start, 1)
    lines = _trivial(run, vae, x, bound)
    return [
        f"held-out ELBO     {numbers['elbo']:.2f} nats per example (KL {numbers['kl']:.2f}, "
        f"{numbers['active_units']} of {numbers['latent_dim']} latent dimensions in use)",
        f"held-out log p(x) {numbers['log_likelihood']:.2f} ± "
        f"{numbers['log_likelihood_standard_error']:.2f} nats, {samples} importance samples",
        *lines,
    ]


def _trivial(run, vae, x, bound):
    """Compare with trivial models, in metrics.json and as a line that says which is better."""
    x = zoo.core.nested.take_rows(x, slice(TRIVIAL_ROWS))
    trivial = zoo.evaluation.diagnosis.trivial_log_probs(vae, x, run.options.seed)
    if not trivial:
        return []
    run.record["held_out"]["trivial_models"] = trivial
    listed = ", ".join(f"{name} {value:.2f}" for name, value in trivial.items())
    lines, bound = [f"trivial models    {listed} nats"], float(bound[:TRIVIAL_ROWS].mean())
    for name, value in sorted(trivial.items(), key=lambda item: -item[1]):
        if name != "PCA" and value >= bound:
            lines.append(f"NOT LEARNED: the trivial model {name!r} is {value - bound:.2f} better")
            break
    if trivial.get("PCA", -np.inf) > bound:
        better = trivial["PCA"] - bound
        lines.append(f"PCA with as many latent dimensions is {better:.2f} nats better")
    return lines


def perplexity(run, vae, x):
    """Perplexity of held-out texts, exp(-log p(x) / words), with the end of a text as a word.

    Needs the numbers of `held_out`. Returns lines for the summary.
    """
    numbers = run.record["held_out"]
    words = (np.count_nonzero(vae.preprocessor.to_array(x), 1) + 1).mean()
    value = float(np.exp(-numbers["log_likelihood"] / words))
    numbers.update(perplexity=value, words_per_text=float(words))
    return [
        f"held-out perplexity {value:.1f} per word; {words:.1f} words per text, its end included"
    ]


def bits_per_dimension(run, event_shape):
    """Held-out log-likelihood in bits per dimension, for 8-bit data.

    Needs the numbers of `held_out`. Returns a line for the summary.
    """
    numbers = run.record["held_out"]
    bits = float(zoo.bits_per_dimension(-numbers["log_likelihood"], event_shape))
    numbers["bits_per_dimension"] = bits
    return f"held-out bits     {bits:.3f} per dimension"


def anomaly_ranking(run, is_anomaly, scores, suffix=""):
    """Compute AUROC and average precision of anomaly scores.

    Args:
        run: the `Run`.
        is_anomaly: booleans `[N]`.
        scores: name of a method -> its anomaly scores `[N]`; higher is more anomalous.
        suffix: text at the end of each line.

    Returns:
        Lines for the summary.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    if is_anomaly.all() or not is_anomaly.any():
        kind = "anomalies" if is_anomaly.any() else "normal"
        run.note(f"no AUROC: all {len(is_anomaly)} evaluated rows are {kind}")
        return [f"no AUROC: all {len(is_anomaly)} evaluated rows are {kind}; see --evaluate"]
    lines = []
    ranking = {"rows": len(is_anomaly), "anomalies": int(is_anomaly.sum())}
    for name, values in scores.items():
        auroc = float(roc_auc_score(is_anomaly, values))
        precision = float(average_precision_score(is_anomaly, values))
        ranking[name] = {"auroc": auroc, "average_precision": precision}
        lines.append(f"{name:<17} AUROC {auroc:.4f}, average precision {precision:.4f}{suffix}")
    run.record["anomalies"] = ranking
    return lines
