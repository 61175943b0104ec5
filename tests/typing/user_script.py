"""A user's script. mypy checks it against the annotations that the package ships (`.ci/run`)."""

from typing import assert_type

import numpy as np

import zoo


def train(x: np.ndarray) -> zoo.VAE:
    assert_type(zoo.available("*vae"), tuple[str, ...])
    assert_type(zoo.card("dense_vae"), zoo.Card)
    vae = zoo.get("dense_vae", latent_dim=2, hidden=(8,), seed=1)
    assert_type(vae, zoo.VAE)
    vae.compile(zoo.FusedAdam(1e-3), run_eagerly=True)
    vae.fit(x, epochs=1, batch_size=8, callbacks=[zoo.callbacks.NonFiniteGuard()], verbose=0)
    return vae


def query(vae: zoo.VAE, x: np.ndarray) -> dict[str, np.ndarray]:
    assert_type(vae.elbo(x, samples=2, seed=0), np.ndarray)
    assert_type(vae.log_likelihood(x, samples=3), np.ndarray)
    scores = vae.score(x)
    assert_type(scores, dict[str, np.ndarray])
    means = np.asarray(vae.encode(x).loc)
    return {"means": means, "samples": np.asarray(vae.sample(3, seed=1)), **scores}


def main() -> None:
    x = np.random.default_rng(0).random((16, 6)).astype("float32")
    vae = train(x)
    shapes = {name: array.shape for name, array in query(vae, x).items()}
    assert shapes["means"] == (16, 2), shapes
    vae.save("vae.keras")


if __name__ == "__main__":
    main()
