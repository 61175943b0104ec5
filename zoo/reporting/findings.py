"""Findings on training curves, each stated only where it holds."""

import numpy as np

MIN_EPOCHS = 5  # below which curves say nothing about the end of training
LAST = 0.2  # fraction of the epochs whose rise is measured
MIN_RISE = 0.05  # of the range of a curve, that counts as rising or falling
MAX_GAP = 0.05  # of the training ELBO, by which validation may lie below it
MIN_GAP_NATS = 1.0


def curve_findings(history) -> list[str]:
    """Sentences on the ELBO by epoch: rising at the end, falling in validation, overfitting.

    Args:
        history: name -> a number for each epoch, with "elbo" and, if there was one, "val_elbo".
    """
    training, validation = (_finite(history.get(name, ())) for name in ("elbo", "val_elbo"))
    count = max(len(training), len(validation))
    if count < MIN_EPOCHS:
        return [f"{count} epochs are too few to see whether training has ended."]
    findings = [*_rising(training), *_falling(validation), *_gap(training, validation)]
    return findings or ["The ELBO no longer rises, and validation follows training."]


def _rising(elbo):
    if len(elbo) < MIN_EPOCHS:
        return
    start = min(len(elbo) - 2, int((1 - LAST) * len(elbo)))
    rise = elbo[-1] - elbo[start]
    if rise > MIN_RISE * np.ptp(elbo):
        yield (
            f"The ELBO still rose by {rise:,.2f} nats in the last fifth of the epochs: train "
            "longer."
        )


def _falling(elbo):
    if len(elbo) < MIN_EPOCHS:
        return
    best = int(np.argmax(elbo))
    fall = elbo[best] - elbo[-1]
    if best < len(elbo) - 1 and fall > MIN_RISE * np.ptp(elbo):
        yield (
            f"The validation ELBO fell by {fall:,.2f} nats after epoch {best + 1}: overfitting; "
            "stop earlier, use more data or a smaller model, or regularise it (input_noise=, "
            "kernel_regularizer=)."
        )


def _gap(training, validation):
    if not len(training) or not len(validation):
        return
    gap = training[-1] - validation[-1]
    if gap > max(MIN_GAP_NATS, MAX_GAP * abs(training[-1])):
        yield (
            f"The validation ELBO is {gap:,.2f} nats below the training ELBO: the model fits the "
            "data that it was trained on better than others."
        )


def _finite(values):
    values = np.asarray(values, "float64")
    return values[np.isfinite(values)]
