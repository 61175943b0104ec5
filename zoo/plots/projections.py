"""Projections of latent codes to a plane."""

import importlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from zoo.core.arrays import as_array

MIN_CODES = 5


def project(codes, projection="pca", seed=0):
    """Project codes to a plane: points `[N, 2]` and the names of the two axes.

    Args:
        codes: `[N, D]`; codes of one or two dimensions are returned as they are.
        projection: a name of `PROJECTIONS`, or points `[N, 2]` of any other embedding.
        seed: random seed of the projections that need one.
    """
    if not isinstance(projection, str):
        return projection, ("first axis of the embedding", "second axis of the embedding")
    if codes.shape[1] == 1:
        return np.concatenate([codes, np.zeros_like(codes)], 1), ("$z_0$", "")
    if codes.shape[1] == 2 or len(codes) < 2:  # one point has no principal components
        return codes[:, :2], ("$z_0$", "$z_1$")
    return PROJECTIONS[projection](codes, seed)


def check_projection(projection, size):
    """Return a name of `PROJECTIONS`, or points `[size, 2]` as an array.

    Raises:
        ValueError: the name is unknown, or the points are not finite or of another shape.
    """
    if isinstance(projection, str):
        if projection in PROJECTIONS:
            return projection
        got = repr(projection)
    else:
        points = as_array(projection, "projection")
        if points.dtype.kind in "biuf" and points.shape == (size, 2):
            if np.isfinite(points).all():
                return points.astype("float64")
            raise ValueError("projection must be finite points, got NaN or infinity in it")
        got = f"shape {points.shape} of dtype {points.dtype}"
    names = ", ".join(map(repr, PROJECTIONS))
    raise ValueError(f"projection must be one of {names} or points of shape ({size}, 2), got {got}")


def _pca(codes, seed):
    """Project to the two directions of largest variance."""
    del seed
    # Identical codes have no variance, and scikit-learn would divide by it.
    with np.errstate(invalid="ignore"):
        pca = PCA(2, svd_solver="full").fit(codes)
    fractions = np.nan_to_num(pca.explained_variance_ratio_)
    names = [f"principal component {i + 1} ({fractions[i]:.0%} of the variance)" for i in (0, 1)]
    return pca.transform(codes), names


def _tsne(codes, seed):
    """Project by t-SNE: van der Maaten and Hinton, Visualizing data using t-SNE, 2008."""
    _check_distinct(codes, "tsne")
    perplexity = min(30.0, (len(codes) - 1) / 3)  # must be below the number of codes
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
    # With so few points several threads are slower than one.
    with threadpool_limits(1, "openmp"):
        points = tsne.fit_transform(codes)
    return points, _unitless("t-SNE")


def _umap(codes, seed):
    """Project by UMAP: McInnes et al., Uniform manifold approximation and projection, 2018."""
    try:
        library = importlib.import_module("umap")  # optional, and its import takes seconds
    except ModuleNotFoundError as error:
        raise ImportError("projection='umap' needs umap-learn: pip install umap-learn") from error
    _check_distinct(codes, "umap")
    neighbour_count = min(15, len(codes) - 1)
    # A seed restricts UMAP to one core; without n_jobs=1 it warns about that.
    umap = library.UMAP(n_neighbors=neighbour_count, random_state=seed, n_jobs=1)
    return umap.fit_transform(codes), _unitless("UMAP")


def _check_distinct(codes, name):
    """Raise `ValueError` if there are too few distinct codes for a projection by neighbours."""
    count = len(np.unique(codes, axis=0))
    if count < MIN_CODES:
        raise ValueError(
            f"codes must have at least {MIN_CODES} distinct rows for projection={name!r}, "
            f"got {count}: use projection='pca'"
        )


def _unitless(name):
    """Axis names of a projection whose distances have no unit."""
    return f"{name} 1 (no unit; distances between groups have no meaning)", f"{name} 2 (no unit)"


PROJECTIONS = {"pca": _pca, "tsne": _tsne, "umap": _umap}
