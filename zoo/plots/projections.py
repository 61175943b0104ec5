"""From many latent dimensions to a plane."""

import importlib

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

MIN = 5


def plane(codes, projection="pca", seed=0):
    """Points `[N, 2]` and the names of their two axes.

    Args:
        codes: `[N, D]`; of one or two dimensions they are drawn as they are.
        projection: a name of `PROJECTIONS`, or points `[N, 2]` that were made elsewhere.
        seed: of the projections that draw.
    """
    if not isinstance(projection, str):
        return projection, ("first axis of the embedding", "second axis of the embedding")
    if codes.shape[1] == 1:
        return np.concatenate([codes, np.zeros_like(codes)], 1), ("$z_0$", "")
    if codes.shape[1] == 2 or len(codes) < 2:  # one point has no components
        return codes[:, :2], ("$z_0$", "$z_1$")
    return PROJECTIONS[projection](codes, seed)


def checked(projection, rows):
    """A name of `PROJECTIONS`, or finite points `[rows, 2]`."""
    if isinstance(projection, str):
        if projection in PROJECTIONS:
            return projection
    elif np.shape(projection) == (rows, 2):
        points = np.asarray(projection, "float64")
        if np.isfinite(points).all():
            return points
        raise ValueError("projection must be finite points, got NaN or infinity in it")
    names = ", ".join(map(repr, PROJECTIONS))
    got = repr(projection) if isinstance(projection, str) else f"shape {np.shape(projection)}"
    raise ValueError(f"projection must be one of {names} or points of shape ({rows}, 2), got {got}")


def _principal(codes, seed):
    """The two directions in which the codes vary most."""
    # Codes that are all the same have no variance to divide up, which is worth no warning.
    with np.errstate(invalid="ignore"):
        pca = PCA(2, svd_solver="full").fit(codes)
    shares = np.nan_to_num(pca.explained_variance_ratio_)
    names = [f"principal component {i + 1} ({shares[i]:.0%} of the variance)" for i in (0, 1)]
    return pca.transform(codes), names


def _tsne(codes, seed):
    """Van der Maaten and Hinton, Visualizing data using t-SNE, 2008."""
    _enough(codes, "tsne")
    perplexity = min(30.0, (len(codes) - 1) / 3)  # it must be below the number of codes
    tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
    # Threads that wait for one another cost more than they bring for so few points.
    with threadpool_limits(1, "openmp"):
        points = tsne.fit_transform(codes)
    return points, _unitless("t-SNE")


def _umap(codes, seed):
    """McInnes et al., UMAP: uniform manifold approximation and projection, 2018."""
    try:
        library = importlib.import_module("umap")  # nobody else needs it, and it takes seconds
    except ModuleNotFoundError as error:
        raise ImportError("projection='umap' needs umap-learn: pip install umap-learn") from error
    _enough(codes, "umap")
    near = min(15, len(codes) - 1)
    # With a seed it runs on one core, and warns unless that was asked for.
    umap = library.UMAP(n_neighbors=near, random_state=seed, n_jobs=1)
    return umap.fit_transform(codes), _unitless("UMAP")


def _enough(codes, name):
    """Raise where there are too few codes to tell who is near whom."""
    different = len(np.unique(codes, axis=0))
    if different < MIN:
        raise ValueError(f"projection={name!r} needs {MIN} different codes, got {different}")


def _unitless(name):
    return f"{name} 1 (no unit; how far apart groups are says nothing)", f"{name} 2 (no unit)"


PROJECTIONS = {"pca": _principal, "tsne": _tsne, "umap": _umap}
