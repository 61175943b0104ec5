"""Anomaly statistics of each step of a series, in robust units of the series of `fit`.

Three statistics, for all channels together and for each channel:

- the surprise of windows of a period under a VAE, for changes of shape and of correlations;
- the surprise of short windows under another VAE, for changes within few steps;
- the squared mean of the steps of two periods, for changes of level, which a window whose shape is
  usual does not show, and which must not drown in the noise of all other directions.

Each is a number of robust standard deviations above its median in the series of `fit`, and the
anomaly score is the largest of them.
"""

import dataclasses

import numpy as np

from zoo.anomaly.series_windows import (
    Windows,
    centred_mean,
    mean_of_containing,
    trailing_mean,
)
from zoo.anomaly.window_vae import WindowModel

SHORT = 8  # steps
CHI_SQUARED_MEDIAN = 0.455  # of one degree of freedom
LEVEL_WINDOWS = 2
MANY = 50  # windows that do not overlap
HELD_OUT = 0.25  # of the steps
MIN_LEVEL_STD = 0.01  # of means, in standard deviations of the channel
# Of a statistic, in its standard deviations: most steps of a quantized series may have the same.
MIN_STD = 0.02
TINY = 1e-9


class SeriesStatistics:
    """Statistics of a series under models that were trained on it.

    Args:
        window: steps of a window.

    Attributes:
        models: a `WindowModel` of long windows and one of short windows.
        level, level_variance: median of each channel, and robust variance of its means over
            `LEVEL_WINDOWS` windows.
        units: kind of statistics, "centred" or "trailing" -> `Units`.
    """

    def __init__(self, window):
        self.window = window
        self.models = [WindowModel(Windows(steps)) for steps in (window, min(SHORT, window))]

    @property
    def min_steps(self):
        """Smallest number of steps that can be scored."""
        return self.models[0].windows.length

    @property
    def history(self):
        """Number of steps before a step on which its trailing statistics depend."""
        return max(LEVEL_WINDOWS * self.window, self.min_steps, self.window + SHORT)

    def fit(self, values, observed, settings):
        """Train the models on a series and learn the units; arguments as in `WindowModel.fit`."""
        for model in self.models:
            model.fit(values, observed, settings)
        self.level = np.median(values, 0)
        means = trailing_mean(values - self.level, LEVEL_WINDOWS * self.window)
        self.level_variance = np.median(means**2, 0) / CHI_SQUARED_MEDIAN + MIN_LEVEL_STD**2
        statistics = self._statistics(values, observed)
        self.units = {kind: Units.of(of_kind) for kind, of_kind in statistics.items()}
        return self

    def scores(self, values, observed):
        """Kind -> anomaly scores of steps, `[steps, 1 + channels]`: of all channels, and of each.

        Those of the kind "centred" are of windows around each step, and those of the kind
        "trailing" of windows that end there: the first `min_steps - 1` steps have the score of the
        step after them.

        Args:
            values, observed: as in `fit`, of any series of at least `min_steps` steps.
        """
        statistics = self._statistics(values, observed)
        scores = {kind: self.units[kind].largest(statistics[kind]) for kind in statistics}
        return scores | {"centred": centred_mean(scores["centred"], self.window)}

    def held_out_scores(self, values, observed, settings):
        """Scores of a part of the series by other models, which are trained on the rest of it.

        They are what scores of new normal steps are like. Those of the series of `fit` are smaller:
        its residuals are those of windows that the models were trained on. None for a series of
        `MANY` windows that do not overlap, which the models cannot memorise, and for one of fewer
        than three windows.
        """
        border = len(values) - max(int(HELD_OUT * len(values)), self.min_steps)
        if len(values) >= MANY * self.window or border < 2 * self.min_steps:
            return None
        parts = values[:border], observed[:border]
        other = SeriesStatistics(self.window).fit(*parts, settings)
        return other.scores(values[border:], observed[border:])

    def _statistics(self, values, observed):
        """Kind -> statistics `[statistics, steps, 1 + channels]`."""
        surprises = [model.surprises(values, observed) for model in self.models]
        return {
            "centred": self._centred(values, surprises),
            "trailing": self._trailing(values, surprises),
        }

    def _centred(self, values, surprises):
        long, short = (
            mean_of_containing(part, model.windows.length)
            for part, model in zip(surprises, self.models, strict=True)
        )
        level = centred_mean(values - self.level, LEVEL_WINDOWS * self.window)
        return np.stack([long, centred_mean(short, self.window), self._levels(level)])

    def _trailing(self, values, surprises):
        long, short = (
            np.pad(part, ((model.windows.length - 1, 0), (0, 0)), mode="edge")
            for part, model in zip(surprises, self.models, strict=True)
        )
        level = trailing_mean(values - self.level, LEVEL_WINDOWS * self.window)
        return np.stack([long, trailing_mean(short, self.window), self._levels(level)])

    def _levels(self, means):
        """Squared means in units of their variance; of all channels, the largest."""
        squares = means**2 / self.level_variance
        return np.concatenate([squares.max(1, keepdims=True), squares], 1)


@dataclasses.dataclass(frozen=True)
class Units:
    """Median and robust standard deviation of statistics, `[statistics, 1, columns]` each."""

    median: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, statistics):
        """Units of the statistics `[statistics, steps, columns]` of the series of `fit`."""
        median = np.median(statistics, 1, keepdims=True)
        std = 1.4826 * np.median(np.abs(statistics - median), 1, keepdims=True)
        std = np.maximum(std, MIN_STD * statistics.std(1, keepdims=True))
        return cls(median, std + TINY * (1 + np.abs(median)))

    def largest(self, statistics):
        """The largest statistic of each step and column in these units, `[steps, columns]`."""
        return ((statistics - self.median) / self.std).max(0)
