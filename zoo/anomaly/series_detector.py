"""Outlier detector of the steps of a time series, with scikit-learn's interface."""

# ruff: noqa: N803  (X is scikit-learn's name for the data)

from typing import Any, Self

import numpy as np

from zoo.anomaly.series_period import has_trend, trailing_median, window_length
from zoo.anomaly.series_statistics import SeriesStatistics
from zoo.anomaly.series_values import as_series, standard_units
from zoo.anomaly.series_windows import filled
from zoo.core import validation
from zoo.core.argument_values import is_integer, is_real
from zoo.core.estimators import unchanged_on_error

try:
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils.validation import check_is_fitted
except ModuleNotFoundError as error:
    raise ImportError(
        f"zoo.SeriesDetector needs {error.name}: pip install 'zoo-vae[recipes]'"
    ) from error

MIN_STEPS = 32
MIN_WINDOW = 4
TREND_WINDOWS = 4  # length of the median that is subtracted from channels with a trend
FARTHEST = 1e4  # in standard deviations; values beyond it count as this far


class SeriesDetector(OutlierMixin, BaseEstimator):
    """Outlier detector of the steps of one time series, with one or several channels.

    It learns the period of the series and trains two VAEs on its windows, of one period and of
    eight steps. The score of a step is the largest of three statistics, each in robust standard
    deviations from its median in the series of `fit`: the surprises of the windows around it under
    either VAE, and the mean of the steps around it. See `zoo.anomaly.series_statistics`.

    Args:
        window: steps of a window; None for a whole period, or several short ones.
        detrend: whether to subtract the median of the last four windows from each channel. "auto"
            does so in channels that move away from where they were throughout the series.
        latent_dim: latent dimensions of both VAEs.
        contamination: fraction of the steps of `fit` that count as anomalies, in [0, 0.5]; 0 for a
            series without any.
        epochs: passes over the windows; None for about 800 steps of the optimizer.
        batch_size: windows in a training step.
        random_state: an integer makes training reproducible.
        verbose: as in `keras.Model.fit`.

    Attributes:
        window_: steps of a window.
        trend_: bool `[channels]`, the channels from which a trend is subtracted.
        statistics_: `SeriesStatistics`; `statistics_.models[0].vae` is the VAE of whole periods.
        decision_scores_: anomaly scores `[steps]` of the series of `fit`, `-score_samples(X)`.
        threshold_: their `1 - contamination` quantile. Both are PyOD's names and its sign.
        offset_: threshold of `score_samples`; `predict` returns -1 for lower scores. Residuals of
            new steps are larger than those of the steps that the models were trained on, so in
            series of fewer than 50 windows it is that of held-out steps if that is lower.
        partial_offset_: the same for `score_partial`.
        n_features_in_: number of channels.

    Scores are higher for more normal steps, as in scikit-learn. NaN is a gap.
    """

    def __init__(
        self,
        *,
        window: int | None = None,
        detrend: bool | str = "auto",
        latent_dim: int = 32,
        contamination: float = 0.1,
        epochs: int | None = None,
        batch_size: int = 128,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | str = 0,
    ):
        self.window = window
        self.detrend = detrend
        self.latent_dim = latent_dim
        self.contamination = contamination
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on a series `[steps]` or `[steps, channels]` without labels; y is ignored.

        Raises:
            TypeError, ValueError: an argument or X is invalid; the detector is as it was.
        """
        del y
        self._check_arguments()
        with unchanged_on_error(self):
            values, self._names = as_series(X)
            self._learn_units(values)
            units, observed = self._in_units(values)
            self.statistics_ = SeriesStatistics(self.window_).fit(units, observed, self)
            self._history = values[-self._history_steps :]
            scores = self.statistics_.scores(units, observed)
            self.decision_scores_ = scores["centred"][:, 0]
            self.threshold_ = self._threshold(scores["centred"])
            held_out = self.statistics_.held_out_scores(units, observed, self)
            limits = (
                -max(self._threshold(part[kind]) for part in (scores, held_out or scores))
                for kind in ("centred", "trailing")
            )
            self.offset_, self.partial_offset_ = limits
        return self

    def fit_predict(self, X: Any, y: Any = None) -> np.ndarray:
        """Labels of the steps of the series of `fit`, by `threshold_`: 1, or -1 for anomalies.

        `predict` is for other series.
        """
        return np.where(self.fit(X, y).decision_scores_ > self.threshold_, -1, 1)

    def score_samples(self, X: Any) -> np.ndarray:
        """Score of each step, `[steps]`, from the windows around it; higher is more normal.

        Raises:
            ValueError: X has fewer steps than a window, or other channels than the series of `fit`.
        """
        return -self._centred(X)[:, 0]

    def feature_scores(self, X: Any) -> np.ndarray:
        """Scores of single channels, `[steps, channels]`; higher is more normal."""
        return -self._centred(X)[:, 1:]

    def decision_function(self, X: Any) -> np.ndarray:
        """Score minus the threshold, `score_samples(X) - offset_`, `[steps]`."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Predict labels, int `[steps]`: 1 for normal steps, -1 for anomalies."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def score_partial(self, X: Any) -> np.ndarray:
        """Score of new steps, `[steps]`, which follow those of `fit` and of the last such call.

        Scores are those of windows that end at each step, so that they are final as soon as the
        step is there. Compare them with `partial_offset_`.
        """
        check_is_fitted(self)
        values = self._values(X)
        joined = np.concatenate([self._history, values])
        scores = self.statistics_.scores(*self._in_units(joined))["trailing"][:, 0]
        self._history = joined[-self._history_steps :]
        return -scores[-len(values) :]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.one_d_array = True
        return tags

    @property
    def _history_steps(self):
        """Number of the last steps of which `score_partial` needs the values."""
        trend = TREND_WINDOWS * self.window_ if self.trend_.any() else 0
        return self.statistics_.history + trend

    def _learn_units(self, values):
        """Set the attributes that depend on no model."""
        self.n_features_in_ = values.shape[1]
        if len(values) < MIN_STEPS:
            raise ValueError(f"X must have at least {MIN_STEPS} steps, got {len(values)}")
        if (empty := np.isnan(values).all(0)).any():
            raise ValueError(
                "X must hold an observed value in each channel, got none in channel "
                f"{self._name(int(np.argmax(empty)))}: leave it out"
            )
        median = np.nanmedian(values, 0)
        complete, _ = filled(values, median)
        self.window_ = window_length(complete, self.window)
        if self.window_ > len(values) // 2:
            raise ValueError(
                f"window must be at most half of the series of {len(values)} steps, got "
                f"{self.window_}"
            )
        automatic = self.detrend == "auto"
        none = np.full(values.shape[1], bool(self.detrend))
        self.trend_ = has_trend(complete, self.window_) if automatic else none
        self._centre, self._scale = np.zeros(values.shape[1]), np.ones(values.shape[1])
        self._default = median
        self._centre, self._scale = standard_units(self._without_trend(complete))

    def _in_units(self, values):
        """Values in standard units, without trends and gaps, and the mask of observed values."""
        complete, observed = filled(values, self._default)
        units = (self._without_trend(complete) - self._centre) / self._scale
        return np.clip(units, -FARTHEST, FARTHEST), observed

    def _without_trend(self, complete):
        if not self.trend_.any():
            return complete
        median = trailing_median(complete, TREND_WINDOWS * self.window_)
        return np.where(self.trend_, complete - median, complete)

    def _centred(self, x):
        """Anomaly scores of all channels and of each, `[steps, 1 + channels]`."""
        check_is_fitted(self)
        values = self._values(x)
        needed = self.statistics_.min_steps
        if len(values) < needed:
            raise ValueError(
                f"X must have at least {needed} steps, those of a window, got {len(values)}: "
                "score_partial scores single steps that follow those of fit"
            )
        return self.statistics_.scores(*self._in_units(values))["centred"]

    def _values(self, x):
        """The series `[steps, channels]`, with the channels of `fit`."""
        values, names = as_series(x)
        if values.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X must have the {self.n_features_in_} channels of fit, got {values.shape[1]}"
            )
        if None not in (names, self._names) and names != self._names:
            raise ValueError(
                f"X must have the columns of fit, {self._names}, in their order, got {names}"
            )
        return values

    def _name(self, channel):
        return str(channel) if self._names is None else repr(self._names[channel])

    def _threshold(self, scores):
        """Anomaly score of all channels that a fraction `contamination` of the steps exceeds."""
        return float(np.quantile(scores[:, 0], 1 - self.contamination))

    def _check_arguments(self):
        validation.check_optional_counts(epochs=self.epochs)
        validation.check_counts(batch_size=self.batch_size, latent_dim=self.latent_dim)
        fraction = self.contamination
        if not is_real(fraction) or not 0 <= fraction <= 0.5:
            raise ValueError(f"contamination must be a fraction in [0, 0.5], got {fraction!r}")
        if self.window is not None and (not is_integer(self.window) or self.window < MIN_WINDOW):
            raise ValueError(
                f"window must be None or an integer of at least {MIN_WINDOW}, got {self.window!r}"
            )
        if not validation.is_text(self.detrend, "auto") and not isinstance(
            self.detrend, (bool, np.bool_)
        ):
            raise ValueError(f"detrend must be True, False or 'auto', got {self.detrend!r}")
