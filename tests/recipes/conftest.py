"""Fixtures of the recipes' tests: recipes as modules, run in this process."""

import importlib
import pathlib
import sys

import pytest

from tests.recipes.run_folders import write_empty_saved_model

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
def load_series(recipe, parse, tmp_path):
    """load_series(columns, *flags) is what the recipe reads of a CSV of these columns."""

    def load(columns, *flags):
        import pandas

        path = tmp_path / "series.csv"
        pandas.DataFrame(columns).to_csv(path, index=False)
        flags = ("--data", path, "--window", 8, *flags)
        return recipe("support.data.series").load(parse("time_series", *flags))

    return load


@pytest.fixture
def load_images(recipe, parse):
    """load_images(path, *flags) is what the recipe reads of --data path."""
    return lambda *flags: recipe("support.data.images").load(parse("images", "--data", *flags))


@pytest.fixture
def start(recipe):
    """start("images", "--size", 8) is the exit status of a recipe, run in this process."""

    def start(name, *flags):
        module = recipe(name)
        arguments = [str(flag) for flag in flags]
        return recipe("support.run.cli").main(module.parser(), module.main, arguments)

    return start


@pytest.fixture
def quick(monkeypatch):
    """Runs of few computations: steps without tracing, figures of few pixels.

    `test_images_run.py` runs the compiled path at the resolution that users get.
    """
    from matplotlib.figure import Figure

    import zoo

    compile_model, savefig = zoo.VAE.compile, Figure.savefig

    def compile_eagerly(vae, *arguments, **options):
        compile_model(vae, *arguments, **{**options, "run_eagerly": True})

    def save_small(figure, file, *, dpi=None, **options):
        dpi = 30 if isinstance(file, pathlib.Path) else dpi  # frames of an animation have a size
        savefig(figure, file, dpi=dpi, **options)

    monkeypatch.setattr(zoo.VAE, "compile", compile_eagerly)
    monkeypatch.setattr(Figure, "savefig", save_small)


@pytest.fixture
def exported(monkeypatch):
    """`export` writes an empty file in place of a SavedModel, whose signatures take long to trace.

    A list of the models that were exported.
    """
    import zoo

    models = []

    def export(vae, folder):
        write_empty_saved_model(folder)
        models.append(vae)

    monkeypatch.setattr(zoo.VAE, "export", export)
    return models


@pytest.fixture
def reported(monkeypatch):
    """`zoo.report` writes an empty page; a list of the arguments of its calls."""
    import zoo

    calls = []

    def report(vae, x, path, **options):
        path.touch()
        calls.append({"vae": vae, "x": x, **options})

    monkeypatch.setattr(zoo, "report", report)
    return calls


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
