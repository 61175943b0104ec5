"""What a model of texts writes: files that a person reads."""

import numpy as np

SAMPLES = 20
PAIRS = 4
NEIGHBOURS = 3


def write(folder, vae, data):
    """texts/samples.txt, reconstructions.txt, interpolation.txt and neighbours.txt."""
    target, seed = folder.folder / "texts", folder.options.seed
    target.mkdir(exist_ok=True)
    for name, text in (
        ("samples", samples(vae, seed)),
        ("reconstructions", reconstructions(vae, data.held_out[:SAMPLES], seed)),
        ("interpolation", interpolations(vae, data.held_out)),
        ("neighbours", neighbours(vae, data.held_out[:SAMPLES], data.train)),
    ):
        (target / f"{name}.txt").write_text(text + "\n", encoding="utf-8")


def samples(vae, seed):
    """New sentences: z from the prior, words from the most probable nine tenths."""
    z = vae.latents.generate(SAMPLES, np.array([seed, 0], "int32"))
    likelihood = vae.decoder.likelihood
    drawn = likelihood.present(vae.decode(z).sample(seed, temperature=0.8, top_p=0.9).numpy())
    return "\n".join(drawn)


def reconstructions(vae, x, seed):
    """Each sentence as the decoder reads its code, and one for another draw of the code."""
    means, drawn = vae.reconstruct(x), vae.reconstruct(x, samples=1, seed=seed)[0]
    groups = zip(x, means, drawn, strict=True)
    return "\n\n".join(f"held out  {a}\nmean      {b}\na draw    {c}" for a, b, c in groups)


def interpolations(vae, x):
    """From one sentence to another along the straight line between their codes; PAIRS of them."""
    pairs = min(PAIRS, len(x) // 2)
    if not pairs:
        return ""
    starts, ends = x[: 2 * pairs : 2], x[1 : 2 * pairs : 2]
    paths = vae.interpolate(starts, ends, steps=6)
    groups = zip(starts, paths, ends, strict=True)
    return "\n\n".join("\n".join([f"> {a}", *path, f"> {b}"]) for a, path, b in groups)


def neighbours(vae, x, train):
    """The training sentences whose codes are nearest to each."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(train)))
    found.fit(np.asarray(vae.encode(train).loc))
    nearest = train[found.kneighbors(np.asarray(vae.encode(x).loc), return_distance=False)]
    groups = zip(x, nearest, strict=True)
    return "\n\n".join("\n".join([f"> {a}", *near]) for a, near in groups)
