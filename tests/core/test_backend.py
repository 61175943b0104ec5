"""oneDNN: chosen before TensorFlow is imported, or a warning afterwards."""

import warnings

import numpy as np
import pytest

import zoo
from zoo.core import backend


@pytest.fixture
def late(monkeypatch, tmp_path):
    """TensorFlow was imported first, on a processor without AVX-512."""
    monkeypatch.setattr(backend, "_came_first", True)
    monkeypatch.setattr(backend, "_warned", False)
    monkeypatch.setattr(backend.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(backend, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.delenv(backend.ONEDNN, raising=False)
    (tmp_path / "cpuinfo").write_text("processor: 0\nflags\t: fpu avx avx2 fma\n")
    return tmp_path / "cpuinfo"


def test_fit_warns_once_with_the_remedy(late):
    vae = zoo.get("dense_vae", hidden=(4,), latent_dim=2)
    vae.compile(run_eagerly=True)
    x = np.zeros((4, 3), "float32")

    with pytest.warns(UserWarning, match="write `import zoo` before `import keras`"):
        vae.fit(x, verbose=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vae.fit(x, verbose=0)

    assert not [w for w in caught if "oneDNN" in str(w.message)]


@pytest.mark.parametrize("reason", ["order", "variable", "processor", "machine", "system"])
def test_no_warning_where_onednn_is_on_or_chosen(late, monkeypatch, reason):
    if reason == "order":
        monkeypatch.setattr(backend, "_came_first", False)
    elif reason == "variable":
        monkeypatch.setenv(backend.ONEDNN, "0")
    elif reason == "processor":
        late.write_text("flags\t: avx2 avx_vnni\n")
    elif reason == "machine":
        monkeypatch.setattr(backend.platform, "machine", lambda: "arm64")
    else:
        late.unlink()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        backend.warn_without_onednn()
