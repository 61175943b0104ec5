"""Images of `images.py` that are damaged, transparent, split into folders, or of other ranges."""

import struct
import zlib

import numpy as np
import pytest

pillow = pytest.importorskip(
    "PIL.Image", reason="the recipes need Pillow: pip install '.[recipes]'"
)
RNG = np.random.default_rng(0)


@pytest.fixture
def npy(tmp_path):
    """npy(x) is the path of a file with this array."""

    def npy(x):
        np.save(tmp_path / "x.npy", x)
        return tmp_path / "x.npy"

    return npy


def pictures(folder, count=5, suffix="png", mode=None):
    """Write different random images of 8x8 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        image = pillow.fromarray(RNG.integers(0, 256, (8, 8), "uint8"))
        image.save(folder / f"{i}.{suffix}")


def png(*chunks):
    """Bytes of a black PNG of 8x8 pixels with further chunks."""

    def chunk(name, data):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(72))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*c) for c in chunks) + body


def test_damaged_files_are_skipped_and_listed(tmp_path, load_images):
    pictures(tmp_path / "cat")
    pictures(tmp_path / "dog", suffix="jpg")
    dog = (tmp_path / "dog" / "0.jpg").read_bytes()
    huge = zlib.compress(bytes(3_000_000))
    for name, content in {
        "cat/truncated.jpg": dog[:200],
        "cat/empty.png": b"",
        "cat/huge.ppm": b"P6 99999999 99999999 255\n123",
        "cat/negative.ppm": b"P6 -5 9 255\n123",
        "cat/text.png": b"text",
        "dog/text.webp": b"RIFF1234WEBPVP8 zzzz",
        "dog/text_bomb.png": png((b"zTXt", b"a\0\0" + huge)),
        "dog/profile_bomb.png": png((b"iCCP", b"a\0\0" + huge)),
        "dog/._0.jpg": b"of another system",
        ".ipynb_checkpoints/0.jpg": dog,
        "readme.txt": b"read me",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    data = load_images(tmp_path)

    notes = "\n".join(data.notes)
    assert len(data.train) + len(data.held_out) == 10
    assert "2 hidden files are skipped" in notes and "(1 .txt)" in notes
    assert "8 image files cannot be read" in notes and "empty.png (the file is empty)" in notes
    assert "2 classes by sub-folder: cat 5, dog 5" in notes


def test_fuzzed_files_never_stop_the_others(tmp_path, load_images):
    for turn in range(15):
        pictures(tmp_path, 2)
        for suffix in ("ppm", "webp", "png", "gif", "tiff", "bmp"):
            path = tmp_path / f"fuzzed.{suffix}"
            pillow.fromarray(RNG.integers(0, 256, (8, 8, 3), "uint8")).save(path)
            content = bytearray(path.read_bytes())
            for place in RNG.integers(0, len(content), 4):
                content[place] = RNG.integers(256)
            path.write_bytes(bytes(content))
        assert load_images(tmp_path, "--size", 8).train.shape[1:3] == (8, 8), turn


@pytest.mark.parametrize(
    ("dtype", "high", "note"),
    [
        ("uint16", 4095, "5 images of integers up to 4095 are divided by 4095"),
        ("int32", 60000, "5 images of integers up to 60000 are divided by 65535"),
        ("float32", 1, "5 images of floats up to 1 are divided by 1"),
        ("float32", 200, "5 images of floats up to 200 are divided by 255"),
    ],
)
def test_deep_images_are_divided_by_one_number(tmp_path, load_images, dtype, high, note):
    for i in range(5):
        pixels = np.full((8, 8), high, dtype) // (2 if i else 1)
        pillow.fromarray(pixels.astype(dtype)).save(tmp_path / f"{i}.tiff")

    data = load_images(tmp_path)

    x = np.concatenate([data.train, data.held_out])
    scale = float(note.split()[-1])
    np.testing.assert_allclose(x.max(), high / scale, atol=1 / 255)
    np.testing.assert_allclose(x.min(), high // 2 / scale, atol=1 / 255)
    assert note in data.notes


def test_a_tiff_whose_zero_is_white_is_inverted(tmp_path, load_images):
    for i in range(5):
        pixels = np.full((8, 8), 65535 - 20000 * (i > 0), "uint16")
        pillow.fromarray(pixels).save(tmp_path / f"{i}.tiff", tiffinfo={262: 0})

    data = load_images(tmp_path)

    x = np.concatenate([data.train, data.held_out])
    assert x.min() == 0 and abs(x.max() - 20000 / 65535) < 0.01
    assert "5 TIFF images whose zero is white are inverted" in data.notes


def test_values_beyond_sixteen_bits_are_refused(tmp_path, load_images, input_error):
    pillow.fromarray(np.full((8, 8), 70000, "int32")).save(tmp_path / "a.tiff")

    with pytest.raises(input_error, match=r"a\.tiff: values from 70000 to 70000, not from 0 to"):
        load_images(tmp_path)


def test_images_with_nan_are_skipped_and_listed(tmp_path, load_images):
    pictures(tmp_path)
    pillow.fromarray(np.full((8, 8), np.nan, "float32")).save(tmp_path / "nan.tif")

    data = load_images(tmp_path)

    assert len(data.train) + len(data.held_out) == 5
    assert "nan.tif (holds NaN or infinite values)" in data.notes[0]


@pytest.mark.parametrize(
    ("shape", "message"), [((9, 8, 3), "one image"), ((8, 8, 3, 20), "the images last")]
)
def test_arrays_in_another_order_are_refused(load_images, npy, input_error, shape, message):
    with pytest.raises(input_error, match=message):
        load_images(npy(np.zeros(shape, "uint8")))


def test_first_frames_and_white_backgrounds_are_noted(tmp_path, load_images):
    frames = [pillow.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for i in range(4):
        frames[0].save(tmp_path / f"{i}.gif", save_all=True, append_images=frames[1:])
        pillow.new("RGBA", (8, 8), (255, 0, 0, 255)).save(tmp_path / f"{i}.png")

    data = load_images(tmp_path)

    assert (data.train == [1, 0, 0]).all()
    assert "4 files have several frames or pages; the first one is used" in data.notes
    assert "4 images have an alpha channel; they are shown on white" in data.notes


def test_dark_images_are_noted(npy, load_images):
    data = load_images(npy(RNG.integers(0, 17, (9, 8, 8), "uint8")))

    assert data.notes[0].startswith("the largest value is 0.0627 of 1, so that all images are dark")


@pytest.mark.parametrize(
    ("y", "labels", "note"),
    [
        (np.arange(9.0) % 3, {"0", "1", "2"}, "x: classes from y"),
        (np.arange(9) / 3, None, "arrays that are not used: y (9,)"),
        (np.eye(9), None, "arrays that are not used: y (9, 9)"),
        (np.arange(8), None, "arrays that are not used: y (8,)"),
    ],
)
def test_labels_of_an_archive_are_whole_numbers(tmp_path, load_images, y, labels, note):
    np.savez(tmp_path / "a.npz", x=RNG.uniform(size=(9, 8, 8)), y=y)

    data = load_images(tmp_path / "a.npz")

    assert (None if data.labels is None else {*data.train_labels, *data.labels}) == labels
    assert note in data.notes


def test_transparent_pixels_are_white(tmp_path, load_images):
    hidden = np.zeros((8, 8, 4), "uint8")
    hidden[..., 0] = 255  # red, and wholly transparent
    hidden[:4, :, 3] = 255
    for i in range(5):
        pillow.fromarray(hidden).save(tmp_path / f"{i}.png")

    x = load_images(tmp_path).train

    assert (x[:, 4:] == 1).all() and (x[:, :4] == [1, 0, 0]).all()


@pytest.mark.parametrize(
    ("x", "low", "high", "note"),
    [
        (np.linspace(0, 255, 640), 0, 1, "floats from 0 to 255 are divided by 255"),
        (np.linspace(-1, 1, 640), 0, 1, "values from -1 to 1 are mapped to 0 to 1"),
        (np.linspace(0, 65535, 640).astype("uint16"), 0, 1, "the largest of 16 bits"),
        (np.linspace(0, 4095, 640).astype("uint16"), 0, 1, "the largest of 12 bits"),
        (np.linspace(0, 0.5, 640), 0, 0.5, None),
    ],
)
def test_ranges_are_understood_and_said(load_images, npy, x, low, high, note):
    data = load_images(npy(x.reshape(10, 8, 8)))

    images = np.concatenate([data.train, data.held_out])
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (low, pytest.approx(high))
    assert note is None or note in data.notes[0]


def test_channels_first_are_moved_and_opacity_is_applied(load_images, npy):
    x = RNG.integers(0, 256, (5, 4, 9, 8), "uint8")

    data = load_images(npy(x))

    assert data.train.shape[1:] == (9, 8, 3) and "channels first" in data.notes[0]
    assert "opacity" in data.notes[1]


def test_npz_of_train_and_test_arrays_is_split(load_images, tmp_path):
    x = RNG.integers(0, 256, (12, 8, 8), "uint8")
    arrays = {
        "x_train": x[:8],
        "y_train": np.arange(8) % 3,
        "x_test": x[8:],
        "y_test": np.arange(4),
    }
    np.savez(tmp_path / "data.npz", **arrays)

    data = load_images(tmp_path / "data.npz")

    assert len(data.train) == 8 and {*data.labels} == {"0", "1", "2", "3"}
    assert len(load_images(tmp_path / "data.npz", "--key", "x_test").train) == 3


def test_npz_needs_the_name_of_one_of_several_arrays(load_images, tmp_path, input_error):
    np.savez(tmp_path / "data.npz", a=np.zeros((9, 8, 8)), b=np.zeros((9, 8, 8)))

    with pytest.raises(input_error, match=r"--key: expected the name of one array .* got a \(9"):
        load_images(tmp_path / "data.npz")


def _forged(content):
    old = b"(9, 8, 8), }" + b" " * 8
    return content.replace(old, b"(99999999, 8, 8), }".ljust(len(old)))


@pytest.mark.parametrize(
    "damage",
    [_forged, lambda c: b"PK\x03\x04zz", lambda c: c[:90], lambda c: c[:-9], lambda c: b""],
)
def test_damaged_npy_is_refused_in_one_line(load_images, npy, input_error, damage):
    path = npy(np.zeros((9, 8, 8)))
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(input_error, match="--data: expected an array of numbers") as error:
        load_images(path)
    assert "\n" not in str(error.value)


def test_limit_is_a_random_choice_that_is_said(load_images, npy):
    x = np.repeat(np.arange(40, dtype="uint8"), 64).reshape(40, 8, 8)

    a, b, c = (load_images(npy(x), "--limit", 10, "--seed", s) for s in (0, 0, 1))

    assert len(a.train) == 10 and a.train.max() * 255 > 20
    np.testing.assert_array_equal(a.train, b.train)
    assert (a.train != c.train).any() and "22 images are left out (--limit)" in a.notes[-1]


def test_held_out_images_that_equal_training_images_are_said(load_images, npy):
    x = RNG.integers(0, 256, (20, 8, 8), "uint8")

    assert not load_images(npy(x)).notes
    assert "of 12 held-out images are equal" in load_images(npy(np.concatenate([x, x, x]))).notes[0]
