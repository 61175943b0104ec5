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
        centred, trailing: `Units` of both kinds of statistics.
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
        surprises = self._surprises(values, observed)
        self.centred = Units.of(self._centred(values, surprises))
        self.trailing = Units.of(self._trailing(values, surprises))
        return self

    def centred_scores(self, values, observed):
        """Anomaly scores of each step from windows around it, `[steps, 1 + channels]`.

        The first column is that of all channels.
        """
        surprises = self._surprises(values, observed)
        scores = self.centred.largest(self._centred(values, surprises))
        return centred_mean(scores, self.window)

    def trailing_scores(self, values, observed):
        """As `centred_scores`, from windows that end at each step.

        The first `min_steps - 1` steps have the score of the step after them.
        """
        surprises = self._surprises(values, observed)
        return self.trailing.largest(self._trailing(values, surprises))

    def _surprises(self, values, observed):
        """Surprises of the windows of both models, `[windows, 1 + channels]` each."""
        surprises = []
        for model in self.models:
            squares, codes = model.surprises(values, observed)
            # What is not observed counts as an average residual.
            squares = np.where(np.isnan(squares), model.windows.points, squares)
            surprises.append(np.concatenate([(squares.sum(1) + codes)[:, None], squares], 1))
        return surprises

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
