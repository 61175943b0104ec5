"""Images that users have: masks, photos on their side, more than memory holds."""

import numpy as np
import pytest

for package in ("matplotlib", "PIL"):
    pytest.importorskip(package, reason=f"the recipes need {package}: pip install '.[recipes]'")


@pytest.fixture
def load(recipe):
    def load(*arguments):
        options = recipe("images").parser().parse_args([str(a) for a in ("--data", *arguments)])
        return recipe("support.data.images").load(options)

    return load


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool"])
@pytest.mark.parametrize("size", [8, 16])
def test_masks_stay_zeros_and_ones(load, tmp_path, dtype, size):
    x = np.zeros((10, 8, 8), dtype)
    x[:, 2:6, 2:6] = 1
    np.save(tmp_path / "masks.npy", x)

    found = load(tmp_path / "masks.npy", "--size", size).train

    assert found.dtype == np.float32 and found.shape[1:] == (size, size, 1)
    assert found.min() == 0 and found.max() == 1


def test_what_has_its_size_already_is_not_said_to_be_resized(load, tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 256, (10, 9, 8), "uint8")
    np.save(tmp_path / "x.npy", x)

    found = load(tmp_path / "x.npy", "--size", "9x8").train

    assert "resized" not in capsys.readouterr().out
    assert np.isin(np.round(found * 255).astype("uint8"), x).all()


def photo(path, turned):
    """A picture 10 wide and 20 high with a white top, stored on its side where it is turned."""
    from PIL import Image

    pixels = np.zeros((20, 10), "uint8")
    pixels[:10] = 255
    exif = Image.Exif()
    if turned:
        pixels, exif[0x0112] = np.rot90(pixels), 6  # to be turned clockwise by the viewer
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, exif=exif)


@pytest.mark.parametrize("flags", [(), ("--size", "20x10"), ("--size", "8")])
def test_photos_are_turned_as_their_camera_was(load, tmp_path, flags):
    for i in range(6):
        photo(tmp_path / f"{i}.png", turned=i % 2)

    found = load(tmp_path, *flags)

    height = found.train.shape[1]
    assert found.train.shape[1:3] == ((8, 8) if "8" in flags else (20, 10))
    assert found.train[:, : height // 4].min() > 0.9 and found.train[:, -height // 4 :].max() < 0.1


def test_no_photo_stays_in_memory_at_full_size(recipe, load, tmp_path, monkeypatch):
    from PIL import Image

    for i in range(4):
        Image.fromarray(np.full((60 + i, 50), 9, "uint8")).save(tmp_path / f"{i}.png")
    kept, fit = [], recipe("support.data.images")._fit
    monkeypatch.setattr(
        recipe("support.data.images"), "_fit", lambda x, size: kept.append(x.shape) or fit(x, size)
    )

    load(tmp_path, "--size", "8")

    assert len(kept) == 4  # one by one, as they are read


@pytest.mark.parametrize(
    ("size", "message"), [("4", "at least 8, got 4"), ("8x8x8", "S or HxW"), ("big", "S or HxW")]
)
def test_sizes_that_are_refused(recipe, capsys, size, message):
    with pytest.raises(SystemExit):
        recipe("images").parser().parse_args(["--size", size])
    assert message in capsys.readouterr().err


def test_five_images(recipe, tmp_path, monkeypatch):
    """One is held out: all figures and numbers are made of it."""
    run_folder = recipe("support.run.run")
    monkeypatch.setattr(run_folder.saving, "save", lambda vae, folder: None)
    np.save(tmp_path / "five.npy", np.random.default_rng(0).random((5, 8, 8)))
    flags = ["--data", tmp_path / "five.npy", "--out", tmp_path / "run", "--epochs", 1]
    flags += ["--variant", "dense_vae", "--option", "hidden=(4,)", "--latent-dim", 3]
    options = recipe("images").parser().parse_args([str(f) for f in [*flags, "--samples", 2]])

    assert recipe("images").run(options) == 0
    assert (tmp_path / "run" / "figures" / "latent.png").exists()
