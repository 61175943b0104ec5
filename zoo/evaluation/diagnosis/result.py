"""Result of a diagnosis: its numbers, verdict, report and figure."""

import dataclasses
import html
import math
import textwrap

import numpy as np

from zoo.evaluation.diagnosis.verdict import judge

# Names in `Diagnosis.r2` -> notes of the reports.
R2_NOTES = {
    "model": "of reconstructions from the mean code, same examples",
    "PCA": "with as many components, same examples",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnosis:
    """Measurements of how a VAE uses its latent space; prints as a report.

    Values in nats are means over the examples.

    Attributes:
        model: name of the model.
        examples: number of examples measured.
        elbo, nll, kl: as in `VAE.score`.
        bounded: number of examples over which log_likelihood and gap are averaged.
        importance_samples: K of the importance-weighted bound.
        log_likelihood: the importance-weighted bound on log p(x).
        gap: log_likelihood minus the ELBO of the same examples: the loss because q(z|x) is not the
            exact posterior.
        decoder_use: increase of -log p(x|z) when each example gets the z of another; 0 if the
            decoder ignores z.
        mutual_information: I(x; z), by `zoo.mutual_information`; for a ladder, that of the top
            level. At most the logarithm of the number of examples that it is estimated from. None
            if q(z|x) is not a Normal.
        aggregate_kl: KL(q(z) || p(z)) = KL - I(x; z); None if mutual_information is None.
        kl_by_level: KL of each level of a ladder, from level 1, nearest to x, to the top; a single
            KL for other models.
        kl_by_dimension: KL of each dimension `[D]`; None if it has no closed form, because of a
            flow or the prior.
        active: bool `[D]`, true if the posterior mean's variance over the data is above 0.01.
        loc_mean, loc_std: `[D]`, mean and standard deviation over the data of q's means.
        scale_mean: `[D]`, mean over the data of q's scales.
        trivial: name -> mean log p(x) of a trivial model on the same examples as log_likelihood:
            uniform, constant, marginal or PCA; empty where there is none for the likelihood.
        r2: R2 of the reconstructions of the same examples, by the "model" and by "PCA" with as many
            components; empty where x is not numbers (`zoo.evaluation.diagnosis.reconstruction_r2`).
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
    loc_std: np.ndarray
    scale_mean: np.ndarray
    loc_histogram: tuple
    scale_histogram: tuple
    trivial: dict = dataclasses.field(default_factory=dict)
    r2: dict = dataclasses.field(default_factory=dict)

    @property
    def gain(self) -> float | None:
        """log_likelihood minus that of the best trivial model without latent variables, in nats.

        The trivial models are uniform, constant and marginal ones, not PCA; None if there are none.
        """
        values = [value for name, value in self.trivial.items() if name != "PCA"]
        return self.log_likelihood - max(values) if values else None

    @property
    def active_units(self) -> int:
        """Number of active dimensions."""
        return int(self.active.sum())

    @property
    def verdict(self) -> str:
        """One of `zoo.evaluation.diagnosis.VERDICTS`."""
        return judge(self)[0]

    @property
    def advice(self) -> list[str]:
        """Recommended changes, as paragraphs; the first belongs to the verdict."""
        return judge(self)[1]

    def to_dict(self) -> dict:
        """The numbers, verdict and advice as JSON values; a number that is not finite is None."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values |= {"active_units": self.active_units}
        values |= {"verdict": self.verdict, "advice": self.advice}
        return {name: _json_value(value) for name, value in values.items()}

    def scalars(self) -> dict[str, float]:
        """The single numbers, name -> float, without those that are None."""
        names = ("elbo", "nll", "kl", "log_likelihood", "gap", "decoder_use")
        names += ("mutual_information", "aggregate_kl", "active_units", "gain")
        values = {name: getattr(self, name) for name in names}
        return {name: float(value) for name, value in values.items() if value is not None}

    def plot(self):
        """Plot the diagnosis as a `matplotlib` figure; see `zoo.plots.diagnosis`."""
        from zoo import plots  # noqa: PLC0415  (imports this package, and needs matplotlib)

        return plots.diagnosis(self)

    def __str__(self) -> str:
        rows = [(name, value, note) for name, value, note in self._rows() if value is not None]
        width = max(len(name) for name, _, _ in rows)
        lines = [f"{self.model}: {self.verdict}", ""]
        lines += [f"  {name:<{width}}  {value:>9}  {note}".rstrip() for name, value, note in rows]
        indent = dict(initial_indent="  ", subsequent_indent="  ")
        advice = [textwrap.fill(sentence, 88, **indent) for sentence in self.advice]
        return "\n".join([*lines, "", *advice])

    def _repr_html_(self):
        """HTML table for notebooks."""
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
        """Lines of the report: (name, number or None, note)."""
        size = len(self.active)
        yield "examples", f"{self.examples:,}", ""
        yield "ELBO", _nats(self.elbo), "nats per example"
        yield "-log p(x|z)", _nats(self.nll), ""
        yield "KL", _nats(self.kl), "from q(z|x) to the prior"
        if len(self.kl_by_level) > 1:
            levels = ", ".join(f"{value:.2f}" for value in self.kl_by_level)
            yield "KL by level", "", f"{levels} (top level last)"
        bound = f"{self.importance_samples} draws each, {self.bounded:,} examples"
        yield "log p(x)", _nats(self.log_likelihood), f"lower bound; {bound}"
        yield "gap", _nats(self.gap), "between this bound and the ELBO"
        for name, value in self.trivial.items():
            yield f"log p(x), {name}", _nats(value), "of a trivial model, same examples"
        for name, value in self.r2.items():
            title = "R2" if name == "model" else f"R2, {name}"
            yield title, _number(value), R2_NOTES[name]
        yield "decoder's use of z", _nats(self.decoder_use), "rise of -log p(x|z) with another z"
        yield "mutual information", _nats(self.mutual_information), "of x and z"
        yield "aggregate KL", _nats(self.aggregate_kl), "from q(z) to the prior"
        yield "active units", f"{self.active_units} of {size}", ""
        scales = f"{self.scale_mean.min():.3f} to {self.scale_mean.max():.3f}"
        yield "scale of q(z|x)", _number(np.median(self.scale_mean)), f"median; {scales}"
        stds = f"{self.loc_std.min():.3f} to {self.loc_std.max():.3f}"
        yield "std of its means", _number(np.median(self.loc_std)), f"median; {stds}"


def _nats(value):
    return None if value is None else f"{value:.2f}"


def _number(value):
    return f"{value:.3f}"


def _json_value(value):
    """The value as Python numbers and lists; a number that is not finite is None."""
    if isinstance(value, tuple):
        return [_json_value(part) for part in value]
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, dict):
        return {name: _json_value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_json_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
