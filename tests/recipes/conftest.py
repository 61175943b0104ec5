"""Fixtures of the recipes' tests: recipes as modules, run in this process."""

import importlib
import pathlib
import sys

import pytest

RECIPES = str(pathlib.Path(__file__).parents[2] / "recipes")


@pytest.fixture(scope="session")
def recipe():
    """recipe("images") is the module, imported as the script imports it."""
    sys.path.insert(0, RECIPES)
    yield importlib.import_module
    sys.path.remove(RECIPES)


@pytest.fixture
def parse(recipe):
    """parse("images", "--size", 8) is the parsed command line of a recipe."""
    return lambda name, *flags: recipe(name).parser().parse_args([str(flag) for flag in flags])


@pytest.fixture
def start(recipe):
    """start("images", "--size", 8) is the exit status of a recipe, run in this process."""

    def start(name, *flags):
        module = recipe(name)
        arguments = [str(flag) for flag in flags]
        return recipe("support.run.cli").main(module.parser(), module.main, arguments)

    return start


@pytest.fixture
def refusal(start, capsys):
    """refusal("images", "--size", 3) is the error with which a recipe refuses its command line."""

    def refusal(name, *flags):
        with pytest.raises(SystemExit) as stopped:
            start(name, *flags)
        assert stopped.value.code == 2
        return capsys.readouterr().err.strip().splitlines()[-1]

    return refusal


@pytest.fixture
def input_error(recipe):
    """The class of errors about a user's input."""
    return recipe("support.run.cli").InputError
