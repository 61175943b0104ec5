"""What a model of images and sounds can do: searches, figures, and sounds that can be heard."""

import numpy as np
from support.data import spectrograms

import zoo

EXAMPLES, SAMPLES, HEARD = 12, 12, 6
KS = (1, 5, 10)
LIMITS = (spectrograms.QUIETEST, spectrograms.LOUDEST)
LENGTH = (
    f"up: 0 to {spectrograms.HIGHEST / 1000:.0f} kHz (mel), "
    f"right: {spectrograms.samples() / spectrograms.RATE:.2f} s"
)


def report(folder, vae, x, labels):
    """Searches, figures and sounds of held-out pairs; lines for the summary.

    Args:
        folder: the run.
        vae: its model.
        x: the pairs.
        labels: their digits.
    """
    parts = vae.score(x, seed=folder.options.seed)
    folder.record["held_out"] |= {f"nll_{name}": float(parts[f"nll_{name}"].mean()) for name in x}
    scores = search(vae, x, labels)
    folder.record["retrieval"] = {"pairs": len(labels), "unit": "fractions of 1", **scores}
    title = f"Searching {len(labels):,} held-out pairs"
    (folder.folder / "retrieval.md").write_text(markdown(title, scores), encoding="utf-8")
    plots, seed = zoo.plots, folder.options.seed
    folder.figure("curves", plots.training_curves(folder.history()))
    folder.figure("retrieval", plots.score_table(scores, title))
    draw(folder, vae, x, labels)
    write_sounds(folder.folder / "sounds", vae, x, labels, seed)
    return [
        f"{name:<17} {', '.join(f'{k} {v:.3f}' for k, v in row.items())}"
        for name, row in scores.items()
    ]


def search(vae, x, labels):
    """Both ways, and what who knows the digit alone, or nothing, would reach: name -> scores."""
    ks = [k for k in KS if k <= len(labels)]
    found = {}
    for query, gallery, name in (
        ("image", "audio", "sound by image"),
        ("audio", "image", "image by sound"),
    ):
        got = zoo.retrieval(vae, {query: x[query]}, {gallery: x[gallery]}, labels=labels, ks=ks)
        found[name] = _scores(got.recall_at, got.mean_reciprocal_rank, got.precision_at[ks[-1]])
    sizes = np.unique(labels, return_counts=True)[1][np.unique(labels, return_inverse=True)[1]]
    all_of_them = np.full(len(labels), len(labels))
    found["digit known"] = _by_chance(sizes, ks, 1.0)
    found["chance"] = _by_chance(all_of_them, ks, float(np.mean(sizes / len(labels))))
    return found


def _by_chance(sizes, ks, precision):
    """Scores where the partner is any one of so many equally near items, `[N]`."""
    recall = {k: float(np.mean(np.minimum(k / sizes, 1))) for k in ks}
    ranks = np.cumsum(1 / np.arange(1, sizes.max() + 1))
    return _scores(recall, float(np.mean(ranks[sizes - 1] / sizes)), precision)


def _scores(recall, reciprocal, precision):
    found = {f"recall@{k}": value for k, value in recall.items()}
    last = max(recall)
    return {**found, "mean reciprocal rank": reciprocal, f"precision@{last} by digit": precision}


def markdown(title, scores):
    """The scores as a table in Markdown, with what the rows mean."""
    columns = list(next(iter(scores.values())))
    lines = [
        f"# {title}",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---" * (1 + len(columns)) + "|",
    ]
    for name, row in scores.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[c]:.3f}" for c in columns) + " |")
    return "\n".join(lines) + MEANING


MEANING = """

Fractions of 1. Items are compared by the means of q(z|x) of one modality alone. recall@k: how often
the very partner is among the k nearest. mean reciprocal rank: of the partner among all items.
precision by digit: how many of the nearest are of the right digit. Images and sounds were paired at
random within a digit, so no model can be expected to reach more than "digit known", which is what a
random order of the right digit's items would have.
"""


def draw(folder, vae, x, labels):
    """Image to sound to image, joint samples, latent space."""
    seed = folder.options.seed
    few = _one_of_each(labels, EXAMPLES)
    heard = vae.translate({"image": x["image"][few]}, to="audio")
    rows = {
        "image": x["image"][few],
        "sound from it": _decibels(heard),
        "image from that": vae.translate({"audio": heard}, to="image"),
        "true sound": _decibels(x["audio"][few]),
    }
    _draw_rows(folder, "image_to_sound_to_image", rows, "From a held-out image to a sound and back")
    made = vae.generate(SAMPLES, seed=seed)
    rows = {"image": made["image"], "sound": _decibels(made["audio"])}
    _draw_rows(folder, "joint_samples", rows, "Pairs from the prior")
    alone = {name: q.loc for name, q in zoo.unimodal_posteriors(vae, x).items()}
    latent = zoo.plots.modality_scatter(alone, labels, vae.encode(x).loc, seed)
    folder.figure("latent", latent)


def _draw_rows(folder, name, rows, title):
    sounds = [row for row in rows if "sound" in row]
    title = f"{title} ({LENGTH})"
    folder.figure(name, zoo.plots.side_by_side(rows, title, sounds, LIMITS, "dB"))


def write_sounds(folder, vae, x, labels, seed):
    """WAV files of a held-out pair of each digit, of what its image becomes, and of new sounds."""
    folder.mkdir(exist_ok=True)
    rows = _one_of_each(labels, len(np.unique(labels)))
    parts = {
        "true": x["audio"][rows],
        "from_image": vae.translate({"image": x["image"][rows]}, to="audio"),
    }
    for what, audio in parts.items():
        for digit, waveform in zip(labels[rows], _waveforms(audio, seed), strict=True):
            spectrograms.write_wav(folder / f"{digit}_{what}.wav", waveform)
    # The first of the joint samples that are drawn.
    made = vae.generate(SAMPLES, seed=seed)["audio"][:HEARD]
    for number, waveform in enumerate(_waveforms(made, seed), 1):
        spectrograms.write_wav(folder / f"sample_{number}.wav", waveform)


def _one_of_each(labels, most):
    """Row numbers of `most` examples: the first of each class, then others."""
    firsts = np.unique(labels, return_index=True)[1]
    others = np.setdiff1d(np.arange(len(labels)), firsts)
    return np.concatenate([firsts, others])[:most]


def _spectrograms(x):
    return np.asarray(x)[..., 0]


def _decibels(x):
    low, high = LIMITS
    return low + (high - low) * _spectrograms(x)


def _waveforms(x, seed):
    return spectrograms.waveform(_spectrograms(x), seed=seed)
