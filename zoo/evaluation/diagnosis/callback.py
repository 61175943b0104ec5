"""A diagnosis now and then while a model trains, for TensorBoard."""

import importlib
import io
import pathlib

import keras
import numpy as np
import tensorflow as tf

from zoo.core import validation
from zoo.evaluation.diagnosis.measure import diagnose
from zoo.inference.batching import first


class DiagnosisLogger(keras.callbacks.Callback):
    """Runs `zoo.diagnose` each so many epochs and after the last, and writes it for TensorBoard.

    Scalars (each number of the report), text (the report), histograms of q's means and scales, the
    report's figure; and codes for the embedding projector, anew each time. See them by
    `tensorboard --logdir LOG_DIR`.

    Args:
        x: held-out data, an array or a dataset.
        log_dir: folder to write to.
        every: epochs between two diagnoses.
        labels: one for each of the first examples of x, shown beside their codes in the projector.
        projected: the first so many examples' codes go to the projector and the histograms.
        **options: of `zoo.diagnose`: `importance_samples`, `bounded`, ...

    Attributes:
        found: the last `Diagnosis`.

    Raises:
        ImportError: tensorboard or matplotlib is not installed.
    """

    def __init__(self, x, log_dir, *, every=5, labels=None, projected=1000, **options):
        super().__init__()
        validation.count(every=every, projected=projected)
        self.x, self.log_dir = x, pathlib.Path(log_dir)
        self.every, self.labels, self.projected = every, labels, projected
        self.options, self.found, self._seen = options, None, None
        self._projector = importlib.import_module("tensorboard.plugins.projector")
        importlib.import_module("matplotlib")

    def on_train_begin(self, logs=None):
        self._writer = tf.summary.create_file_writer(str(self.log_dir))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._write(epoch)
        self._seen = epoch

    def on_train_end(self, logs=None):
        if self._seen is not None and (self._seen + 1) % self.every:
            self._write(self._seen)
        self._writer.close()

    def _write(self, epoch):
        self.found = diagnose(self.model, self.x, **self.options)
        q = self.model.encode(first(self.x, self.projected))
        with self._writer.as_default(epoch):
            for name, value in self.found.scalars().items():
                tf.summary.scalar(f"diagnosis/{name}", value)
            tf.summary.text("diagnosis/report", f"```\n{self.found}\n```")
            tf.summary.histogram("diagnosis/loc", q.loc)
            tf.summary.histogram("diagnosis/scale", q.scale)
            tf.summary.image("diagnosis/figure", _picture(self.found.plot())[None])
        self._writer.flush()
        self._project(np.asarray(q.loc))

    def _project(self, codes):
        """Codes and labels where the projector looks for them."""
        np.savetxt(self.log_dir / "codes.tsv", codes, "%.6g", "\t")
        config = self._projector.ProjectorConfig()
        embedding = config.embeddings.add()
        embedding.tensor_name, embedding.tensor_path = "codes", "codes.tsv"
        if self.labels is not None:
            names = [str(label).replace("\n", " ") for label in self.labels[: len(codes)]]
            (self.log_dir / "labels.tsv").write_text("\n".join(names) + "\n", "utf-8")
            embedding.metadata_path = "labels.tsv"
        self._projector.visualize_embeddings(str(self.log_dir), config)


def _picture(figure):
    """A figure as uint8 `[H, W, 4]`."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return tf.io.decode_png(file.getvalue(), channels=4)
