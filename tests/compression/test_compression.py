"""Lossless compression: exact on any input, short as the ELBO says, errors on bad streams."""

import dataclasses
import io
import sys

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.helpers import data, run_python, small
from zoo.compression import codec, grids, stream_format
from zoo.compression.ans_stack import Stack
from zoo.compression.bits_back import Blocks
from zoo.compression.model_steps import steps
from zoo.compression.symbols import elements

RNG = np.random.default_rng(0)
GREY = zoo.likelihoods.DiscretizedLogisticLikelihood(5)
MODELS = {
    "binary": lambda: small("dense_vae"),
    "grey, mixture prior": lambda: small(
        "dense_vae", likelihood=GREY, prior=zoo.MixturePrior(2, 3, init_std=2.0)
    ),
    "classes, ladder": lambda: small("dense_ladder_vae", likelihood=zoo.likelihoods.Categorical(4)),
}


@pytest.fixture(scope="module")
def models():
    return {name: make() for name, make in MODELS.items()}


@pytest.fixture(scope="module")
def vae(models):
    return models["binary"]


def examples(vae, n, seed=0):
    """n examples of uniformly random symbols."""
    known = zoo.compression.alphabet(vae.decoder.likelihood)
    k = np.random.default_rng(seed).integers(0, known.count, (n, *vae.free_event_shape))
    return known.values(k)


def binary(n, seed=0):
    return (data("dense_vae", n, seed) > 0.5).astype("float32")


# Symbols


@pytest.mark.parametrize("likelihood", ["bernoulli", GREY, zoo.likelihoods.Categorical(3)])
def test_probabilities_are_those_of_the_likelihood(likelihood):
    likelihood = zoo.likelihoods.IDENTIFIERS.get(likelihood, lambda: likelihood)()
    known = zoo.compression.alphabet(likelihood)
    raw = RNG.normal(size=(7, 4, likelihood.outputs(3))).astype("float32")
    distribution = likelihood(tf.constant(raw))
    k = RNG.integers(0, known.count, (7, 4, 3))

    table = np.asarray(known.probabilities(elements(distribution)))
    chosen = np.take_along_axis(table, k[..., None], -1)

    assert table.shape == (7, 4, 3, known.count)
    np.testing.assert_allclose(table.sum(-1), 1.0, rtol=1e-5)
    expected = distribution.log_prob(tf.constant(known.values(k)))
    np.testing.assert_allclose(np.log(chosen).sum((1, 2, 3)), expected, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_grey_levels_are_known_in_each_dtype(dtype):
    known = zoo.compression.alphabet(zoo.likelihoods.DiscretizedLogisticLikelihood())
    x = np.arange(256).astype(dtype) / np.asarray(255, dtype)

    np.testing.assert_array_equal(known.numbers(x), np.arange(256))
    np.testing.assert_array_equal(known.values(np.arange(256), dtype), x)


@pytest.mark.parametrize("wrong", [0.3, -0.0, np.nextafter(np.float32(1), np.float32(0))])
def test_what_is_off_the_grid_is_an_error(vae, wrong):
    x = binary(3)
    x[1, 2] = wrong

    with pytest.raises(ValueError, match=r"x must hold 0 and 1 only, got .* at index \(1, 2\)"):
        vae.compress(x)


# The coder


def test_a_push_undoes_a_pop_and_costs_what_the_symbols_are_worth():
    stack = Stack(RNG.integers(1, 2**32, 500))
    before, words = stack.bits, stack.words()
    loc, scale = RNG.normal(0, 20, 600), RNG.uniform(2, 9, 600)
    p = RNG.dirichlet(np.ones(5), 600)

    drawn = stack.pop_normal(loc, scale, 200), stack.pop_symbols(p)
    taken = before - stack.bits
    stack.push_symbols(drawn[1], p)
    stack.push_normal(drawn[0], loc, scale, 200)

    normal = 0.5 * ((drawn[0] - loc) / scale) ** 2 + np.log(scale * np.sqrt(2 * np.pi))
    expected = normal.sum() - np.log(p[np.arange(600), drawn[1]]).sum()
    np.testing.assert_array_equal(stack.words(), words)
    assert taken == pytest.approx(expected / np.log(2), rel=0.01)


def test_a_mixtures_component_is_paid_back():
    logits, locs = np.log([0.2, 0.5, 0.3]), RNG.normal(0, 2, (3, 4))
    scales = RNG.uniform(0.3, 1, (3, 4))
    grid = grids.MixtureGrid(logits, locs, scales, 2.0**-6)
    c = RNG.choice(3, 300, p=[0.2, 0.5, 0.3])
    z = locs[c] + scales[c] * RNG.normal(size=(300, 4))
    k = np.rint(grid.units(z, np.ones_like(z))[0]).astype("int32")
    stack = Stack(RNG.integers(1, 2**32, 100))
    before, words = stack.bits, stack.words()

    grid.push(stack, k, paid=True)
    taken = stack.bits - before
    found = grid.pop(stack, 300, paid=True)

    each = -0.5 * ((grid.z(k)[:, None] - locs) / scales) ** 2 - np.log(
        scales * np.sqrt(2 * np.pi) / grid.width
    )
    expected = -np.log2((np.exp(logits) * np.exp(each.sum(-1))).sum(-1)).sum()
    np.testing.assert_array_equal(found, k)
    np.testing.assert_array_equal(stack.words(), words)
    assert taken == pytest.approx(expected, rel=0.005)


def test_one_component_is_a_normal():
    loc, scale, k = RNG.normal(size=(1, 3)), RNG.uniform(1, 2, (1, 3)), RNG.integers(-9, 9, (50, 3))
    bits = []
    for grid in (
        grids.MixtureGrid([0.0], loc, scale, 0.25),
        grids.NormalGrid(loc, scale, 0.25),
    ):
        stack = Stack()
        grid.push(stack, k.astype("int32"), paid=False)
        bits.append(stack.bits)
        np.testing.assert_array_equal(grid.pop(stack, 50, paid=False), k)

    assert bits[0] - bits[1] == pytest.approx(50, abs=2)  # which half: nobody pays for it here


def test_without_the_library_the_error_says_what_to_install(vae, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    for call in (lambda: vae.compress(binary(1)), lambda: vae.decompress(b"")):
        with pytest.raises(ImportError, match=r"constriction: pip install 'zoo-vae\[recipes\]'"):
            call()


# There and back


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n", [0, 1, 150])
def test_noise_comes_back_bit_for_bit(models, name, n):
    vae = models[name]
    x = examples(vae, n)

    found = vae.decompress(vae.compress(x))

    assert (found.dtype, found.shape) == (x.dtype, x.shape)
    assert found.tobytes() == x.tobytes()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("value", [0, 1])
def test_black_and_white_come_back(models, name, value):
    vae = models[name]
    x = np.full((5, *vae.free_event_shape), value, "float32")

    np.testing.assert_array_equal(vae.decompress(vae.compress(x)), x)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
def test_the_dtype_comes_back(vae, dtype):
    x = binary(4).astype(dtype)

    found = vae.decompress(vae.compress(x))

    assert found.dtype == dtype
    np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize("name", MODELS)
def test_the_bits_are_those_of_the_elbo(models, name):
    vae = models[name]
    known = zoo.compression.alphabet(vae.decoder.likelihood)
    x = examples(vae, 1000)
    blocks = Blocks(steps(vae), 2.0**-6)

    bits = blocks.encode(known.numbers(x)).bits

    promised = -vae.elbo(x, samples=32).sum() / np.log(2)
    assert bits == pytest.approx(promised, rel=0.03)


def test_a_model_that_learned_makes_fewer_bits():
    vae = small("dense_vae")
    x = np.repeat([[0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]], 500, 0).astype("float32")
    before = len(vae.compress(x))
    vae.fit(x, epochs=60, batch_size=50, verbose=0)

    assert len(vae.compress(x)) < 0.5 * before


def test_frames_and_datasets(vae, monkeypatch, capsys):
    monkeypatch.setattr(codec, "FRAME_NUMBERS", 6 * 64)
    x = binary(150)
    batches = tf.data.Dataset.from_tensor_slices(x).batch(40)

    stream = vae.compress(x, verbose=True)
    shown = capsys.readouterr().out
    parts = list(zoo.compression.decompress_parts(vae, stream, verbose=True))

    assert "150/150" in shown
    assert "150/150" in capsys.readouterr().out
    assert [len(part) for part in parts] == [64, 64, 22]
    assert vae.compress(batches) == stream
    assert vae.compress(batches.map(lambda b: (b, b))) == stream
    np.testing.assert_array_equal(np.concatenate(parts), x)
    with pytest.raises(ValueError, match=r"x \(examples from 128\) must hold"):
        vae.compress(np.where(np.arange(150)[:, None] == 140, 0.5, x))


def test_an_empty_dataset(vae):
    stream = vae.compress(tf.data.Dataset.from_tensor_slices(binary(3)).batch(2).take(0))

    assert vae.decompress(stream).shape == (0, 6)


def test_another_process_decompresses(vae, tmp_path):
    x = binary(80)
    vae.save(tmp_path / "m.keras")
    (tmp_path / "stream").write_bytes(vae.compress(x))
    np.save(tmp_path / "x.npy", x)
    code = """
        import pathlib, sys
        import keras, numpy as np
        import zoo
        folder = pathlib.Path(sys.argv[1])
        vae = keras.models.load_model(folder / "m.keras")
        found = vae.decompress((folder / "stream").read_bytes())
        print(found.tobytes() == np.load(folder / "x.npy").tobytes())
    """

    assert run_python(code, tmp_path).split() == ["True"]


# Streams that are none


@pytest.fixture(scope="module")
def stream(vae):
    return vae.compress(binary(20))


def read(stream):
    """All that is to be known of a stream without a model."""
    header, frames = stream_format.parse(stream)
    return header, list(frames)


def test_a_stream_is_packed_as_it_was_parsed(stream):
    header, frames = read(stream)

    assert stream_format.pack(header, frames) == stream
    assert header.examples == sum(frame.examples for frame in frames) == 20


def test_each_cut_and_each_changed_byte_is_an_error(stream):
    for end in range(len(stream)):
        with pytest.raises(ValueError, match="stream"):
            read(stream[:end])
    for place in range(len(stream)):
        changed = bytearray(stream)
        changed[place] ^= 1 << place % 8
        with pytest.raises(ValueError, match="stream"):
            read(changed)
    with pytest.raises(ValueError, match="1 bytes after its end"):
        read(stream + b"\0")


def test_frames_belong_where_they_are(stream):
    header, (frame,) = read(stream)
    other = dataclasses.replace(frame, examples=3)
    size = stream_format.HEADER.size + stream_format.CHECKSUM.size
    twice = dataclasses.replace(header, examples=23)
    right, wrong = (
        stream_format.pack(twice, frames) for frames in ([frame, other], [other, frame])
    )
    length = (len(right) - size) // 2

    assert len(read(right)[1]) == 2
    with pytest.raises(ValueError, match="checksum of frame 1"):
        read(right[:size] + right[size + length :] + right[size : size + length])
    assert right != wrong


@pytest.mark.parametrize("foreign", [b"", b"PNG", RNG.bytes(500)], ids=["empty", "short", "random"])
def test_what_is_no_stream_is_an_error(vae, foreign):
    with pytest.raises(ValueError, match="not made by compress"):
        vae.decompress(foreign)


def test_what_is_not_bytes_is_an_error(vae):
    with pytest.raises(TypeError, match="stream must be bytes, as compress gives them, got Byt"):
        vae.decompress(io.BytesIO(b"zVAE"))


def test_another_version_is_an_error(vae, stream):
    with pytest.raises(ValueError, match=f"version 9, expected {stream_format.VERSION}"):
        vae.decompress(stream[:4] + b"\x09" + stream[5:])


def test_other_weights_are_an_error(vae, stream):
    bias = vae.decoder.last.bias
    kept = bias.numpy()
    bias.assign(np.nextafter(kept, 1.0))
    try:
        with pytest.raises(ValueError, match="by another model"):
            vae.decompress(stream)
    finally:
        bias.assign(kept)
    assert len(vae.decompress(stream)) == 20


def test_other_events_are_an_error(stream):
    with pytest.raises(ValueError, match="by another model"):
        small("dense_vae", likelihood=GREY).decompress(stream)


def test_other_arithmetic_is_an_error(vae, stream):
    header, frames = read(stream)
    elsewhere = dataclasses.replace(header, arithmetic=bytes(4))
    with pytest.raises(ValueError, match="gives other results, in the last bit"):
        vae.decompress(stream_format.pack(elsewhere, frames))


def test_what_becomes_other_data_is_an_error(vae, stream):
    header, (frame,) = read(stream)
    changes = {
        "became other data": {"data": frame.data ^ 1},
        "unknown step": {"step": 200},
        "not made by compress": {"words": frame.words ^ np.uint32(1 << 9)},
    }
    for message, change in changes.items():
        bad = stream_format.pack(header, [dataclasses.replace(frame, **change)])
        with pytest.raises(ValueError, match=f"{message}|other data|not made by"):
            vae.decompress(bad)


# Models that cannot


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dense_vae", {"flow": "iaf"}, "got a flow, InverseAutoregressiveFlow"),
        ("dense_vae", {"likelihood": "normal"}, "discrete values.*, got Normal"),
        ("dense_vae", {"prior": zoo.FlowPrior(2)}, "a prior of Normals.*, got FlowPrior"),
        ("dense_vae", {"built": False}, "no shapes yet"),
        ("lstm_vae", {}, "discrete values.*, got SeriesNormal"),
        (
            "multimodal_vae",
            {},
            "only SingleLatent or LadderLatent can be coded, got MultimodalLatent",
        ),
        ("transformer_vae", {}, "discrete values.*, got Text"),
    ],
)
def test_models_that_cannot_code_say_why(name, options, message):
    vae = small(name, **options)
    for call in (lambda: vae.compress(np.zeros((1, 6))), lambda: vae.decompress(b"zVAE")):
        with pytest.raises(ValueError, match=message):
            call()


def test_weights_that_are_not_finite_are_an_error():
    vae = small("dense_vae")
    vae.decoder.last.bias.assign(np.full(6, np.nan))
    with pytest.raises(ValueError, match=r"p\(x\|z\) is not finite"):
        vae.compress(binary(2))
