"""The code on the pages runs, links lead to files, and generated texts are up to date."""

import importlib
import importlib.util
import inspect
import pathlib
import re

import pytest

import zoo

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ROOT_PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "llms.txt")]
PAGES = [*ROOT_PAGES, *sorted(DOCS.rglob("*.md"))]


def python_blocks(path):
    """The Python blocks of a page, each as it stands."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)


def script(name):
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate():
    """The script docs/generate.py as a module."""
    return script("generate")


@pytest.mark.parametrize(
    "path", [p for p in PAGES if python_blocks(p)], ids=lambda p: str(p.relative_to(ROOT))
)
def test_the_code_on_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    before = zoo.available()
    for number, block in enumerate(python_blocks(path), 1):
        exec(compile(block, f"{path.name}, block {number}", "exec"), names)
    assert zoo.available() == before, "the page leaves a variant in the catalogue"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_zoo_is_imported_before_keras_and_tensorflow(path):
    """`import zoo` chooses oneDNN, which TensorFlow reads once, when it is imported."""
    code = "\n".join(python_blocks(path))
    imported = re.findall(r"^(?:import|from) (zoo|keras|tensorflow)\b", code, re.M)
    assert imported[:1] in ([], ["zoo"])


def test_the_quick_start_is_ten_lines():
    lines = [line for line in python_blocks(ROOT / "README.md")[0].splitlines() if line.strip()]
    assert len(lines) == 10


def test_generated_texts_are_up_to_date(generate):
    texts = {**generate.wanted(), ROOT / "llms.txt": generate.pages_list()}
    stale = [p for p, text in texts.items() if not p.exists() or p.read_text("utf-8") != text]
    assert not stale, "run python docs/generate.py"


@pytest.mark.parametrize("name", zoo.available())
def test_a_card_counts_the_weights_that_the_model_has(name, generate):
    assert zoo.card(name).parameters == generate.counted(name), "run python docs/generate.py"


@pytest.mark.parametrize("name", zoo.available())
def test_each_option_is_described(name, generate):
    assert all(row.count("|") == 4 for row in generate.card_and_options(name).splitlines()[7:])


@pytest.mark.parametrize("name", zoo.available())
def test_each_variant_has_a_page_with_all_sections_filled(name, generate):
    parts = re.split(r"^## ", generate.page_of(name).read_text("utf-8"), flags=re.M)[1:]
    sections = dict(part.split("\n", 1) for part in parts)
    assert list(sections) == re.findall(r"^## (.+)", generate.PAGE, re.M)
    assert not [title for title, text in sections.items() if not text.strip()]


def test_every_variant_page_is_in_the_site():
    tree = re.search(r"```\{toctree\}\n(.*?)```", (DOCS / "variants/index.md").read_text(), re.S)[1]
    assert {":glob:", "*"} <= {*tree.split()}


def test_the_reference_describes_every_public_name():
    reference = script("reference")
    pages = reference.pages()
    for package, names in reference.packages().items():
        for name in names:
            if not inspect.ismodule(getattr(importlib.import_module(package), name)):
                assert re.search(rf"[ .]{name}$", pages[package], re.M), f"{package}.{name}"
    for method in ("fit", "encode", "generate", "export", "log_likelihood"):
        assert re.search(rf"autoclass:: VAE\n   :members: .*\b{method}\b", pages["zoo"])


def test_the_reference_has_a_page_for_each_package_with_public_names():
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "zoo").rglob("__init__.py")
        if re.search(r"^__all__ = ", path.read_text("utf-8"), re.M)
    }
    assert packages <= {*script("reference").packages()}


def test_the_readme_fits_on_two_screens():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_the_badge_names_the_supported_pythons():
    badge = re.search(r"!\[Python (.+?)\]", (ROOT / "README.md").read_text("utf-8"))[1]
    setup = (ROOT / "setup.py").read_text("utf-8")
    assert badge.split(" | ") == re.findall(r'"Programming Language :: Python :: (3\.\d+)"', setup)


def test_the_citation_names_this_version():
    assert f"\nversion: {zoo.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_pages_have_no_marks_of_a_merge():
    pages = [*PAGES, ROOT / "CHANGELOG.md", *(ROOT / "recipes").rglob("*.md")]
    assert not [
        page for page in pages if re.search(r"^(<{7}|>{7}) ", page.read_text("utf-8"), re.M)
    ]


def test_links_lead_to_files():
    broken = []
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert not broken


def test_code_names_pages_that_exist():
    sources = [path for folder in ("zoo", "recipes") for path in (ROOT / folder).rglob("*.py")]
    named = {page for path in sources for page in re.findall(r"docs/[\w/-]+\.md", path.read_text())}
    assert not [page for page in sorted(named) if not (ROOT / page).exists()]


def test_the_readme_shows_the_three_commands():
    commands = re.findall(r"^pip install .*&& (.+)$", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert commands[0].startswith('python -c "import zoo; zoo.plots.samples(zoo.get(')
    assert commands[1:3] == ["python recipes/images.py", "python -m pytest -n 2 --dist loadfile"]
