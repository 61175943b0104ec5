"""Functions that the benchmarks share: rows to evaluate, and images of users' files."""

import types

import numpy as np
import pytest

for package in ("pandas", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def shared(recipe):
    return recipe("benchmarks.quality.shared")


def test_rows_to_evaluate_are_a_random_choice_by_the_seed(shared):
    rows = shared.random_rows(1000, 50, seed=3)

    assert len({*rows}) == 50 and rows.max() > 500
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, shared.random_rows(1000, 50, seed=3))
    assert {*rows} != {*shared.random_rows(1000, 50, seed=4)}
    np.testing.assert_array_equal(shared.random_rows(5, 50, seed=3), range(5))


def test_images_of_a_users_file_are_read(shared, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype("uint8")
    np.save(tmp_path / "images.npy", images)
    args = types.SimpleNamespace(dataset="mnist", data=tmp_path / "images.npy", data_dir=None)

    train, test = shared.image_parts(args)

    assert len(train) + len(test) == 40 and len(test)
    assert train.shape[1:] == (8, 8, 1) and train.dtype == np.float32
    assert {*train.ravel(), *test.ravel()} <= {*(np.arange(256, dtype="float32") / 255)}


def test_a_missing_package_ends_in_one_line_with_the_command_that_installs_it(shared):
    with pytest.raises(SystemExit, match=r"error: No module named 'nowhere'; .* pip install now"):
        shared.required("nowhere.x", "pip install nowhere")
