"""What README.md and docs/ say is run, and what they take from the code is up to date."""

import importlib.util
import pathlib
import re

import pytest

import zoo

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def python_blocks(path):
    """The Python blocks of a page, each as it stands."""
    return re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def generate():
    """The script docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_the_quick_start_is_ten_lines():
    lines = [line for line in python_blocks(ROOT / "README.md")[0].splitlines() if line.strip()]
    assert len(lines) == 10


def test_generated_tables_are_up_to_date(generate):
    stale = [str(p.relative_to(ROOT)) for p, t in generate.wanted().items() if p.read_text() != t]
    assert not stale, "run python docs/generate.py"


@pytest.mark.parametrize("name", zoo.available())
def test_a_card_counts_the_weights_that_the_model_has(name, generate):
    assert zoo.card(name).parameters == generate.counted(name), "run python docs/generate.py"


@pytest.mark.parametrize("name", zoo.available())
def test_each_option_is_described(name, generate):
    assert all(row.count("|") == 4 for row in generate.card_and_options(name).splitlines()[7:])


@pytest.mark.parametrize("name", zoo.available())
def test_each_variant_has_a_page_that_says_when_not_to_use_it(name, generate):
    parts = re.split(r"^## ", generate.page_of(name).read_text("utf-8"), flags=re.M)[1:]
    said = dict(part.split("\n", 1) for part in parts)
    assert list(said) == re.findall(r"^## (.+)", generate.PAGE, re.M)
    assert all(text.strip() for text in said.values())
    assert f"\n{name}\n" in (DOCS / "variants" / "index.md").read_text("utf-8")


def test_links_lead_to_files():
    broken = []
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert not broken


def test_the_readme_shows_the_two_commands():
    commands = re.findall(r"^pip install .*&& (.+)$", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert commands[:2] == ["python recipes/images.py", "python -m pytest -n 2 --dist loadfile"]
