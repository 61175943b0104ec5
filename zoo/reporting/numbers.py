"""Sections of numbers: verdict, training curves, diagnosis, table of all numbers."""

import json
import math

import numpy as np

from zoo import plots
from zoo.core import elbo
from zoo.evaluation.diagnosis.result import R2_NOTES
from zoo.likelihoods import GreyLevels, Text
from zoo.reporting.findings import curve_findings
from zoo.reporting.markup import Markup, Section, join, paragraph, table, tag
from zoo.reporting.pictures import chart

# Verdict -> class of its badge; all others are warnings.
BADGES = {"healthy": "good", "diverged": "bad", "not learned": "bad", "collapsed": "bad"}


def verdict(context):
    """Section with the verdict of the diagnosis and its advice."""
    result = context.diagnosis
    badge = tag("span", result.verdict, class_=f"badge {BADGES.get(result.verdict, 'warning')}")
    summary = (
        f"ELBO {result.elbo:z,.2f} nats per example; log p(x) at least "
        f"{result.log_likelihood:z,.2f}; {result.active_units} of {len(result.active)} latent "
        f"dimensions active; computed on {result.examples:,} held-out examples."
    )
    advice = [paragraph(sentence) for sentence in result.advice]
    return Section("Verdict", join(tag("p", badge, " ", summary, class_="verdict"), *advice))


def curves(context):
    """Section with training curves, or a note that there is no history."""
    if context.history is None:
        text = "No training history (pass history=)."
        return Section("Training", paragraph(text, class_="quiet"))
    drawn = plots.training_curves(context.history)
    alt = "ELBO, negative log-likelihood and KL by epoch, for training and validation data"
    caption = " ".join(["Nats per example by epoch.", *curve_findings(context.history)])
    return Section("Training", chart(drawn, alt, caption))


def diagnosis(context):
    """Section with the figure of the diagnosis."""
    alt = "Bars of the terms of the ELBO and of the KL by dimension, histograms of q(z|x)"
    caption = (
        "Top: the terms of the ELBO; the KL of each latent dimension, largest first, inactive "
        "ones in grey. Bottom: the means and scales of q(z|x) over all dimensions. An inactive "
        "dimension stays at the prior, with mean 0 and scale 1."
    )
    return Section("Diagnosis", chart(plots.diagnosis(context.diagnosis), alt, caption))


def numbers(context):
    """Section with all numbers and their meaning, as a table and as JSON."""
    rows = [(name, value, note) for name, value, note in _rows(context) if value is not None]
    data = json.dumps(context.diagnosis.to_dict(), allow_nan=False).replace("<", "\\u003c")
    hidden = tag("script", Markup(data), type="application/json", id="numbers-for-programs")
    note = "The element #numbers-for-programs of this file holds the same numbers as JSON."
    body = join(table(("number", "value", "meaning"), rows, "numbers"), hidden)
    return Section("Numbers", join(body, paragraph(note, class_="quiet")))


def _rows(context):
    """Yield (name, number with its unit, meaning); the number is None where it does not exist."""
    d, error = context.diagnosis, np.std(context.elbo) / math.sqrt(context.example_count)
    bounded = f"first {d.bounded:,} examples"
    yield "examples", f"{d.examples:,}", "held out; all numbers are means over them"
    note = f"-NLL - KL; standard error {error:.2f} for {context.example_count:,} examples"
    yield "ELBO", _nats(d.elbo), note
    yield "NLL", _nats(d.nll), "-log p(x|z), z from q(z|x): reconstruction error"
    yield "KL", _nats(d.kl), "from q(z|x) to the prior: cost of encoding z"
    for level, value in enumerate(d.kl_by_level, 1):
        if len(d.kl_by_level) > 1:
            note = "level 1 is nearest to x; the last level is the top"
            yield f"KL of level {level}", _nats(value), note
    yield (
        "log p(x)",
        _nats(d.log_likelihood),
        f"lower bound, importance-weighted with {d.importance_samples} draws; {bounded}",
    )
    note = f"this bound minus the ELBO, {bounded}: error of q(z|x) as an approximate posterior"
    yield "gap", _nats(d.gap), note
    for name, value in d.trivial.items():
        yield f"log p(x), {name}", _nats(value), f"of a trivial model of this kind; {bounded}"
    for name, value in d.r2.items():
        yield "R2" if name == "model" else f"R2, {name}", f"{value:.3f}", R2_NOTES[name]
    yield from _per_unit(context)
    note = "rise of the NLL when each example is decoded from another example's z"
    yield "decoder's use of z", _nats(d.decoder_use), note
    yield "mutual information", _nats(d.mutual_information), "I(x; z): information in z about x"
    note = "from q(z), the aggregate posterior, to the prior: KL - I(x; z)"
    yield "aggregate KL", _nats(d.aggregate_kl), note
    active = f"{d.active_units} of {len(d.active)}"
    yield "active units", active, "dimensions whose mean has a variance above 0.01 over the data"
    yield "scale of q(z|x)", f"{np.median(d.scale_mean):.3f}", "median over dimensions"
    note = "standard deviation over the data, median over dimensions"
    yield "std of the means", f"{np.median(d.loc_std):.3f}", note


def _per_unit(context):
    """Yield log p(x) in the unit that papers on this kind of data use, if there is one."""
    bound, shape = context.diagnosis.log_likelihood, context.model.decoder.free_event_shape
    if isinstance(context.likelihood, GreyLevels):
        bits = elbo.bits_per_dimension(-bound, shape)
        note = "upper bound: -log p(x) / (values in x * log 2)"
        yield "bits per dimension", f"{bits:.3f}", note
    if isinstance(context.likelihood, Text):
        few = context.model.preprocessor.to_array(context.x)[: context.diagnosis.bounded]
        tokens = (np.count_nonzero(few, 1) + 1).mean()
        note = f"upper bound: exp(-log p(x) / {tokens:.1f} tokens), end tokens included"
        yield "perplexity", f"{math.exp(-bound / tokens):,.1f}", note


def _nats(value):
    return None if value is None else f"{value:z,.2f} nats"
