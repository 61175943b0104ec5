"""Cases: number `n` of seed `s` is the same call in each process."""

import contextlib
import os
import pathlib
import shutil
import tempfile

import numpy as np

from tests.fuzz import calls, files, judge, runs
from tests.fuzz.arrays import pick
from tests.fuzz.choices import OF_KERAS, SLOW
from tests.fuzz.values import replacement
from zoo.variants import cards

STATE_EVERY = 4  # refused calls of a model, of which one is checked to change nothing


class Cases:
    """Runs cases; each returns None, or a text that describes a finding."""

    def __init__(self, folder):
        judge.unfiltered()
        self.folder = pathlib.Path(folder)
        models = calls.Models()
        self.functions = calls.function_targets(models)
        self.methods = calls.method_targets(models)
        self.files = [*files.recipe_files(), *files.model_files(models), runs.RunFolder()]

    def run(self, seed, number):
        rng = np.random.default_rng([seed, number])
        kind = pick(rng, ("function", "function", "method", "method", "method", "file", "file"))
        if kind == "file":
            return self._file(rng, pick(rng, self.files))
        return self._call(rng, pick(rng, self.functions if kind == "function" else self.methods))

    def _call(self, rng, target):
        arguments, kinds = dict(target.arguments), {}
        names = target.parameters
        if not names or rng.random() > SLOW.get(target.name.split(".")[-1], 1):
            return None
        for name in rng.permutation(names)[: int(rng.integers(1, 3))]:
            kinds[name], arguments[name] = replacement(rng, arguments.get(name))
        before = judge.digest([*arguments.values()])
        check_state = target.model is not None and (
            target.changes or rng.random() < 1 / STATE_EVERY
        )
        if target.model is not None:
            values = calls.saved(target)
        state = judge.state(target.model) if check_state else None
        with unchanged_catalogue():
            outcome = judge.run(target.function, of_keras=bool({*kinds} & OF_KERAS), **arguments)
        problem = outcome.problem
        if problem is None and before != judge.digest([*arguments.values()]):
            problem = "changed its arguments"
        if (
            problem is None
            and check_state
            and outcome.error is not None
            and state != judge.state(target.model)
        ):
            problem = f"refused ({type(outcome.error).__name__}) but changed the model"
        if (
            problem is None
            and outcome.error is None
            and target.finite
            and judge.not_finite(outcome.result)
        ):
            problem = "result is not finite"
        if target.model is not None and (target.changes or outcome.error is not None):
            calls.restore(target, values)
        return (
            problem
            and f"{target.name}: {problem}\n  {_described(kinds, arguments)}\n{outcome.text}"
        )

    def _file(self, rng, file):
        folder = self.folder / "files"
        shutil.rmtree(folder, ignore_errors=True)
        path, text = file.place(rng, folder)
        outcome = judge.run(file.read, path, expected=file.expected)
        problem = outcome.problem or file.problem(path, outcome)
        return problem and f"{file.name}: {problem}\n  {text}\n{outcome.text}"


def _described(kinds, arguments):
    texts = []
    for name, kind in kinds.items():
        try:
            text = repr(arguments[name])[:200]
        except Exception:
            text = "?"
        texts.append(f"{name} = {kind}: {text}")
    return "\n  ".join(texts)


@contextlib.contextmanager
def unchanged_catalogue():
    """Registered variants are dropped afterwards, so that a case does not depend on others."""
    before = dict(cards.CARDS)
    try:
        yield
    finally:
        cards.CARDS.clear()
        cards.CARDS.update(before)


@contextlib.contextmanager
def in_a_folder():
    """A temporary working directory, for calls that write files."""
    previous = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(previous)
