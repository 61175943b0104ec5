"""Autocorrelation and spectrum of series, against NumPy; their figure."""

import numpy as np
import pytest

from tests.plots.figures import texts

plots = pytest.importorskip("zoo.plots", reason="needs matplotlib and scikit-learn")
spectra = pytest.importorskip("zoo.plots.spectra", reason="needs matplotlib")
autocorrelation, spectrum = spectra.autocorrelation, spectra.spectrum


def moving_average(n=4000, steps=12, seed=0):
    """Series x_t = e_t + e_(t-1), whose neighbours have the correlation 0.5."""
    noise = np.random.default_rng(seed).normal(size=(n, steps + 1, 2))
    return noise[:, 1:] + noise[:, :-1]


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_autocorrelation_is_that_of_the_process(gaps):
    x = moving_average()
    x[np.random.default_rng(1).random(x.shape) < gaps] = np.nan

    np.testing.assert_allclose(autocorrelation(x)[:4, 0], [1, 0.5, 0, 0], atol=0.03)


@pytest.mark.parametrize("steps", [2, 11, 12])
def test_spectrum_is_the_mean_periodogram(steps):
    x = moving_average(n=50, steps=steps)
    expected = np.abs(np.fft.rfft(x - x.mean((0, 1)), axis=1)) ** 2 / steps

    np.testing.assert_allclose(spectrum(x), expected.mean(0), rtol=1e-6, atol=1e-6)


def test_a_constant_channel_has_finite_curves():
    x = np.ones((3, 6, 1))

    assert np.isfinite(autocorrelation(x)).all() and np.isfinite(spectrum(x)).all()


def test_the_figure_has_both_curves_of_each_channel():
    real, generated = moving_average(20), moving_average(30, seed=1)

    figure = plots.series_spectra(real, generated, ["a", "b"])

    assert [axes.get_ylabel() for axes in figure.axes] == ["a", "", "b", ""]
    assert figure.axes[2].get_xlabel() == "lag, steps"
    (legend,) = figure.legends
    assert texts(legend.get_texts()) == ["real", "generated"]
    for i, axes in enumerate(figure.axes[::2]):
        for line, x in zip(axes.get_lines(), (real, generated), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), autocorrelation(x)[:, i])


@pytest.mark.parametrize(
    ("real", "generated", "message"),
    [
        (np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), "real must be series of at least 2 steps"),
        (np.zeros((2, 4, 1)), np.zeros((2, 4, 2)), "generated must have shape"),
    ],
)
def test_unusable_series_are_refused(real, generated, message):
    with pytest.raises(ValueError, match=message):
        plots.series_spectra(real, generated)
