"""The names that `import zoo` offers: lazy, complete, typed."""

import ast
import inspect
import pathlib

import pytest

import zoo
from tests.helpers import ROOT

SOURCE = ast.parse((pathlib.Path(ROOT) / "zoo" / "__init__.py").read_text())


def names_for_type_checkers():
    """Names that zoo/__init__.py imports under TYPE_CHECKING."""
    (block,) = (
        node
        for node in SOURCE.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {alias.name for node in block.body for alias in node.names}


def test_type_checkers_see_the_names_that_are_loaded_on_demand():
    assert names_for_type_checkers() == {*zoo._LAZY, *zoo._MODULES}


def test_names_come_from_where_type_checkers_look_for_them():
    (block,) = (node for node in SOURCE.body if isinstance(node, ast.If))
    places = {alias.name: node.module for node in block.body for alias in node.names}

    assert {name: places[name] for name in zoo._LAZY} == zoo._LAZY


@pytest.mark.parametrize("name", sorted(zoo.__all__))
def test_every_name_exists_and_has_a_docstring(name):
    assert inspect.getdoc(getattr(zoo, name))


@pytest.mark.parametrize("name", sorted({*zoo.__all__} - {*zoo._MODULES}))
def test_every_function_and_constructor_is_typed(name):
    value = getattr(zoo, name)
    function = value.__init__ if inspect.isclass(value) else value
    if inspect.isclass(value) and "__init__" not in vars(value):
        return  # Keras' own constructor

    named = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    # x, latents and the like take any of several kinds and may stay open; some must be typed.
    assert not named[1:] or function.__annotations__, name


QUESTIONS = {"What", "How", "Which", "Where", "Whether"}


@pytest.mark.parametrize("folder", ["zoo", "recipes"])
def test_docstrings_begin_with_a_noun_or_a_verb(folder):
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for path in (pathlib.Path(ROOT) / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = (ast.get_docstring(node) or "") if isinstance(node, kinds) else ""
            assert text.partition(" ")[0] not in QUESTIONS, f"{path}: {text.splitlines()[0]}"


LOSSES = ("compute_loss", "compute_metrics")


def test_every_own_method_of_a_vae_has_a_return_type():
    for cls in (zoo.VAE, zoo.VAE.__mro__[1]):
        for name, method in vars(cls).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                if name in (
                    "train_step",
                    "test_step",
                    "predict_step",
                    "call",
                    "evaluate",
                    "get_config",
                    *LOSSES,
                ):
                    continue  # as in Keras
                assert "return" in method.__annotations__, name


def test_the_package_says_that_it_is_typed():
    assert (pathlib.Path(ROOT) / "zoo" / "py.typed").exists()


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'VEA'"):
        _ = zoo.VEA
