"""Grids of z, the stack of bits at its limits, and the fields of the stream format."""

import struct
import zlib

import numpy as np
import pytest

from zoo.compression import grids, stream_format
from zoo.compression.grids import LatentGrid, MixtureGrid, NormalGrid
from zoo.compression.symbols import Alphabet

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def new_stack():
    """A function that makes a stack of random words."""
    pytest.importorskip("constriction")
    from zoo.compression.ans_stack import ANSStack

    return lambda words=200: ANSStack(RNG.integers(1, 2**32, words)) if words else ANSStack()


# Grids


@pytest.mark.parametrize(("spacing", "max_k"), [(0.5, 16), (2.0**-6, 512), (0.3, 27)])
def test_a_grid_covers_eight_stds_of_the_prior(spacing, max_k):
    grid = LatentGrid([1.0, -2.0], [0.5, 3.0], spacing)

    assert grid.max_k == max_k
    ends = grid.z(np.array([[-max_k] * 2, [0, 0], [max_k] * 2]))
    np.testing.assert_array_equal(ends[1], [1.0, -2.0])
    np.testing.assert_allclose(ends[2] - ends[0], 2 * max_k * spacing * np.array([[0.5, 3.0]])[0])
    assert abs(max_k * spacing - grids.RANGE) <= spacing / 2


def test_grid_units_of_a_point_are_its_index():
    rows = LatentGrid(RNG.normal(size=(5, 3)), RNG.uniform(0.5, 2, (5, 3)), 0.125)
    k = RNG.integers(-60, 60, (4, 3))  # fewer rows than the grid has

    loc, scale = rows.in_grid_units(rows.z(k), np.ones((4, 3)))

    np.testing.assert_allclose(loc, k, atol=1e-9)
    np.testing.assert_allclose(scale, 1 / rows.width[:4])


def test_normals_beyond_the_grid_are_moved_to_its_end_and_points_get_a_minimal_scale():
    grid = LatentGrid([0.0], [1.0], 0.5)

    loc, scale = grid.in_grid_units([[1e9], [-1e9], [0.25]], [[0.0], [1e-30], [2.0]])

    np.testing.assert_array_equal(loc, [[16], [-16], [0.5]])
    np.testing.assert_array_equal(scale, [[grids.MIN_SCALE], [grids.MIN_SCALE], [4.0]])


def test_a_mixtures_grid_has_its_mean_and_std():
    logits, locs = np.log([1.0, 3.0]) + 7, np.array([[0.0, 5.0], [4.0, 5.0]])
    scales = np.array([[1.0, 2.0], [0.5, 2.0]])
    draws = RNG.choice(2, 200_000, p=[0.25, 0.75])
    z = locs[draws] + scales[draws] * RNG.normal(size=(200_000, 2))

    grid = MixtureGrid(logits, locs, scales, 0.25)

    np.testing.assert_allclose(grid.weights, [0.25, 0.75])
    np.testing.assert_allclose(grid.mean[0], z.mean(0), atol=0.02)
    np.testing.assert_allclose(grid.width[0] / 0.25, z.std(0), rtol=0.01)


def test_the_component_posterior_is_bayes_rule():
    locs, scales = RNG.normal(0, 2, (3, 2)), RNG.uniform(0.5, 1.5, (3, 2))
    grid = MixtureGrid(np.log([0.2, 1e-200, 0.8]), locs, scales, 0.5)
    k = RNG.integers(-6, 6, (7, 2))

    posterior = grid._component_posterior(k)

    densities = np.exp(-0.5 * ((grid.z(k)[:, None] - locs) / scales) ** 2) / scales
    joint = densities.prod(-1) * [0.2, 0.0, 0.8]
    np.testing.assert_allclose(posterior, joint / joint.sum(1, keepdims=True), atol=1e-12)


def test_a_code_far_from_all_components_has_a_finite_posterior():
    grid = MixtureGrid([0.0, 0.0], [[0.0], [1e-3]], [[1e-3], [1e-3]], 0.5)
    far = np.array([[grid.max_k], [-grid.max_k]])
    grid.width = grid.width * 1e6  # so far that both densities underflow to 0

    np.testing.assert_allclose(grid._component_posterior(far), [[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("n", [0, 1, 30])
def test_a_grid_pops_what_it_pushed_and_leaves_the_stack_as_it_was(n, new_stack):
    locs, scales = RNG.normal(size=(2, 3)), RNG.uniform(0.5, 1.5, (2, 3))
    for grid in (NormalGrid(locs[0], scales[0], 0.25), MixtureGrid([0, 1], locs, scales, 0.25)):
        k, stack = RNG.integers(-9, 9, (n, 3)).astype("int32"), new_stack()
        before = stack.words()

        grid.push(stack, k, bits_back=True)
        popped = grid.pop(stack, n, bits_back=True)

        assert popped.shape == (n, 3)
        np.testing.assert_array_equal(popped, k)
        np.testing.assert_array_equal(stack.words(), before)


# The stack


def test_a_new_stack_is_empty_and_words_restore_a_stack(new_stack):
    empty, full = new_stack(0), new_stack(5)

    assert empty.empty and empty.bits == 0 and len(empty.words()) == 0
    assert not full.empty and 32 * 4 < full.bits <= 32 * 5
    copy = type(full)(full.words())
    np.testing.assert_array_equal(copy.words(), full.words())
    assert copy.bits == full.bits and full.words().dtype == "<u4"


def test_extreme_symbols_are_coded_however_improbable(new_stack):
    stack, k = new_stack(0), np.array([-50, 50, 0], "int32")
    loc, scale = np.array([50.0, -50.0, 0.0]), np.full(3, grids.MIN_SCALE)

    stack.push_normal(k, loc, scale, 50)
    stack.push_symbols([0, 1], np.array([[0.0, 1.0], [0.0, 1.0]]))

    np.testing.assert_array_equal(stack.pop_symbols(np.array([[0.0, 1.0]] * 2)), [0, 1])
    np.testing.assert_array_equal(stack.pop_normal(loc, scale, 50), k)
    assert stack.empty


def test_symbols_cost_their_information(new_stack):
    stack = new_stack(20)
    before = stack.bits

    stack.push_symbols(np.zeros(1000, int), np.tile([0.25, 0.75], (1000, 1)))

    assert stack.bits - before == pytest.approx(2000, abs=33)


def test_one_pair_of_floats_codes_as_arrays_of_them(new_stack):
    k, stacks = RNG.integers(-20, 20, 50).astype("int32"), [new_stack(0), new_stack(0)]

    stacks[0].push_normal(k, 0.0, 7.0, 64)
    stacks[1].push_normal(k, np.zeros(50), np.full(50, 7.0), 64)

    np.testing.assert_array_equal(stacks[0].words(), stacks[1].words())
    np.testing.assert_array_equal(stacks[0].pop_normal(0.0, 7.0, 64, 50), k)


@pytest.mark.parametrize("bits", [0, 1, 16, 17, 3000])
def test_whitening_changes_only_the_upper_bits_and_is_undone(bits, new_stack):
    stack = new_stack()
    before, length = stack.words(), stack.bits

    stack.whiten(bits)
    changed = np.flatnonzero(stack.words() != before)

    assert stack.bits == length
    assert len(changed) == 0 if bits == 0 else changed[0] >= 200 - (bits // 32 + 3)
    stack.unwhiten(bits)
    np.testing.assert_array_equal(stack.words(), before)


# Symbols


@pytest.mark.parametrize(
    ("count", "divisor", "text"),
    [(2, 1, "0 and 1"), (5, 1, "integers 0 .. 4"), (256, 255, "values k / 255, k = 0 .. 255")],
)
def test_an_alphabet_is_described_by_its_values(count, divisor, text):
    alphabet = Alphabet(count, divisor, None)

    assert str(alphabet) == text
    k = np.arange(count)
    np.testing.assert_array_equal(alphabet.symbols(alphabet.values(k)), k)
    with pytest.raises(ValueError, match=r"table must hold .* at index \(1,\) \(1 of 2 values\)"):
        alphabet.symbols(np.array([0.0, 1e9]), "table")


# The stream format

HEADER = stream_format.Header("<f4", b"8 bytes!", b"four", 5)
FRAMES = [
    stream_format.Frame(3, 2, 0xDEADBEEF, np.array([1, 2**32 - 1], "<u4")),
    stream_format.Frame(200, 3, 7, np.array([], "<u4")),
]


def test_a_stream_has_its_documented_fields():
    stream = stream_format.pack(HEADER, FRAMES)

    index = stream_format.DTYPES.index("<f4")
    head = b"zVAE" + bytes([1, index]) + b"8 bytes!" + b"four" + struct.pack("<Q", 5)
    first, words = struct.pack("<BIII", 3, 2, 2, 0xDEADBEEF), struct.pack("<II", 1, 2**32 - 1)
    second = struct.pack("<BIII", 200, 3, 0, 7)
    checksums = [zlib.crc32(head), zlib.crc32(head + first + words)]
    checksums.append(zlib.crc32(head + first + words + second))
    a, b, c = (struct.pack("<I", checksum) for checksum in checksums)
    assert stream == head + a + first + b + words + second + c


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_parsed_stream_has_the_packed_fields(kind):
    header, frames = stream_format.parse(kind(stream_format.pack(HEADER, FRAMES)))

    assert header == HEADER
    for frame, expected in zip(frames, FRAMES, strict=True):
        np.testing.assert_array_equal(frame.words, expected.words)
        fields = (frame.spacing_index, frame.examples, frame.data_checksum)
        assert fields == (expected.spacing_index, expected.examples, expected.data_checksum)


@pytest.mark.parametrize("dtype", stream_format.DTYPES)
def test_each_dtype_is_stored_by_its_index(dtype):
    header = stream_format.Header(dtype, bytes(8), bytes(4), 0)

    parsed, frames = stream_format.parse(stream_format.pack(header, []))

    assert parsed == header and list(frames) == []


def test_a_header_with_a_valid_checksum_and_an_unknown_dtype_raises():
    head = stream_format.HEADER.pack(b"zVAE", 1, len(stream_format.DTYPES), bytes(8), bytes(4), 0)

    with pytest.raises(ValueError, match="corrupt stream: the checksum of the header is wrong"):
        stream_format.parse(head + struct.pack("<I", zlib.crc32(head)))


def test_frames_with_other_numbers_of_examples_than_the_header_raise():
    fewer, more = (stream_format.Header("<f4", bytes(8), bytes(4), n) for n in (2, 6))

    with pytest.raises(ValueError, match="corrupt stream: 17 bytes after its end"):
        list(stream_format.parse(stream_format.pack(fewer, FRAMES))[1])
    with pytest.raises(ValueError, match="truncated stream: 1 examples are missing"):
        list(stream_format.parse(stream_format.pack(more, FRAMES))[1])
