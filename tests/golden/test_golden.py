"""Files that earlier versions wrote still load and give the same numbers."""

import pytest

import zoo
from tests.golden import make
from tests.helpers import assert_same


@pytest.mark.parametrize("name", zoo.available())
def test_a_golden_file_loads_and_gives_its_numbers(name, tmp_path):
    command = f"run python tests/golden/make.py {name}"
    assert make.model_path(name).exists(), command
    assert make.numbers_path(name).exists(), command

    vae, x, expected = make.read(name, tmp_path)

    assert int(vae.optimizer.iterations.numpy()) == make.STEPS
    vae.run_eagerly = True  # one batch each: nothing to gain from a graph
    # Float32 on another processor or another TensorFlow adds up in another order.
    assert_same(make.numbers(vae, x), expected, rtol=1e-4, atol=1e-5)


def test_every_golden_file_is_of_a_variant():
    names = {path.name.split(".")[0] for path in make.FOLDER.glob("*.keras.gz")}

    assert names <= {*zoo.available()}


def test_a_golden_file_is_never_overwritten():
    name = zoo.available()[0]

    with pytest.raises(FileExistsError, match="golden files are never overwritten"):
        make.write(name)


def test_nested_arrays_come_back_from_their_paths():
    tree = {"x": {"image": 1, "present": {"image": 2}}, "elbo": 3}

    assert make.nested(make.flat(tree)) == tree
