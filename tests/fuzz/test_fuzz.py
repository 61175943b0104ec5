"""A short run of the fuzz test; `python -m tests.fuzz` runs it for longer."""

import time

import numpy as np
import pytest

for package in ("constriction", "matplotlib", "pandas", "PIL", "pyarrow", "sklearn"):
    pytest.importorskip(package, reason=f"the fuzz test needs {package}")

from tests.fuzz import calls, judge  # noqa: E402
from tests.fuzz.cases import Cases, in_a_folder  # noqa: E402

SEED, COUNT, SECONDS = 0, 400, 25
FAILS = (lambda: [][1], lambda: np.zeros(2) + np.zeros(3), lambda: np.asarray([[1], [1, 2]]))


@pytest.fixture(scope="module")
def cases():
    with in_a_folder() as folder:
        yield Cases(folder)


def test_random_values_and_bytes_give_results_or_errors_that_name_the_argument(cases):
    start, findings = time.process_time(), []
    for number in range(COUNT):
        if time.process_time() - start > SECONDS:
            break
        finding = cases.run(SEED, number)
        if finding:
            findings.append(f"--seed {SEED} --case {number}: {finding}")

    assert not findings, "\n\n".join(findings)


@pytest.mark.parametrize("fails", FAILS)
def test_an_error_that_the_project_does_not_raise_is_a_finding(fails):
    assert judge.run(fails).problem


def test_an_error_of_a_builtin_argument_is_no_finding():
    assert judge.run(lambda predictor: predictor(3), predictor=len).problem is None
    assert judge.run(lambda predictor: predictor[0], predictor=len).problem


def test_errors_of_the_project_and_of_the_call_itself_are_no_findings(cases):
    target = next(t for t in cases.methods if t.name == "dense_vae.elbo")

    assert judge.run(target.function, x=None).problem is None
    assert judge.run(target.function, bogus=1).problem is None
    assert judge.not_finite({"a": np.array([np.nan])}) and not judge.not_finite(np.ones(2))


def test_every_public_callable_is_covered(cases):
    names = {target.name for target in cases.functions}

    assert names == {*calls.public_callables()} and len(names) > 100
    for target in cases.functions:
        assert {*target.arguments} <= {*target.parameters} | {"latent_dim", "hidden"}, target.name


def test_a_call_is_bounded_in_processor_time_and_in_time():
    def computes():
        while True:
            pass

    for limits, call in (((0.1, 60), computes), ((60, 0.1), lambda: time.sleep(60))):
        with pytest.raises(judge.Overtime), judge.bounds(*limits):
            call()
