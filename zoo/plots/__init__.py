"""Figures of training curves, examples, codes and scores, drawn with matplotlib.

Every function takes plain arrays and returns a `matplotlib.figure.Figure`, or for an animation a
`Loop`. Nothing is shown and no global state is changed, so no display is needed:
`zoo.plots.samples(x).savefig("s.png")`. Only this package draws with matplotlib.
"""

from zoo.plots.animation import Loop, traversal_animation
from zoo.plots.canvas import PALETTE
from zoo.plots.diagnosis import diagnosis, kl_per_dimension, posterior_histograms
from zoo.plots.explanation import explanation
from zoo.plots.images import interpolations, levels, manifold, reconstructions, samples, traversals
from zoo.plots.latent import MAX_POINTS, latent_scatter
from zoo.plots.multimodal import modality_scatter, score_table, side_by_side
from zoo.plots.series import MAX_CHANNELS, series, series_samples
from zoo.plots.spectra import series_spectra
from zoo.plots.synthetic import table_similarity
from zoo.plots.tables import MAX_COLUMNS, column_surprise, marginals, score_histogram
from zoo.plots.training import training_curves
from zoo.plots.uncertainty import uncertainty

__all__ = [
    "MAX_CHANNELS",
    "MAX_COLUMNS",
    "MAX_POINTS",
    "PALETTE",
    "Loop",
    "column_surprise",
    "diagnosis",
    "explanation",
    "interpolations",
    "kl_per_dimension",
    "latent_scatter",
    "levels",
    "manifold",
    "marginals",
    "modality_scatter",
    "posterior_histograms",
    "reconstructions",
    "samples",
    "score_histogram",
    "score_table",
    "series",
    "series_samples",
    "series_spectra",
    "side_by_side",
    "table_similarity",
    "training_curves",
    "traversal_animation",
    "traversals",
    "uncertainty",
]
