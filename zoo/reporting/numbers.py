"""Sections of numbers: the verdict, how training went, the diagnosis, all numbers in a table."""

import json
import math

import numpy as np

from zoo import plots
from zoo.core import elbo
from zoo.likelihoods import DiscretizedLogisticLikelihood, Text
from zoo.reporting.markup import Markup, Section, join, paragraph, table, tag
from zoo.reporting.pictures import chart

# Verdict -> the class of its badge; others are a warning.
BADGES = {"healthy": "good", "diverged": "bad", "collapsed": "bad"}


def verdict(context):
    """What the model makes of its latent space, in a word and with what to try."""
    found = context.diagnosis
    badge = tag("span", found.verdict, class_=f"badge {BADGES.get(found.verdict, 'warning')}")
    said = (
        f"ELBO {found.elbo:z,.2f} nats an example, log p(x) at least {found.log_likelihood:z,.2f}, "
        f"{found.active_units} of {len(found.active)} latent dimensions in use; "
        f"{found.examples:,} examples that training did not see."
    )
    advice = [paragraph(sentence) for sentence in found.advice]
    return Section("Verdict", join(tag("p", badge, " ", said, class_="verdict"), *advice))


def curves(context):
    """How training went; where nobody knows, so much is said."""
    if context.history is None:
        text = "Nobody kept how training went: history= was not given."
        return Section("Training", paragraph(text, class_="quiet"))
    drawn = plots.training_curves(context.history)
    alt = "ELBO, negative log-likelihood and KL over epochs, of training and validation data"
    caption = (
        "Nats an example over epochs. Still rising at the end: train longer. Training far above "
        "validation: it learns by heart."
    )
    return Section("Training", chart(drawn, alt, caption))


def diagnosis(context):
    """Where the nats go, which dimensions are in use, where codes lie."""
    alt = "Bars of ELBO and its parts and of the KL of each dimension, histograms of q(z|x)"
    caption = (
        "What the ELBO is made of; what each dimension says of x, the largest first, idle ones "
        "grey; means and scales of q(z|x) over all dimensions: an idle dimension has mean 0 and "
        "scale 1."
    )
    return Section("Diagnosis", chart(plots.diagnosis(context.diagnosis), alt, caption))


def numbers(context):
    """All numbers with their units and what they mean, and the same for programs."""
    found = context.diagnosis
    rows = [(name, value, note) for name, value, note in _rows(context) if value is not None]
    data = json.dumps(found.to_dict(), allow_nan=False).replace("<", "\\u003c")
    hidden = tag("script", Markup(data), type="application/json", id="numbers-for-programs")
    note = "The same stands in this file as JSON, in the element #numbers-for-programs."
    body = join(table(("number", "value", "what it is"), rows, "numbers"), hidden)
    return Section("Numbers", join(body, paragraph(note, class_="quiet")))


def _rows(context):
    """(name, number with its unit, what it is)."""
    d, error = context.diagnosis, np.std(context.elbo) / math.sqrt(context.size)
    few = f"first {d.bounded:,} examples"
    yield "examples", f"{d.examples:,}", "held-out; all numbers are means over them"
    yield "ELBO", _nats(d.elbo), f"-NLL - KL; standard error {error:.2f} with {context.size:,}"
    yield "NLL", _nats(d.nll), "-log p(x|z), z from q(z|x): what reading back costs"
    yield "KL", _nats(d.kl), "from q(z|x) to the prior: what the code costs"
    for level, value in enumerate(d.kl_by_level, 1):
        if len(d.kl_by_level) > 1:
            yield f"KL of level {level}", _nats(value), "level 1 is nearest to x, the last the top"
    yield (
        "log p(x)",
        _nats(d.log_likelihood),
        f"at least; importance-weighted, {d.importance_samples} draws, {few}",
    )
    yield "gap", _nats(d.gap), f"from the ELBO up to that, {few}: what q(z|x) loses"
    yield from _per_unit(context)
    yield "decoder's use of z", _nats(d.decoder_use), "lost with another example's z"
    yield "mutual information", _nats(d.mutual_information), "I(x; z): what a code says of its x"
    yield "KL of all codes", _nats(d.aggregate_kl), "from q(z) to the prior: KL - I(x; z)"
    active = f"{d.active_units} of {len(d.active)}"
    yield "active units", active, "dimensions whose mean varies by more than 0.01 over the data"
    yield "scale of q(z|x)", f"{np.median(d.scale_mean):.3f}", "median over dimensions"
    yield "spread of its means", f"{np.median(d.loc_std):.3f}", "median over dimensions"


def _per_unit(context):
    """log p(x) in the unit that papers on this kind of data use, where there is one."""
    bound, shape = context.diagnosis.log_likelihood, context.model.free_event_shape
    if isinstance(context.likelihood, DiscretizedLogisticLikelihood):
        bits = elbo.bits_per_dimension(-bound, shape)
        yield "bits per dimension", f"{bits:.3f}", "-log p(x) / (values in x * log 2), at most"
    if isinstance(context.likelihood, Text):
        few = context.likelihood.prepare(context.x)[: context.diagnosis.bounded]
        words = (np.count_nonzero(few, 1) + 1).mean()
        note = f"exp(-log p(x) / {words:.1f} words, their ends counted), at most"
        yield "perplexity", f"{math.exp(-bound / words):,.1f}", note


def _nats(value):
    return None if value is None else f"{value:z,.2f} nats"
