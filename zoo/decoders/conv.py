"""Convolutional decoder for images, the mirror image of `ConvEncoder`."""

import math

import keras

from zoo import likelihoods
from zoo.core.argument_values import as_tuple, positive
from zoo.core.identifiers import as_regularizer, resolve
from zoo.core.serialization import component, ensure_built
from zoo.decoders.base import Decoder
from zoo.layers.convolution import (
    ResidualBlock,
    UpsampleConv2D,
    UpsampleResidualBlock,
    check_stages,
)
from zoo.layers.dense import dense_stack


@component
class ConvDecoder(Decoder):
    """Code `[B, D]`, or a map `[B, h, w, C]`, -> p(x|z) over images of any size and channel count.

    Mirrors `ConvEncoder`: dense, then for each stage `blocks - 1` residual blocks and one that
    doubles the image (cropped where the encoder rounded up), then a 3x3 convolution to the
    likelihood's raw outputs. A map, the output of a ladder's last level, replaces the output of
    the dense layers.

    Args:
        event_shape: (height, width, channels); a `VAE` sets it from the first batch.
        widths, blocks, stem_strides, hidden, normalization, activation: as in `ConvEncoder`, in
            the same order.
        likelihood: an identifier or a `Likelihood`.
        kernel_regularizer: as in `keras.layers.Conv2D`, for every layer.
    """

    def __init__(
        self,
        event_shape=None,
        *,
        widths=(32, 64, 128),
        blocks=2,
        stem_strides=1,
        hidden=None,
        normalization="batch",
        activation="relu",
        likelihood="bernoulli",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.event_shape = None if event_shape is None else as_tuple(event_shape)
        self.widths, self.blocks, self.stem_strides = check_stages(widths, blocks, stem_strides)
        (self.hidden,) = positive(hidden=hidden) if hidden is not None else (None,)
        self.normalization, self.activation = normalization, activation
        self.kernel_regularizer = as_regularizer(kernel_regularizer)
        self.likelihood = resolve(likelihood, likelihoods.IDENTIFIERS, "likelihood", required=True)

    def build(self, input_shape):
        height, width, channels = self.event_shape
        sizes = _sizes((height, width), self.stem_strides, len(self.widths) - 1)
        self.start_shape = (*sizes[-1], self.widths[-1])
        self.bottom = self._bottom(input_shape)
        for layer in self.bottom:
            ensure_built(layer, input_shape)
            input_shape = layer.compute_output_shape(input_shape)
        self.stages = self._stages(sizes)
        self.last = self._last(self.likelihood.params_size(channels), (height, width))
        shape = (None, *self.start_shape)
        for layer in (*self.stages, self.last, self.likelihood):
            ensure_built(layer, shape)
            shape = layer.compute_output_shape(shape) if layer is not self.likelihood else shape

    def _bottom(self, input_shape):
        """Dense layers from a vector to the smallest image; none where the code is a map."""
        if len(input_shape) == 4:
            if tuple(input_shape[1:]) != self.start_shape:
                raise ValueError(
                    f"the code must be a map of shape {self.start_shape}, where the stages start, "
                    f"got {tuple(input_shape[1:])}"
                )
            return []
        widths = [self.hidden] if self.hidden else []
        return dense_stack(
            [*widths, math.prod(self.start_shape)],
            self.activation,
            self.kernel_regularizer,
            self.dtype_policy,
        )

    def _stages(self, sizes):
        """Blocks from the smallest image up; the last block of each stage doubles the size."""
        common = dict(
            normalization=self.normalization,
            activation=self.activation,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
        )
        stages = []
        for level in range(len(self.widths) - 1, 0, -1):
            stages += [ResidualBlock(self.widths[level], **common) for _ in range(self.blocks - 1)]
            stages.append(UpsampleResidualBlock(self.widths[level - 1], sizes[level - 1], **common))
        return stages

    def _last(self, outputs, size):
        common = dict(
            kernel_regularizer=self.kernel_regularizer, dtype=self.dtype_policy, name="raw"
        )
        if self.stem_strides == 2:
            return UpsampleConv2D(outputs, size, **common)
        return keras.layers.Conv2D(
            outputs, 3, padding="same", data_format="channels_last", **common
        )

    def call(self, code, training=None):
        x = code
        for layer in self.bottom:
            x = layer(x)
        x = keras.ops.reshape(x, (-1, *self.start_shape))
        for block in self.stages:
            x = block(x, training=training)
        return self.likelihood(self.last(x))


def _sizes(size, stem_strides, stages):
    """Image sizes after the stem and after each stage: each halving rounds up."""
    sizes = [tuple(-(-s // stem_strides) for s in size)]
    for _ in range(stages):
        sizes.append(tuple(-(-s // 2) for s in sizes[-1]))
    return sizes
