"""Verdict on the numbers of a diagnosis, and advice."""

import numpy as np

# Variance over the data of a dimension's posterior mean, above which it is active: Burda et al.,
# Importance weighted autoencoders, 2016.
MIN_ACTIVE_VARIANCE = 0.01
MIN_LATENT_NATS = 0.1  # of the KL and of the decoder's use of z, below which z is not used
MIN_SCALE_RATIO = 0.01  # of q's scale to the std of all codes, below which q is nearly a point
MIN_ACTIVE_FRACTION = 0.5  # of the dimensions, below which the model counts as partly collapsed
MAX_GAP_FRACTION = 0.05  # of log p(x) that the gap to the ELBO may be without a remark
MAX_AGGREGATE_KL_FRACTION = 0.2  # of the KL that KL(q(z) || p(z)) may be without a remark
MIN_AGGREGATE_KL_NATS = 1.0  # of KL(q(z) || p(z)), below which there is no remark
MAX_COLLAPSED_LOSS = 0.01  # of log p(x), by which a collapsed model may miss a trivial one
MIN_PCA_R2 = 0.02  # by which the R2 of PCA must be higher for a remark
MIN_PCA_FRACTION = 0.01  # of log p(x), by which PCA must be better for a remark


def _diverged(d):
    numbers = [d.elbo, d.nll, d.kl, *d.loc_mean, *d.loc_std, *d.scale_mean]
    return not np.isfinite(numbers).all()


def _collapsed(d):
    return d.active_units == 0 or min(d.kl, d.decoder_use) < MIN_LATENT_NATS


def _not_learned(d):
    if d.gain is None or d.gain > 0:
        return False
    # A collapsed model is about as good as the marginal distribution, and its advice is better.
    return not _collapsed(d) or d.gain < -MAX_COLLAPSED_LOSS * abs(d.log_likelihood)


def _sigma_vanishing(d):
    code_std = np.hypot(d.loc_std, d.scale_mean)[d.active]
    return np.median(d.scale_mean[d.active] / code_std) < MIN_SCALE_RATIO


def _partly_collapsed(d):
    return d.active_units < MIN_ACTIVE_FRACTION * len(d.active)


# Verdict -> (condition, advice). The first condition that holds gives the verdict.
VERDICTS = {
    "diverged": (
        _diverged,
        "Some numbers are NaN or infinite. Look for NaN or huge values in the data, lower the "
        "learning rate, or clip gradients.",
    ),
    "not learned": (
        _not_learned,
        "The model has not learned the data: a trivial model without latent variables (uniform, "
        "constant, or each feature by itself) gives the same examples a log p(x) at least as high. "
        "Train longer, raise the learning rate if the ELBO rises slowly and lower it if the ELBO "
        "jumps, and check that the data and the likelihood belong together.",
    ),
    "collapsed": (
        _collapsed,
        "The decoder does not use z: no dimension is active, or the KL or the decoder's use of z "
        f"is below {MIN_LATENT_NATS} nats. Increase the weight of the KL from 0 during training "
        "(zoo.Anneal), use free bits (zoo.objectives.FreeBits), lower beta, or make the decoder "
        "weaker: fewer layers, more word dropout.",
    ),
    "sigma vanishing": (
        _sigma_vanishing,
        "The posterior q(z|x) is nearly a point, as in an autoencoder without noise: its median "
        f"scale is below {MIN_SCALE_RATIO:.0%} of the standard deviation of all codes, so the "
        "decoder was not trained on values of z between them. Raise beta, learn the likelihood's "
        "scale or raise its minimum, use fewer latent dimensions, or use more data.",
    ),
    "partly collapsed": (
        _partly_collapsed,
        f"Fewer than {MIN_ACTIVE_FRACTION:.0%} of the latent dimensions are active. Use a smaller "
        "latent_dim, increase the weight of the KL from 0 during training (zoo.Anneal), use free "
        "bits (zoo.objectives.FreeBits), or lower beta.",
    ),
    "healthy": (
        lambda d: True,
        "The latent space is in use: the decoder depends on z, enough dimensions are active, and "
        "their posterior scales have not vanished.",
    ),
}


def judge(diagnosis) -> tuple[str, list[str]]:
    """Verdict on a `Diagnosis`, and advice: `(verdict, [advice, ...])`."""
    if not hasattr(diagnosis, "kl_by_dimension"):
        raise TypeError(f"diagnosis must be a zoo.Diagnosis, got {type(diagnosis).__name__}")
    verdict, (_, advice) = next(item for item in VERDICTS.items() if item[1][0](diagnosis))
    return verdict, [advice, *_remarks(diagnosis)] if verdict != "diverged" else [advice]


def _remarks(d):
    """Advice that applies with any verdict."""
    if d.gain is not None:
        best = max((name for name in d.trivial if name != "PCA"), key=d.trivial.get)
        side = "above" if d.gain > 0 else "below"
        yield (
            f"log p(x) is {abs(d.gain):.1f} nats {side} that of the best trivial model ({best})."
        )
    pca = d.trivial.get("PCA", -np.inf) - d.log_likelihood
    if pca > MIN_PCA_FRACTION * abs(d.log_likelihood):
        yield (
            "Probabilistic PCA with as many latent dimensions gives these examples a log p(x) that "
            f"is {pca:.1f} nats higher. Train longer or on more data; if this remains, the model "
            "has learned less than a linear one."
        )
    r2 = d.r2.get("PCA", -np.inf) - d.r2.get("model", np.inf)
    if r2 > MIN_PCA_R2:
        yield (
            f"PCA with as many components reconstructs these examples better: its R2 is {r2:.2f} "
            "higher. Train longer; if this remains, the noise of the likelihood is so large that "
            "more detail in z is not worth its KL. A likelihood that learns a small scale "
            "(likelihood='shared_scale_normal') or a beta below 1 gives more detail."
        )
    if d.gap > MAX_GAP_FRACTION * abs(d.log_likelihood):
        yield (
            f"The ELBO is {d.gap:.1f} nats below log p(x). A more flexible posterior (flow=, a "
            "ladder) or a larger encoder may narrow this gap."
        )
    distance = d.aggregate_kl
    if distance is None:
        return
    if distance > max(MIN_AGGREGATE_KL_NATS, MAX_AGGREGATE_KL_FRACTION * d.kl):
        yield (
            f"The aggregate posterior q(z) is {distance:.1f} nats from the prior, so generated "
            "examples may not resemble the data. Use prior='mixture' with zoo.fit_prior, or "
            "prior='vamp'."
        )
