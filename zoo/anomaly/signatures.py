"""Functions of a detector of data frames for a SavedModel: raw columns in, scores out."""

import math

import numpy as np
import tensorflow as tf

from zoo.anomaly import scores
from zoo.anomaly.frames import HALF
from zoo.core.samplers import CommonSampler, MeanSampler
from zoo.inference.scoring import elbo_terms

SURPRISE_SAMPLES = 4  # those of `VAE.elbo`, which `explain` calls

# Score -> (term of `elbo_terms`, its sign). These take one pass through the model.
TERMS = {
    scores.ELBOScore: ("elbo", 1),
    scores.ReconstructionScore: ("nll", -1),
    scores.ReconstructionProbabilityScore: ("nll", -1),
    scores.KLScore: ("kl", -1),
}


def detector_signatures(detector, served):
    """`score`: columns -> score, probability, prediction; `explain`: columns -> nats by column.

    Raises:
        TypeError: the score takes more than one pass through the model.
    """
    if type(detector.score_) not in TERMS:
        raise TypeError(
            "score must be one of 'elbo', 'reconstruction', 'reconstruction_probability' and 'kl' "
            f"for export, got {type(detector.score_).__name__}"
        )
    vae, unseen_score = detector.vae_, -math.log(detector._row_count + 1)

    def score(inputs):
        rows = served.encode(inputs)
        unseen = [tf.cast(x, tf.float64) for x in served.unseen(inputs, rows).values()]
        value = _score(detector.score_, vae, rows) + unseen_score * tf.add_n(unseen)
        return {
            "score": value,
            "probability": _probability(detector, value),
            "prediction": tf.where(value >= detector.offset_, 1, -1),
        }

    def explain(inputs):
        rows = served.encode(inputs)
        surprises = _surprises(vae, served, rows)
        typical = dict(zip(detector.columns_.names, detector._typical, strict=True))
        result = {}
        for name, unseen in served.unseen(inputs, rows).items():
            column = served.by_input[name].part.name
            nats = surprises.get(name, tf.zeros_like(rows[:, 0])) - typical[column]
            result[name] = nats - unseen_score * tf.cast(unseen, tf.float64)
        return result

    return {"score": (score, [served.specs()]), "explain": (explain, [served.specs()])}


def _score(score, vae, rows):
    """Scores `[N]` of encoded rows, float64."""
    term, sign = TERMS[type(score)]
    samples = getattr(score, "samples", None)
    sampler = CommonSampler(score.seed, samples) if samples else MeanSampler()
    terms = elbo_terms(vae, vae.preprocessor.to_tensor(rows), sampler)
    return sign * tf.cast(terms[term], tf.float64)


def _surprises(vae, served, rows):
    """Input -> ELBO of rows without its column less that of the rows, float64 `[N]`."""
    blocks = served.blocks()
    hidden = np.zeros((1 + len(blocks), 1, rows.shape[1]), bool)
    for i, (_, _, at) in enumerate(blocks):
        hidden[1 + i, :, at] = True
    nan = tf.constant(np.nan, rows.dtype)
    x = tf.reshape(tf.where(hidden, nan, rows[None]), [-1, rows.shape[1]])
    sampler = CommonSampler(0, SURPRISE_SAMPLES)
    elbos = elbo_terms(vae, vae.preprocessor.to_tensor(x), sampler)["elbo"]
    elbos = tf.reshape(elbos, [len(hidden), -1])
    gains = tf.cast(elbos[1:] - elbos[:1], tf.float64)
    return {name: gains[i] for i, (name, _, _) in enumerate(blocks)}


def _probability(detector, score):
    """`zoo.anomaly.frames.outlier_probability` of scores with scikit-learn's sign."""
    above = tf.maximum(-score - detector._center, 0.0)
    length = max(-detector.offset_ - detector._center, np.finfo("float64").tiny)
    return tf.math.erf(tf.minimum(HALF * above / length, 9.0))
