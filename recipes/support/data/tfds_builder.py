"""Builder of a TensorFlow Datasets (TFDS) data set by its name, with errors for users."""

import difflib

from support.run.cli import InputError, as_input_error, first_line


def tfds_builder(name, data_dir):
    """Builder of a TFDS data set; prepares or downloads the data where they are missing.

    Args:
        name: "mnist", or with a configuration "wine_quality/red".
        data_dir: the folder of TFDS' data, or None for its default.
    """
    try:
        return _builder(name, data_dir)
    except ImportError as error:  # TFDS imports parts when they are used
        raise InputError(
            "--dataset",
            f"needs the package {error.name or first_line(error)}: pip install "
            f"{error.name or 'tensorflow-datasets'}",
        ) from error


def _builder(name, data_dir):
    import tensorflow_datasets as tfds

    if data_dir is not None and not data_dir.is_dir():
        raise InputError("--data-dir", f"expected an existing folder, got {data_dir}")
    if not name.strip():
        raise InputError("--dataset", f"expected a name of TFDS, got {name!r}")
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        close = difflib.get_close_matches(name.split("/")[0], known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError("--dataset", f"expected a name of TFDS, got {name!r}{hint}") from error
    except (ValueError, RuntimeError, AssertionError) as error:  # unknown configuration, version
        raise InputError("--dataset", first_line(error)) from error
    # An AssertionError says what to put into TFDS' manual_dir.
    with as_input_error("--dataset", OSError, AssertionError, tfds.download.DownloadError):
        builder.download_and_prepare()
    return builder
