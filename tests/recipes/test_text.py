"""`text.py`: files of sentences, files that are refused, interpolations, and a whole run."""

import numpy as np
import pytest

import zoo  # noqa: F401  (registers the classes for Keras)
from tests.recipes.run_folders import SMALL, check_run

for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")

TINY = [*SMALL, "--width", "8", "--max-length", "9", "--latent-dim", "2"]
TINY += ["--option", "heads=2", "--option", "hidden=12", "--option", "blocks=1"]


class Interpolating:
    """Stands for a VAE: between "a" and "b" lies "a b"."""

    def interpolate(self, a, b, steps):
        assert len(a) == len(b)
        return [[f"{x} {y}"] * steps for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize(("held_out", "pairs"), [(0, 0), (1, 0), (2, 1), (3, 1), (7, 3), (9, 4)])
def test_interpolations_use_as_many_pairs_as_possible(recipe, held_out, pairs):
    texts = np.array([f"text {i}" for i in range(held_out)], object)

    text = recipe("support.results.generated_text").interpolations(Interpolating(), texts)

    assert text.count("> text") == 2 * pairs
    assert text.startswith("> text 0\ntext 0 text 1\n" if pairs else "")


def animals(path, n=60):
    """Write a file of n different sentences, an empty line, and the first sentence again."""
    names = ("cat", "dog", "bird", "fish", "newt", "horse", "cow", "ant")
    sentences = [f"The {a} sees, and hears, the {b}." for a in names for b in names][:n]
    path.write_text("\n".join([*sentences, "", sentences[0]]) + "\n", encoding="utf-8")
    return path


def test_limit_of_one_is_refused(tmp_path, refusal):
    line = refusal("text", "--limit", 1, "--out", tmp_path / "run")

    assert "--limit: expected at least 2, got 1" in line


def test_unusable_text_is_refused(tmp_path, refusal):
    few, out = tmp_path / "few.txt", ["--out", tmp_path / "run"]
    few.write_text("one\ntwo\n")
    binary = tmp_path / "image.png"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")

    assert "--data: expected at least 20" in refusal("text", "--data", few, *out)
    assert "--data" in refusal("text", "--data", tmp_path / "none.txt", *out)
    assert "--data: expected a file of text" in refusal("text", "--data", binary, *out)
    many = animals(tmp_path / "many.txt")
    line = refusal("text", "--data", many, "--vocabulary", "2", *out)
    assert "--vocabulary: vocabulary_size must be at least 3" in line


def test_default_data_are_sentences(recipe):
    sentences = recipe("support.data.text").reference()

    assert len({*sentences}) > 1000
    assert all(4 <= len(text.split()) <= 30 and text[-1] in ".!?" for text in sentences)
    assert not [text for text in sentences if "::=" in text or ">>>" in text or "*" in text]


@pytest.mark.usefixtures("quick")
def test_run_on_a_users_file(tmp_path, start, capsys):
    out, data = tmp_path / "run", animals(tmp_path / "mine.txt")
    assert start("text", *TINY, "--data", data, "--out", out) == 0

    record = check_run(out, {"curves", "latent"}, ["The cat sees the dog.", "ants"])

    printed = capsys.readouterr().out
    assert "perplexity" in printed and record["data"]["name"] == "mine.txt"
    assert "60 of 60 lines are longer than 9 words and are cut" in printed
    assert "1 empty lines are left out" in record["data"]["reading"]
    assert record["data"]["train"] + record["data"]["held_out"] == 60
    words, numbers = record["held_out"]["words_per_text"], record["held_out"]
    assert words == 10.0  # ten words and punctuation marks, cut to nine, and the end
    expected = np.exp(-numbers["log_likelihood"] / words)
    assert numbers["perplexity"] == pytest.approx(expected, rel=1e-6)
    texts = {path.stem: path.read_text("utf-8") for path in (out / "texts").glob("*.txt")}
    assert {*texts} == {"samples", "reconstructions", "interpolation", "neighbours"}
    assert len(texts["samples"].splitlines()) == 20
    for block in texts["neighbours"].strip().split("\n\n"):
        sentence, *near = block.splitlines()
        assert sentence.startswith("> The ") and len(near) == 3
        assert sentence[2:] not in near  # no held-out sentence was trained on
