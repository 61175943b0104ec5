"""Periodic diagnosis during training, written for TensorBoard."""

import importlib
import io
import os
import pathlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from zoo.core import streams, validation
from zoo.evaluation.diagnosis.measure import diagnose
from zoo.inference.batching import first


class DiagnosisLogger(keras.callbacks.Callback):
    """Callback that runs `zoo.diagnose` every few epochs and at the end, for TensorBoard.

    It writes scalars (each number of the report), text (the report), histograms of the posterior's
    means and scales and the report's figure, and replaces the codes for the embedding projector
    each time. View them with `tensorboard --logdir LOG_DIR`.

    Args:
        x: held-out data, an array or a dataset.
        log_dir: folder to write to.
        every: epochs between two diagnoses.
        labels: labels of the first examples of x, shown beside their codes in the projector.
        projected: maximum number of examples, the first ones, whose codes are written for the
            projector and the histograms.
        **options: options of `zoo.diagnose`, such as `importance_samples` and `bounded`.

    Attributes:
        diagnosis: the last `Diagnosis`, or None before the first.

    Raises:
        TypeError: log_dir is not a path.
        ValueError: every or projected is not a positive integer, or x never ends.
        ImportError: tensorboard or matplotlib is not installed.
    """

    def __init__(
        self,
        x: np.ndarray | dict | tf.data.Dataset,
        log_dir: str | os.PathLike,
        *,
        every: int = 5,
        labels: Sequence | None = None,
        projected: int = 1000,
        **options,
    ):
        super().__init__()
        validation.check_counts(every=every, projected=projected)
        validation.check_path(log_dir=log_dir)
        streams.require_end(x)
        self.x, self.log_dir = x, pathlib.Path(log_dir)
        self.every, self.labels, self.projected = every, labels, projected
        self.options, self.diagnosis, self._last_epoch = options, None, None
        self._projector = importlib.import_module("tensorboard.plugins.projector")
        importlib.import_module("matplotlib")

    def on_train_begin(self, logs: dict | None = None):
        self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch: int, logs: dict | None = None):
        if (epoch + 1) % self.every == 0:
            self._write(epoch)
        self._last_epoch = epoch

    def on_train_end(self, logs: dict | None = None):
        if self._last_epoch is not None and (self._last_epoch + 1) % self.every:
            self._write(self._last_epoch)
        self._writer.close()

    def _write(self, epoch):
        self.diagnosis = diagnose(self.model, self.x, **self.options)
        q = self.model.encode(first(self.x, self.projected))
        with self._writer.as_default(epoch):
            for name, value in self.diagnosis.scalars().items():
                tf.summary.scalar(f"diagnosis/{name}", value)
            tf.summary.text("diagnosis/report", f"```\n{self.diagnosis}\n```")
            tf.summary.histogram("diagnosis/loc", q.loc)
            tf.summary.histogram("diagnosis/scale", q.scale)
            tf.summary.image("diagnosis/figure", _figure_pixels(self.diagnosis.plot())[None])
        self._writer.flush()
        self._write_projector(np.asarray(q.loc))

    def _write_projector(self, codes):
        """Write codes and labels as files of TensorBoard's embedding projector."""
        np.savetxt(self.log_dir / "codes.tsv", codes, "%.6g", "\t")
        config = self._projector.ProjectorConfig()
        embedding = config.embeddings.add()
        embedding.tensor_name, embedding.tensor_path = "codes", "codes.tsv"
        if self.labels is not None:
            names = [str(label).replace("\n", " ") for label in self.labels[: len(codes)]]
            (self.log_dir / "labels.tsv").write_text("\n".join(names) + "\n", "utf-8")
            embedding.metadata_path = "labels.tsv"
        self._projector.visualize_embeddings(str(self.log_dir), config)


def _figure_pixels(figure):
    """A figure as uint8 `[H, W, 4]`."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return tf.io.decode_png(file.getvalue(), channels=4)
