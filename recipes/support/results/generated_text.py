"""Results of `text.py`: samples, reconstructions, interpolations and neighbours as text files."""

import numpy as np

SAMPLES = 20
PAIRS = 4
NEIGHBOURS = 3


def write(run, vae, data):
    """Write texts/samples.txt, reconstructions.txt, interpolation.txt and neighbours.txt."""
    seed = run.options.seed
    for name, text in (
        ("samples", samples(vae, seed)),
        ("reconstructions", reconstructions(vae, data.held_out[:SAMPLES], seed)),
        ("interpolation", interpolations(vae, data.held_out)),
        ("neighbours", neighbours(vae, data.held_out[:SAMPLES], data.train)),
    ):
        run.file(f"texts/{name}.txt").write_text(text + "\n", encoding="utf-8")


def samples(vae, seed):
    """New sentences, one per line: z is drawn from the prior, words by top-p sampling, p 0.9."""
    return "\n".join(vae.sample(SAMPLES, seed=seed, temperature=0.8, top_p=0.9))


def reconstructions(vae, x, seed):
    """Each sentence with its reconstruction from the mean of q(z|x) and from a sample of it."""
    means, drawn = vae.reconstruct(x), vae.reconstruct(x, samples=1, seed=seed)[0]
    groups = zip(x, means, drawn, strict=True)
    return "\n\n".join(f"held out  {a}\nmean      {b}\nsample    {c}" for a, b, c in groups)


def interpolations(vae, x):
    """Sentences on the straight line between the codes of two sentences, for up to PAIRS pairs."""
    pairs = min(PAIRS, len(x) // 2)
    if not pairs:
        return ""
    starts, ends = x[: 2 * pairs : 2], x[1 : 2 * pairs : 2]
    paths = vae.interpolate(starts, ends, steps=6)
    groups = zip(starts, paths, ends, strict=True)
    return "\n\n".join("\n".join([f"> {a}", *path, f"> {b}"]) for a, path, b in groups)


def neighbours(vae, x, train):
    """For each sentence the training sentences with the nearest codes."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(train)))
    index.fit(np.asarray(vae.encode(train).loc))
    nearest = train[index.kneighbors(np.asarray(vae.encode(x).loc), return_distance=False)]
    groups = zip(x, nearest, strict=True)
    return "\n\n".join("\n".join([f"> {a}", *near]) for a, near in groups)
