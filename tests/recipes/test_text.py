"""What `recipes/text.py` does with small and odd files, without training."""

import numpy as np
import pytest

import zoo  # noqa: F401  (so that Keras knows its classes)

for package in ("matplotlib", "sklearn", "tensorboard"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


class Interpolating:
    """Stands in for a VAE: "a" and "b" have "a b" between them."""

    def interpolate(self, a, b, steps):
        assert len(a) == len(b)
        return [[f"{x} {y}"] * steps for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize(("held_out", "pairs"), [(0, 0), (1, 0), (2, 1), (3, 1), (7, 3), (9, 4)])
def test_interpolations_between_as_many_pairs_as_there_are(recipe, held_out, pairs):
    texts = np.array([f"text {i}" for i in range(held_out)], object)

    found = recipe("support.results.text").interpolations(Interpolating(), texts)

    assert found.count("> text") == 2 * pairs
    assert found.startswith("> text 0\ntext 0 text 1\n" if pairs else "")


def sentences(path, encoding="utf-8"):
    path.write_text("\n".join(f"Satz Nummer {i} über Bäume." for i in range(30)), encoding=encoding)
    return path


def options(recipe, *arguments):
    return recipe("text").parser().parse_args([str(a) for a in arguments])


def test_a_mark_in_front_is_no_part_of_the_text(tmp_path, recipe):
    data = sentences(tmp_path / "windows.txt", "utf-8-sig")

    found = recipe("support.data.text").load(options(recipe, "--data", data))

    assert {text[:4] for text in [*found.train, *found.held_out]} == {"Satz"}


@pytest.mark.parametrize(("encoding", "byte"), [("latin-1", "0xfc"), ("utf-16", "0xff")])
def test_a_file_in_another_encoding_is_one_clear_line(tmp_path, recipe, encoding, byte):
    data = sentences(tmp_path / "old.txt", encoding)

    with pytest.raises(recipe("support.run.cli").InputError) as refused:
        recipe("support.data.text").load(options(recipe, "--data", data))

    line = str(refused.value)
    assert line.startswith(f"--data: {data} must be UTF-8 text, got the byte {byte} at position ")
    assert "\n" not in line


def test_a_limit_of_one_leaves_nothing_to_train_on(tmp_path, recipe):
    asked = options(recipe, "--limit", 1, "--out", tmp_path / "run")

    with pytest.raises(
        recipe("support.run.cli").InputError, match="--limit: 1 leaves nothing to train on"
    ):
        recipe("text").run(asked)
