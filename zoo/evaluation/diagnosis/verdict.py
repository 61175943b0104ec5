"""The numbers of a diagnosis in words, and what to try."""

import numpy as np

ACTIVE = (
    0.01  # variance of q's means over data above which a dimension is in use: Burda et al., 2016
)
USED = 0.1  # nats that z must be worth to the decoder, and the KL at least
VANISHED = 0.01  # q's scale as a part of the spread of all codes in its dimension
SPARE = 0.5  # dimensions that may be idle before the model counts as partly collapsed
LOOSE = 0.05  # gap between log p(x) and ELBO, as a part of log p(x)
FAR = 0.2  # part of the KL that is the aggregated posterior's distance from the prior


def _diverged(d):
    numbers = [d.elbo, d.nll, d.kl, *d.loc_mean, *d.loc_deviation, *d.scale_mean]
    return not np.isfinite(numbers).all()


def _collapsed(d):
    return d.active_units == 0 or min(d.kl, d.decoder_use) < USED


def _vanishing(d):
    spread = np.hypot(d.loc_deviation, d.scale_mean)[d.active]
    return np.median(d.scale_mean[d.active] / spread) < VANISHED


def _partly(d):
    return d.active_units < SPARE * len(d.active)


# Verdict -> when it is true, and what to try. The first that is true is the verdict.
VERDICTS = {
    "diverged": (
        _diverged,
        "Some numbers are not finite. Look for NaN or huge values in the data; lower the learning "
        "rate; clip gradients.",
    ),
    "collapsed": (
        _collapsed,
        "z says nothing of x. Let the KL's weight grow from 0 (zoo.Anneal), give each dimension "
        "nats for free (zoo.objectives.FreeBits), lower beta, or make the decoder weaker: fewer "
        "layers, more word dropout.",
    ),
    "sigma vanishing": (
        _vanishing,
        "q(z|x) is a point, as in an autoencoder without noise: what lies between codes was never "
        "decoded. Raise beta; learn the likelihood's scale or raise its floor; use fewer latent "
        "dimensions or more data.",
    ),
    "partly collapsed": (
        _partly,
        "Most dimensions are idle. Use a smaller latent_dim; or let the KL's weight grow from 0 "
        "(zoo.Anneal), give each dimension nats for free (zoo.objectives.FreeBits), lower beta.",
    ),
    "healthy": (lambda d: True, "Nothing to mend in how z is used."),
}


def judge(diagnosis):
    """The verdict on a `Diagnosis` and what to try: `(verdict, [advice, ...])`."""
    verdict, (_, advice) = next(item for item in VERDICTS.items() if item[1][0](diagnosis))
    return verdict, [advice, *_remarks(diagnosis)] if verdict != "diverged" else [advice]


def _remarks(d):
    """What else there is to say, whatever the verdict."""
    if d.gap > LOOSE * abs(d.log_likelihood):
        yield (
            f"The ELBO is {d.gap:.1f} nats below log p(x): a richer posterior (flow=, a ladder) or "
            "a larger encoder may close the gap."
        )
    far = d.aggregate_kl
    if far is not None and far > max(1.0, FAR * d.kl):
        yield (
            f"Codes of data lie {far:.1f} nats from the prior, so samples may look unlike data: "
            "prior='mixture' and zoo.fit_prior, or prior='vamp'."
        )
