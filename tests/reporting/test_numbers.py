"""Sections of numbers, and the order of all sections."""

import json
import math
import re
import types

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures need matplotlib: pip install '.[recipes]'")

import zoo
from tests.evaluation.diagnoses import diagnosis
from tests.reporting.fakes import cells, context
from tests.reporting.pages import Page
from zoo.reporting import numbers
from zoo.reporting import sections as module
from zoo.reporting.sections import SECTIONS, sections


@pytest.mark.parametrize(
    ("changes", "badge"),
    [({}, "good"), (dict(kl=0.0), "bad"), (dict(kl=math.nan), "bad"),
     (dict(active=np.array([True, False, False, False])), "warning")],
)  # fmt: skip
def test_the_verdict_has_a_badge_of_its_severity(changes, badge):
    result = diagnosis(**changes)

    body = numbers.verdict(context(codes=np.zeros((3, 2)), diagnosis=result)).body

    assert f'<span class="badge {badge}">{result.verdict}</span>' in body
    assert "computed on 1,234 held-out examples" in body


def fake_numbers(likelihood=None, shape=(4,), tokens=None, **changes):
    preprocessor = types.SimpleNamespace(to_array=lambda x: tokens)
    model = types.SimpleNamespace(decoder=types.SimpleNamespace(free_event_shape=shape))
    model.preprocessor = preprocessor
    result = diagnosis(**changes)
    fake = context(codes=np.zeros((4, 2)), diagnosis=result, model=model, likelihood=likelihood)
    body = numbers.numbers(fake).body
    names = re.findall(r'<th scope="row">(.+?)</th>', body)
    return dict(zip(names, cells(body)[::2], strict=True)), body


def test_numbers_are_in_a_table_and_in_a_script():
    values, body = fake_numbers(mutual_information=None, aggregate_kl=None)

    assert values["ELBO"] == "-100.00 nats" and values["active units"] == "4 of 4"
    assert values["scale of q(z|x)"] == "0.450" and "mutual information" not in values
    error = np.std([10.0, 11, 12, 13]) / 2
    assert f"standard error {error:.2f} for 4 examples" in body
    expected = diagnosis(mutual_information=None, aggregate_kl=None).to_dict()
    assert Page(body).json("numbers-for-programs") == json.loads(json.dumps(expected))


def test_grey_levels_have_bits_per_dimension_and_texts_a_perplexity():
    grey, _ = fake_numbers(zoo.likelihoods.DiscretizedLogisticLikelihood(), shape=(4, 5, 1))
    assert grey["bits per dimension"] == f"{98 / 20 / np.log(2):.3f}"

    tokens = np.array([[3, 4, 0], [5, 0, 0], [9, 9, 9]])
    text, body = fake_numbers(zoo.likelihoods.Text(9, 3, width=8), tokens=tokens, bounded=2)
    assert text["perplexity"] == f"{np.exp(98 / 2.5):,.1f}" and "2.5 tokens" in body


def test_levels_of_a_ladder_have_a_kl_each():
    values, _ = fake_numbers(kl_by_level=np.array([7.0, 3.0]))

    assert (values["KL of level 1"], values["KL of level 2"]) == ("7.00 nats", "3.00 nats")
    assert not [name for name in fake_numbers()[0] if "level" in name]


def test_sections_that_do_not_exist_are_left_out(monkeypatch, capsys):
    names = ("verdict", "curves", "diagnosis", "numbers")
    for target, attributes in (
        (module.numbers, names),
        (module.model_card, ("model_card",)),
        (module.latent_map, ("latent_map",)),
        (module.example_grids, ("hardest_examples",)),
    ):
        for name in attributes:
            monkeypatch.setattr(target, name, lambda context, name=name: name)
    monkeypatch.setitem(SECTIONS, "images", (lambda context: "own", lambda context: None))

    results = sections(types.SimpleNamespace(data_kind="images"), verbose=1)

    assert results == [
        *("verdict", "model_card", "curves", "diagnosis", "own"),
        *("latent_map", "hardest_examples", "numbers"),
    ]
    assert "9/9" in capsys.readouterr().out
