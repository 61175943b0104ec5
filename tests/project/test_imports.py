"""Imports run one way, and `import zoo` loads nothing heavy."""

import ast
import itertools
import json
import pathlib
import sys
import textwrap

import pytest

from tests.helpers import ROOT, run_python

ZOO = pathlib.Path(ROOT) / "zoo"

# A package imports from the rows above its own, and from those that stand before it in its row.
ORDER = (
    ("core",),
    ("callbacks", "layers", "training"),
    ("flows", "priors", "latents", "likelihoods"),
    ("encoders", "decoders", "objectives"),
    ("inference",),
    ("model",),
    ("pretrained", "variants"),
    ("compression", "evaluation", "plots", "tables", "anomaly", "reporting"),
)
PLACE = {name: place for place, name in enumerate(itertools.chain(*ORDER))}


def sources(folder=ZOO):
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def part(path):
    """The file's or package's name within zoo: "encoders" for zoo/encoders/conv.py."""
    return path.relative_to(ZOO).parts[0].removesuffix(".py")


def imported(path, inside_functions=True):
    """Full names of the modules that a file imports."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if inside_functions else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


PARTS = {part(path) for path in sources()} - {"__init__"}


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ZOO)))
def test_imports_point_downwards(path):
    if path == ZOO / "__init__.py":
        return
    here = part(path)
    assert here in PLACE, f"say in ORDER where {here} stands"
    for name in imported(path, inside_functions=False):
        top, _, rest = name.partition(".")
        if top == "zoo" and (other := rest.split(".")[0]) in PARTS and other != here:
            assert PLACE[other] < PLACE[here], f"{here} imports {other}"


def test_the_order_names_every_package():
    assert {*PLACE} == PARTS


def test_plots_alone_imports_matplotlib():
    users = {part(p) for p in sources() for n in imported(p) if n.split(".")[0] == "matplotlib"}

    assert users <= {"plots"}


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ZOO)))
def test_nothing_in_zoo_imports_recipes_or_tests_or_keras_two(path):
    for name in imported(path):
        assert name.split(".")[0] not in ("recipes", "tests", "tf_keras")
        assert not name.startswith("tensorflow.keras")
    assert "tfp.layers" not in path.read_text()
    assert "tf.keras" not in path.read_text()


@pytest.mark.parametrize("path", sources(pathlib.Path(ROOT) / "recipes"), ids=lambda p: p.name)
def test_recipes_use_public_names_only(path):
    names = {n for n in imported(path) if n.split(".")[0] == "zoo"}

    # Run folders hold files that must survive a crash: these modules write, lock and check them.
    durable = {"zoo.core.checkpoints", "zoo.core.files", "zoo.core.locks"}
    durable |= {"zoo.core.examples.examples", "zoo.training.data_order"}
    assert names <= {"zoo", *(durable if path.parent.name == "run" else ())}, names


def test_importing_zoo_loads_the_standard_library_alone():
    code = """
        import sys
        before = {*sys.modules}
        import zoo
        zoo.available()
        zoo.card("dense_vae")
        print(*sorted({name.split(".")[0] for name in {*sys.modules} - before}))
    """
    loaded = {*run_python(code).split()}

    assert loaded - {*sys.stdlib_module_names} == {"zoo"}


# Each case runs in a process of its own, forked from one that has imported TensorFlow.
FORK = """
    import json
    import os
    import sys
    import traceback
    import tensorflow as tf

    tf.constant  # loads it, without starting its runtime
    for case in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            error = None
            try:
                exec(case)
            except BaseException:
                error = traceback.format_exc()
            print(json.dumps(error), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            print(json.dumps("the process was killed"), flush=True)
"""

KERAS_FIRST = """
    import sys
    import zoo
    {}
    import keras
    assert "VAE" in {{name.rpartition(">")[2] for name in keras.saving.get_custom_objects()}}
    assert not any(type(f).__module__ == "zoo.core.registration" for f in sys.meta_path)
"""
PART_FIRST = """
    {}
    import keras
    import sys
    import zoo.priors
    names = [n.rpartition(">")[2] for n in keras.saving.get_custom_objects() if ">" in n]
    assert "VAE" in names and len(names) == len({{*names}}), names
    assert sys.modules["zoo.priors"].__spec__.name == "zoo.priors"
    assert sys.modules["zoo.priors"].__spec__.loader.__class__.__name__ == "SourceFileLoader"
    assert zoo.latents.base.StandardNormal is zoo.priors.StandardNormal
"""
MODULE_OF_CORE = """
    import zoo
    {}
    assert not hasattr(zoo.core, "nothing")
"""
FIND_SPEC = "import importlib.util; importlib.util.find_spec('keras')"
IMPORTS = {
    FIND_SPEC: KERAS_FIRST,
    "import tensorflow; tensorflow.keras.layers": KERAS_FIRST,
    "from zoo.priors import StandardNormal as part": PART_FIRST,
    "import zoo.likelihoods; part = zoo.likelihoods.Text": PART_FIRST,
    "import importlib; part = importlib.import_module('zoo.core.inputs').prepare": PART_FIRST,
    "assert zoo.core.nested.row_count([1, 2]) == 2": MODULE_OF_CORE,
}


@pytest.fixture(scope="module")
def errors():
    """Line of IMPORTS -> traceback of its case, or None."""
    cases = [textwrap.dedent(case).format(line) for line, case in IMPORTS.items()]
    output = run_python(FORK, *cases, OPENBLAS_NUM_THREADS="1")
    return dict(zip(IMPORTS, map(json.loads, output.splitlines()), strict=True))


@pytest.mark.parametrize("line", [n for n, case in IMPORTS.items() if case is KERAS_FIRST])
def test_keras_has_the_classes_whoever_imports_it_first(errors, line):
    assert errors[line] is None, errors[line]


@pytest.mark.parametrize("line", [n for n, case in IMPORTS.items() if case is PART_FIRST])
def test_any_part_may_be_imported_first(errors, line):
    assert errors[line] is None, errors[line]


@pytest.mark.parametrize("line", [n for n, case in IMPORTS.items() if case is MODULE_OF_CORE])
def test_a_module_of_core_is_loaded_by_its_name(errors, line):
    assert errors[line] is None, errors[line]


def test_the_root_of_the_package_is_short():
    names = {path.stem for path in ZOO.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert len(names - {"__init__", "__pycache__"}) <= 21
