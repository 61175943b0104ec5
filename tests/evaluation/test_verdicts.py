"""Verdicts on both sides of each threshold, their order, and the text of a diagnosis."""

import json

import numpy as np
import pytest

from tests.evaluation.diagnoses import diagnosis
from zoo.evaluation.diagnosis import VERDICTS
from zoo.evaluation.diagnosis import verdict as thresholds

NATS = thresholds.MIN_LATENT_NATS
NONE_ACTIVE = np.zeros(4, bool)


def active(count, of=4):
    """A mask of `of` dimensions, of which the first `count` are active."""
    return np.arange(of) < count


def scales(ratio):
    """Fields with the same ratio of q's scale to the std of all codes in each dimension."""
    return dict(scale_mean=np.full(4, ratio), loc_std=np.full(4, np.sqrt(1 - ratio**2)))


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "healthy"),
        (dict(kl=NATS), "healthy"),
        (dict(kl=NATS - 1e-6), "collapsed"),
        (dict(decoder_use=NATS), "healthy"),
        (dict(decoder_use=NATS - 1e-6), "collapsed"),
        (dict(active=NONE_ACTIVE), "collapsed"),
        (dict(active=active(2)), "healthy"),
        (dict(active=active(1)), "partly collapsed"),
        (dict(active=active(2, of=5), **{k: np.full(5, 0.5) for k in ("loc_std", "scale_mean")}),
         "partly collapsed"),
        (scales(thresholds.MIN_SCALE_RATIO * 1.01), "healthy"),
        (scales(thresholds.MIN_SCALE_RATIO * 0.99), "sigma vanishing"),
    ],
)  # fmt: skip
def test_the_verdict_changes_at_its_threshold(changes, verdict):
    result = diagnosis(**changes)

    assert result.verdict == verdict
    assert result.advice[0] == VERDICTS[verdict][1]


@pytest.mark.parametrize("field", ["elbo", "nll", "kl", "loc_mean", "loc_std", "scale_mean"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_gives_diverged_and_one_piece_of_advice(field, value):
    number = value if field in ("elbo", "nll", "kl") else np.array([0.1, value, 0.1, 0.1])

    result = diagnosis(**{field: number, "gap": 50.0, "active": NONE_ACTIVE})

    assert result.verdict == "diverged"
    assert result.advice == [VERDICTS["diverged"][1]]


def test_the_scales_of_inactive_dimensions_do_not_vanish():
    tiny = dict(scale_mean=np.array([0.5, 0.5, 1e-4, 1e-4]), loc_std=np.full(4, 0.8))

    assert diagnosis(active=active(2), **tiny).verdict == "healthy"
    assert diagnosis(active=~active(2), **tiny).verdict == "sigma vanishing"


def test_an_earlier_verdict_hides_a_later_one():
    partly_vanishing = diagnosis(**scales(1e-3), active=active(1))
    assert partly_vanishing.verdict == "sigma vanishing"
    assert diagnosis(**scales(1e-3), kl=0.0, active=active(1)).verdict == "collapsed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(gap=5.0, log_likelihood=-100.0), None),
        (dict(gap=5.1, log_likelihood=-100.0), "The ELBO is 5.1 nats below log p(x)"),
        (dict(gap=5.1, log_likelihood=100.0), "The ELBO is 5.1 nats below log p(x)"),
        (dict(aggregate_kl=2.0), None),  # a fifth of the KL of 10
        (dict(aggregate_kl=2.1), "The aggregate posterior q(z) is 2.1 nats from the prior"),
        (dict(aggregate_kl=0.9, kl=1.0), None),  # most of the KL, but below one nat
        (dict(aggregate_kl=1.1, kl=1.0), "The aggregate posterior q(z) is 1.1 nats"),
        (dict(aggregate_kl=None, mutual_information=None), None),
    ],
)
def test_remarks_begin_above_their_threshold(changes, words):
    _, *remarks = diagnosis(**changes).advice

    assert len(remarks) == (words is not None)
    assert words is None or remarks[0].startswith(words)


def test_the_report_has_each_number_with_its_note():
    result = diagnosis(kl_by_level=np.array([7.0, 3.0]))

    head, blank, *lines = str(result).splitlines()
    rows = {" ".join(line.split()) for line in lines}

    assert (head, blank) == ("m: healthy", "")
    assert rows >= {
        "examples 1,234",
        "ELBO -100.00 nats per example",
        "-log p(x|z) 90.00",
        "KL by level 7.00, 3.00 (top level last)",
        "log p(x) -98.00 lower bound; 50 draws each, 512 examples",
        "active units 4 of 4",
        "scale of q(z|x) 0.450 median; 0.200 to 0.600",
        "std of its means 0.800 median; 0.800 to 0.800",
    }
    assert "KL by level" not in str(diagnosis())


def test_html_escapes_the_name_of_the_model_and_omits_missing_numbers():
    html = diagnosis(model="<b>&", mutual_information=None, aggregate_kl=None)._repr_html_()

    assert html.startswith("<p><b>&lt;b&gt;&amp;: healthy</b></p><table><tr><td>examples</td>")
    assert "mutual information" not in html and "None" not in html
    assert html.count("<tr>") == html.count("</tr>") == 10


def test_json_has_none_for_numbers_that_are_not_finite():
    values = diagnosis(gap=np.inf, kl_by_dimension=np.array([1.0, np.nan, 2.0, 3.0])).to_dict()

    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["gap"] is None and values["kl_by_dimension"] == [1.0, None, 2.0, 3.0]
    assert values["active"] == [True] * 4 and values["active_units"] == 4
    assert values["loc_histogram"] == [[1, 3], [-1.0, 0.0, 1.0]]
    assert values["verdict"] == "healthy" and isinstance(values["advice"], list)


def test_scalars_are_the_single_numbers_that_exist():
    scalars = diagnosis(aggregate_kl=None, active=active(3)).scalars()

    expected = {"elbo": -100.0, "nll": 90.0, "kl": 10.0, "log_likelihood": -98.0, "gap": 2.0}
    expected |= {"decoder_use": 30.0, "mutual_information": 9.0, "active_units": 3.0}
    assert scalars == expected
    assert all(type(value) is float for value in scalars.values())
