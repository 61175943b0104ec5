"""The list of promises covers every variant."""

import importlib
import inspect
import pathlib

import zoo
from tests.conformance.variants import NAMES, OWN, VARIANTS
from tests.helpers import small
from zoo import flows, objectives, priors

HERE = pathlib.Path(__file__).parent


def promises():
    for path in HERE.glob("test_*.py"):
        if path != pathlib.Path(__file__):
            module = importlib.import_module(f"tests.conformance.{path.stem}")
            yield from ((n, f) for n, f in vars(module).items() if n.startswith("test_"))


def test_each_promise_is_tested_on_each_variant():
    functions = dict(promises())

    marks = {
        title: [mark.args for mark in getattr(function, "pytestmark", ())]
        for title, function in functions.items()
    }
    assert len(functions) > 30
    for title, of_it in marks.items():
        on_all = ("name", NAMES) in of_it or ("name", VARIANTS) in of_it
        assert on_all, f"{title} is not tested on each variant"
    assert sum(("name", NAMES) in of_it for of_it in marks.values()) > 20


def test_variants_are_those_of_the_registry_and_a_users_own(user_variants):
    assert {*zoo.available()} == {*NAMES}
    assert {*OWN} < {*zoo.available()}


def test_each_flow_prior_and_objective_is_part_of_a_variant(user_variants):
    models = [small(name) for name in NAMES]

    def types(factors):
        return {type(factor) for factor in factors}

    flexible = [part for m in models for part in (m.latents, m.latents.prior)]
    assert {*flows.IDENTIFIERS.values()} <= types(getattr(p, "flow", None) for p in flexible)
    assert {*priors.IDENTIFIERS.values()} <= types(m.latents.prior for m in models)
    assert {*objectives.IDENTIFIERS.values()} <= types(m.objective for m in models)


def test_each_test_of_a_promise_has_a_name_of_its_own():
    sources = [p.read_text() for p in HERE.glob("test_*.py")]
    titles = [w.split("(")[0] for s in sources for w in s.split("\ndef test_")[1:]]

    assert len(titles) == len({*titles})
    assert all(inspect.isfunction(function) for _, function in promises())
