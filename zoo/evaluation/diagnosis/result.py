"""The result of a diagnosis."""

import dataclasses
import html
import math
import textwrap

import numpy as np

from zoo.evaluation.diagnosis.verdict import judge


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnosis:
    """How a VAE uses its latent space. Prints as a report; nats are per example, means over data.

    Attributes:
        model: name of the model.
        examples: how many were looked at.
        elbo, nll, kl: as in `VAE.score`.
        bounded: how many examples log_likelihood and gap are means over.
        importance_samples: K of the importance-weighted bound.
        log_likelihood: that bound on log p(x).
        gap: how far the ELBO of the same examples is below it: what q(z|x) loses.
        decoder_use: the rise of -log p(x|z) when each example gets another one's z; 0 where the
            decoder does without z.
        mutual_information: I(x; z), by `zoo.mutual_information`, of the top level of a ladder; at
            most the log of how many examples it is estimated from. None where q(z|x) is no Normal.
        aggregate_kl: KL(q(z) || p(z)) = KL - I(x; z); None where that is.
        kl_by_level: of a ladder, level 1 nearest to x first; else the one KL.
        kl_by_dimension: `[D]`; None where a flow or the prior leaves no closed form.
        active: bool `[D]`, whether the variance of q's means over the data is above 0.01.
        loc_mean, loc_deviation: `[D]`, mean and standard deviation over the data of q's means.
        scale_mean: `[D]`, mean over the data of q's scales.
        loc_histogram: (counts `[n]`, edges `[n + 1]`) of q's means, all dimensions together.
        scale_histogram: the same of the decimal logarithms of q's scales.
    """

    model: str
    examples: int
    elbo: float
    nll: float
    kl: float
    bounded: int
    importance_samples: int
    log_likelihood: float
    gap: float
    decoder_use: float
    mutual_information: float | None
    aggregate_kl: float | None
    kl_by_level: np.ndarray
    kl_by_dimension: np.ndarray | None
    active: np.ndarray
    loc_mean: np.ndarray
    loc_deviation: np.ndarray
    scale_mean: np.ndarray
    loc_histogram: tuple
    scale_histogram: tuple

    @property
    def active_units(self):
        """How many dimensions are in use."""
        return int(self.active.sum())

    @property
    def verdict(self):
        """One of `zoo.evaluation.diagnosis.VERDICTS`."""
        return judge(self)[0]

    @property
    def advice(self):
        """What to try: a list of sentences."""
        return judge(self)[1]

    def to_dict(self):
        """All of it as what JSON can hold; what is not finite is None."""
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        found |= {"active_units": self.active_units}
        found |= {"verdict": self.verdict, "advice": self.advice}
        return {name: _plain(value) for name, value in found.items()}

    def scalars(self):
        """The single numbers, name -> float, without those that are None."""
        names = ("elbo", "nll", "kl", "log_likelihood", "gap", "decoder_use")
        names += ("mutual_information", "aggregate_kl", "active_units")
        found = {name: getattr(self, name) for name in names}
        return {name: float(value) for name, value in found.items() if value is not None}

    def plot(self):
        """A `matplotlib` figure: KL of each dimension, q's means and scales."""
        from zoo import plots  # noqa: PLC0415  (above this file; needs matplotlib)

        return plots.diagnosis(self)

    def __str__(self):
        rows = [(name, value, note) for name, value, note in self._rows() if value is not None]
        wide = max(len(name) for name, _, _ in rows)
        lines = [f"{self.model}: {self.verdict}", ""]
        lines += [f"  {name:<{wide}}  {value:>9}  {note}".rstrip() for name, value, note in rows]
        indent = dict(initial_indent="  ", subsequent_indent="  ")
        advice = [textwrap.fill(sentence, 88, **indent) for sentence in self.advice]
        return "\n".join([*lines, "", *advice])

    def _repr_html_(self):
        """What a notebook shows."""
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td>"
            f"<td style='text-align:right'>{html.escape(value)}</td>"
            f"<td style='text-align:left'>{html.escape(note)}</td></tr>"
            for name, value, note in self._rows()
            if value is not None
        )
        advice = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.advice)
        head = f"<p><b>{html.escape(self.model)}: {self.verdict}</b></p>"
        return f"{head}<table>{rows}</table>{advice}"

    def _rows(self):
        """(name, number, what it is) of each line."""
        size = len(self.active)
        yield "examples", f"{self.examples:,}", ""
        yield "ELBO", _nats(self.elbo), "nats, as all below"
        yield "-log p(x|z)", _nats(self.nll), ""
        yield "KL", _nats(self.kl), "from q(z|x) to the prior"
        if len(self.kl_by_level) > 1:
            levels = ", ".join(f"{value:.2f}" for value in self.kl_by_level)
            yield "KL by level", "", f"{levels} (the top last)"
        bound = f"{self.importance_samples} draws each, {self.bounded:,} examples"
        yield "log p(x)", _nats(self.log_likelihood), f"at least; {bound}"
        yield "gap", _nats(self.gap), "between that and the ELBO"
        yield "decoder's use of z", _nats(self.decoder_use), "lost with another example's z"
        yield "mutual information", _nats(self.mutual_information), "of x and z"
        yield "KL of all codes", _nats(self.aggregate_kl), "from q(z) to the prior"
        yield "active units", f"{self.active_units} of {size}", ""
        scales = f"{self.scale_mean.min():.3f} to {self.scale_mean.max():.3f}"
        yield "scale of q(z|x)", _number(np.median(self.scale_mean)), f"median; {scales}"
        spread = f"{self.loc_deviation.min():.3f} to {self.loc_deviation.max():.3f}"
        yield "spread of its means", _number(np.median(self.loc_deviation)), f"median; {spread}"


def _nats(value):
    return None if value is None else f"{value:.2f}"


def _number(value):
    return f"{value:.3f}"


def _plain(value):
    """Python's own numbers and lists."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
