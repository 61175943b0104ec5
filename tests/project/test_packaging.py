"""Contents and requirements of an installed package, and the cost of importing it."""

import ast
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys

import pytest

import zoo

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETUP = (ROOT / "setup.py").read_text("utf-8")
# Imported by the formats of `VAE.export` alone: the extra `export`.
EXPORT = {"ai_edge_litert", "onnxruntime", "openvino", "tf2onnx"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Metadata and package names as setup.py gives them, by building them."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("egg")
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "setup.py", "-q", "egg_info", "--egg-base", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return folder / "zoo_vae.egg-info"


def test_metadata_has_the_name_and_the_version_of_the_package(built):
    distribution = importlib.metadata.Distribution.at(built)
    assert distribution.metadata["Name"] == "zoo-vae"
    assert distribution.version == zoo.__version__


def test_every_module_is_packaged_and_nothing_else(built):
    listed = (built / "SOURCES.txt").read_text("utf-8").split()
    modules = {line for line in listed if line.startswith("zoo/") and line.endswith(".py")}
    assert modules == {str(p.relative_to(ROOT)) for p in (ROOT / "zoo").rglob("*.py")}
    assert (built / "top_level.txt").read_text("utf-8").split() == ["zoo"]


def test_the_marker_of_type_annotations_is_packaged(built):
    assert "zoo/py.typed" in (built / "SOURCES.txt").read_text("utf-8").split()


def test_every_import_of_the_package_is_a_dependency(built):
    required = {re.match(r"[\w-]+", line)[0] for line in _sections(built)[""]}
    distributions = {
        "h5py": "h5py",
        "keras": "keras",
        "numpy": "numpy",
        "tensorflow": "tensorflow",
        "tensorflow_probability": "tensorflow-probability",
    }
    # Figures and metrics need them: the extra `recipes`; scikit-learn brings threadpoolctl.
    plots = {"matplotlib", "sklearn", "threadpoolctl"}
    imported = _imports(ROOT / "zoo") - {"zoo", *plots, *EXPORT}
    assert imported == set(distributions)
    assert required == {*distributions.values(), "tf-keras"}


def test_the_extra_of_formats_has_all_that_export_imports(built):
    extra = {re.match(r"[\w-]+", line)[0].lower() for line in _sections(built)["export"]}
    assert {name.replace("_", "-") for name in EXPORT} == extra


def test_the_extras_of_the_recipes_cover_their_imports(built):
    extra = {re.match(r"[\w-]+", line)[0].lower() for line in _sections(built)["recipes"]}
    names = {
        "sklearn": "scikit-learn",
        "tensorflow_datasets": "tensorflow-datasets",
        "PIL": "pillow",
    }
    folders = (ROOT / "recipes", "*.py"), (ROOT / "recipes" / "support", "**/*.py")
    imported = set().union(*(_imports(*folder) for folder in folders)) - {"support", "zoo"}
    core = {"keras", "numpy", "tensorflow", "tensorflow_probability"}
    assert {names.get(name, name) for name in imported - core} <= extra
    assert extra <= {re.match(r"[\w-]+", line)[0].lower() for line in _sections(built)["tests"]}


def test_importing_the_package_is_fast_and_loads_no_tensorflow():
    code = (
        "import sys, time; start = time.process_time(); import zoo; zoo.available(); "
        "heavy = {'tensorflow', 'keras', 'numpy', 'tensorflow_probability'} & set(sys.modules); "
        "print(time.process_time() - start, *heavy)"
    )
    # Processor time, the least of three runs: the machine may be busy with other work.
    runs = [_python(code).split() for _ in range(3)]
    assert min(float(seconds) for seconds, *_ in runs) < 0.2
    assert not any(heavy for _, *heavy in runs)


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.strip().startswith("Apache License") and "END OF TERMS AND CONDITIONS" in text
    assert 'license="Apache-2.0"' in SETUP


def test_the_changelog_has_a_section_for_this_version():
    assert f"## [{zoo.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def _sections(egg_info):
    """Extra -> its requirements; the package's own under the empty name."""
    sections, lines = {"": []}, (egg_info / "requires.txt").read_text("utf-8").splitlines()
    current = ""
    for line in filter(None, lines):
        if line.startswith("["):
            current = line.strip("[]")
            sections[current] = []
        else:
            sections[current].append(line)
    return sections


def _imports(folder, pattern="**/*.py"):
    """Top-level names that the files in a folder import, without those of Python itself."""
    names = set()
    for path in folder.glob(pattern):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names)


def _python(code):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout
