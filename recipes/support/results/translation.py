"""Results of `audio_visual.py`: retrieval scores, figures, and sounds as WAV files."""

import numpy as np
from support.data import spectrograms

import zoo

EXAMPLES, SAMPLES, SAMPLE_SOUNDS = 12, 12, 6
KS = (1, 5, 10)
LIMITS = (spectrograms.QUIETEST, spectrograms.LOUDEST)
AXES = (
    f"up: 0 to {spectrograms.HIGHEST / 1000:.0f} kHz (mel), "
    f"right: {spectrograms.samples() / spectrograms.RATE:.2f} s"
)


def write(run, vae, x, labels):
    """Write retrieval scores, figures and sounds of held-out pairs; return summary lines.

    Args:
        run: the `Run`.
        vae: its model.
        x: the pairs.
        labels: their digits.
    """
    parts = vae.score(x, seed=run.options.seed)
    run.record["held_out"] |= {f"nll_{name}": float(parts[f"nll_{name}"].mean()) for name in x}
    scores = retrieval_scores(vae, x, labels)
    run.record["retrieval"] = {"pairs": len(labels), "unit": "fractions of 1", **scores}
    title = f"Retrieval among {len(labels):,} held-out pairs"
    run.file("retrieval.md").write_text(markdown(title, scores), encoding="utf-8")
    plots, seed = zoo.plots, run.options.seed
    run.figure("curves", plots.training_curves(run.history()))
    run.figure("retrieval", plots.score_table(scores, title))
    draw(run, vae, x, labels)
    write_sounds(run, vae, x, labels, seed)
    return [
        f"{name:<17} {', '.join(f'{k} {v:.3f}' for k, v in row.items())}"
        for name, row in scores.items()
    ]


def retrieval_scores(vae, x, labels):
    """Row name -> scores: retrieval in both directions, and two baselines.

    Both baselines order items at random. In "digit known" all items of the right digit come before
    the others; in "chance" the order is random throughout.
    """
    ks = [k for k in KS if k <= len(labels)]
    scores = {}
    for query, target, name in (
        ("image", "audio", "sound by image"),
        ("audio", "image", "image by sound"),
    ):
        result = zoo.retrieval(vae, {query: x[query]}, {target: x[target]}, labels=labels, ks=ks)
        precision = result.precision_at[ks[-1]]
        scores[name] = _row(result.recall_at, result.mean_reciprocal_rank, precision)
    sizes = np.unique(labels, return_counts=True)[1][np.unique(labels, return_inverse=True)[1]]
    all_items = np.full(len(labels), len(labels))
    scores["digit known"] = _random_order(sizes, ks, 1.0)
    scores["chance"] = _random_order(all_items, ks, float(np.mean(sizes / len(labels))))
    return scores


def _random_order(sizes, ks, precision):
    """Expected scores if the partner has a random rank among the first `sizes` items, `[N]`."""
    recall = {k: float(np.mean(np.minimum(k / sizes, 1))) for k in ks}
    reciprocals = np.cumsum(1 / np.arange(1, sizes.max() + 1))
    return _row(recall, float(np.mean(reciprocals[sizes - 1] / sizes)), precision)


def _row(recall, reciprocal_rank, precision):
    return {
        **{f"recall@{k}": value for k, value in recall.items()},
        "mean reciprocal rank": reciprocal_rank,
        f"precision@{max(recall)} by digit": precision,
    }


def markdown(title, scores):
    """The scores as a Markdown table, with an explanation."""
    columns = list(next(iter(scores.values())))
    lines = [
        f"# {title}",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---" * (1 + len(columns)) + "|",
    ]
    for name, row in scores.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in columns) + " |")
    return "\n".join(lines) + EXPLANATION


EXPLANATION = """

Fractions of 1. Items are compared by the means of q(z|x) of one modality alone. recall@k: fraction
of queries whose partner is among the k nearest items. mean reciprocal rank: mean of 1 / rank of the
partner among all items. precision by digit: fraction of the nearest items that have the right
digit. Images and sounds were paired at random within a digit, so no model can be expected to exceed
"digit known", where the items of the right digit come first, in a random order. "chance" is a
random order of all items.
"""


def draw(run, vae, x, labels):
    """Draw images to sounds and back, joint samples, and the latent space."""
    seed = run.options.seed
    rows = _one_of_each(labels, EXAMPLES)
    sounds = vae.translate({"image": x["image"][rows]}, to="audio")
    panels = {
        "image": x["image"][rows],
        "sound from it": _decibels(sounds),
        "image from that": vae.translate({"audio": sounds}, to="image"),
        "true sound": _decibels(x["audio"][rows]),
    }
    title = "From a held-out image to a sound and back"
    _draw_panels(run, "image_to_sound_to_image", panels, title)
    samples = vae.generate(SAMPLES, seed=seed)
    panels = {"image": samples["image"], "sound": _decibels(samples["audio"])}
    _draw_panels(run, "joint_samples", panels, "Pairs from the prior")
    unimodal = {name: q.loc for name, q in zoo.unimodal_posteriors(vae, x).items()}
    latent = zoo.plots.modality_scatter(unimodal, labels, vae.encode(x).loc, seed)
    run.figure("latent", latent)


def _draw_panels(run, name, panels, title):
    sounds = [panel for panel in panels if "sound" in panel]
    title = f"{title} ({AXES})"
    run.figure(name, zoo.plots.side_by_side(panels, title, sounds, LIMITS, "dB"))


def write_sounds(run, vae, x, labels, seed):
    """Write WAV files: for each digit a held-out sound and one made from its image; new sounds."""
    rows = _one_of_each(labels, len(np.unique(labels)))
    parts = {
        "true": x["audio"][rows],
        "from_image": vae.translate({"image": x["image"][rows]}, to="audio"),
    }
    for name, audio in parts.items():
        for digit, waveform in zip(labels[rows], _waveforms(audio, seed), strict=True):
            spectrograms.write_wav(run.file(f"sounds/{digit}_{name}.wav"), waveform)
    # The first of the joint samples in the figure.
    samples = vae.generate(SAMPLES, seed=seed)["audio"][:SAMPLE_SOUNDS]
    for number, waveform in enumerate(_waveforms(samples, seed), 1):
        spectrograms.write_wav(run.file(f"sounds/sample_{number}.wav"), waveform)


def _one_of_each(labels, maximum):
    """Row numbers of at most `maximum` examples: the first of each class, then others."""
    firsts = np.unique(labels, return_index=True)[1]
    others = np.setdiff1d(np.arange(len(labels)), firsts)
    return np.concatenate([firsts, others])[:maximum]


def _without_channel(x):
    return np.asarray(x)[..., 0]


def _decibels(x):
    low, high = LIMITS
    return low + (high - low) * _without_channel(x)


def _waveforms(x, seed):
    return spectrograms.waveform(_without_channel(x), seed=seed)
