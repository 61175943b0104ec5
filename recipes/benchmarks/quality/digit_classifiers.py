"""Classifiers of digits, and the coherence of a multimodal model by their judgement."""

import keras
import numpy as np


def classifier(shape):
    """Untrained classifier: two convolutions, dropout, a dense layer."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, 2, "same", activation="relu"),
            layers.Conv2D(64, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def digits(judge, x):
    """Digits that a classifier predicts."""
    return judge.predict(x, verbose=0).argmax(-1)


def coherence(vae, judges, x, labels):
    """Coherence of joint samples, translations and reconstructions."""
    fractions = {"joint": joint_coherence(vae, judges, len(labels))}
    for source, to in (("image", "audio"), ("audio", "image")):
        translated = vae.translate({source: x[source]}, to=to)
        fractions[f"{source}_to_{to}"] = np.mean(digits(judges[to], translated) == labels)
        own = vae.reconstruct({source: x[source]})[source]
        fractions[f"{source}_to_{source}"] = np.mean(digits(judges[source], own) == labels)
    return {name: round(float(value), 4) for name, value in fractions.items()}


def joint_coherence(vae, judges, size):
    """Fraction of pairs from the prior whose image and sound are of one digit."""
    pairs = vae.generate(size, seed=0)
    of_image, of_sound = (digits(judges[name], pairs[name]) for name in ("image", "audio"))
    return round(float(np.mean(of_image == of_sound)), 4)
