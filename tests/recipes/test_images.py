"""Data of `images.py`: folders, photos, masks, .npy files, and those that are refused."""

import numpy as np
import pytest

for package in ("matplotlib", "sklearn", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def load(recipe, parse):
    """load(path, *flags) is what the recipe reads of --data path."""
    return lambda *flags: recipe("support.data.images").load(parse("images", "--data", *flags))


def write_image(path, shape, value=200):
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, "uint8")).save(path)


def test_folder_of_different_sizes_is_resized_and_labelled(tmp_path, load, capsys):
    for i in range(6):
        write_image(tmp_path / "cats" / f"{i}.png", (20 + i, 30), value=10 * i)
        write_image(tmp_path / "dogs" / f"{i}.jpg", (16, 16, 3))
    data = load(tmp_path, "--size", "12x10")
    assert data.train.shape == (10, 12, 10, 1) and data.held_out.shape == (2, 12, 10, 1)
    assert data.train.dtype == np.float32 and data.train.max() <= 1
    assert set(data.labels) <= {"cats", "dogs"}
    assert "resized to 12x10" in capsys.readouterr().out
    assert load(tmp_path).train.shape[1:] == (16, 16, 1)


@pytest.mark.parametrize("shape", [(10, 9, 8), (10, 9, 8, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_npy_file_is_scaled_to_unit_range(tmp_path, load, shape, dtype):
    x = np.random.default_rng(0).random(shape)
    np.save(tmp_path / "x.npy", (x * 255 if dtype == "uint8" else x).astype(dtype))
    data = load(tmp_path / "x.npy")
    assert data.train.shape == (8, 9, 8, shape[3] if len(shape) == 4 else 1)
    assert 0.5 < data.train.max() <= 1 and data.labels is None


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
@pytest.mark.parametrize("size", [8, 16])
def test_masks_stay_zeros_and_ones(load, tmp_path, dtype, size):
    x = np.zeros((10, 8, 8), dtype)
    x[:, 2:6, 2:6] = 1
    np.save(tmp_path / "masks.npy", x)

    images = load(tmp_path / "masks.npy", "--size", size).train

    assert images.dtype == np.float32 and images.shape[1:] == (size, size, 1)
    assert images.min() == 0 and images.max() == 1


def test_images_of_the_right_size_are_not_resized(load, tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 256, (10, 9, 8), "uint8")
    np.save(tmp_path / "x.npy", x)

    images = load(tmp_path / "x.npy", "--size", "9x8").train

    assert "resized" not in capsys.readouterr().out
    assert np.isin(np.round(images * 255).astype("uint8"), x).all()


def photo(path, rotated):
    """Write a picture 10 wide and 20 high with a white top, rotated by an EXIF tag if asked."""
    from PIL import Image

    pixels = np.zeros((20, 10), "uint8")
    pixels[:10] = 255
    exif = Image.Exif()
    if rotated:
        pixels, exif[0x0112] = np.rot90(pixels), 6  # the viewer must rotate it clockwise
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif)


@pytest.mark.parametrize("flags", [(), ("--size", "20x10"), ("--size", "8")])
def test_photos_are_rotated_by_their_exif_tag(load, tmp_path, flags):
    for i in range(6):
        photo(tmp_path / f"{i}.png", rotated=i % 2)

    images = load(tmp_path, *flags).train

    height = images.shape[1]
    assert images.shape[1:3] == ((8, 8) if "8" in flags else (20, 10))
    assert images[:, : height // 4].min() > 0.9 and images[:, -height // 4 :].max() < 0.1


def test_photos_are_resized_one_by_one_while_reading(recipe, load, tmp_path, monkeypatch):
    from PIL import Image

    for i in range(4):
        Image.fromarray(np.full((60 + i, 50), 9, "uint8")).save(tmp_path / f"{i}.png")
    image_sizes, shapes = recipe("support.data.image_sizes"), []
    fit = image_sizes.fit
    monkeypatch.setattr(image_sizes, "fit", lambda x, size: shapes.append(x.shape) or fit(x, size))

    load(tmp_path, "--size", "8")

    assert len(shapes) == 4


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("4", "--size: expected at least 8 pixels, got 4"),
        ("99999999", "--size: expected at most 4096 pixels, got 99999999"),
        ("8x8x8", "--size: expected S or HxW"),
        ("big", "--size: expected S or HxW"),
    ],
)
def test_invalid_size_is_refused(refusal, size, message):
    assert message in refusal("images", "--size", size)


def test_unusable_images_are_refused(tmp_path, refusal):
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "b.png").write_text("no image")
    np.save(tmp_path / "nan.npy", np.full((5, 8, 8), np.nan))
    np.save(tmp_path / "big.npy", np.full((5, 8, 8), 300.0))
    np.save(tmp_path / "flat.npy", np.zeros((5, 8)))
    for data, message in (
        ("missing", "expected an existing file or folder"),
        ("empty", "got none in"),
        ("broken", "b.png"),
        ("nan.npy", "got NaN"),
        ("big.npy", "expected values in [0, 1]"),
        ("flat.npy", "got shape (5, 8)"),
    ):
        line = refusal("images", "--data", tmp_path / data, "--out", tmp_path / "run")
        assert line.startswith("images.py: error: --data: expected ") and message in line


def test_misspelt_names_are_refused_with_the_nearest_one(tmp_path, refusal):
    pytest.importorskip("tensorflow_datasets")
    out = ["--out", tmp_path / "run"]
    assert "did you mean 'mnist'" in refusal("images", "--dataset", "mnits", *out)
    assert "'conv_vae'" in refusal("images", "--variant", "conv_vea", *out)
    assert "'widths'" in refusal("images", "--option", "width=3", *out)
    assert "expected KEY=VALUE" in refusal("images", "--option", "width", *out)


@pytest.mark.usefixtures("quick", "exported")
def test_figures_of_a_single_held_out_image(start, tmp_path):
    np.save(tmp_path / "five.npy", np.random.default_rng(0).random((5, 8, 8)))
    flags = ["--data", tmp_path / "five.npy", "--out", tmp_path / "run", "--epochs", 1]
    flags += ["--variant", "dense_vae", "--option", "hidden=(4,)", "--latent-dim", 3]

    assert start("images", *flags, "--samples", 2) == 0
    assert (tmp_path / "run" / "figures" / "latent.png").exists()


@pytest.mark.parametrize(
    ("x", "name"),
    [
        (np.full((1, 2, 2, 3), 0.5), "discretized_logistic_mixture"),
        (np.full((1, 2, 2, 9), 0.5), "discretized_logistic"),  # bands of a spectrum
        (np.full((1, 2, 2, 1), 0.5), "discretized_logistic"),
        (np.full((1, 2, 2, 1), 1.0), "binarized_bernoulli"),
    ],
)
def test_the_likelihood_suits_the_channels_and_the_grey_values(recipe, x, name):
    assert recipe("images")._likelihood(x)[0] == name
