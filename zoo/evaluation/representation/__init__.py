"""Representation quality: accuracy of simple methods that predict classes from codes.

Four methods, all scored on held-out rows:

    linear       accuracy of logistic regression on codes in units of their standard deviations
    neighbours   accuracy of a majority vote of the 5 nearest training codes
    clusters     k-means on the training codes without labels, with as many clusters as classes.
                 Agreement of clusters and classes: the adjusted Rand index (ARI; Hubert and Arabie,
                 Comparing partitions, 1985) and the normalised mutual information (NMI, divided by
                 the mean of the two entropies). Both are 1 for identical partitions; by chance the
                 ARI is 0 and the NMI slightly above 0. Separation of the clusters: the silhouette
                 (Rousseeuw, Silhouettes, 1987), in [-1, 1]
    few labels   accuracy of the same logistic regression fitted to 10, 100, 1000 labels

Linear probes: Alain and Bengio, Understanding intermediate layers using linear classifier probes,
2016.
"""

from zoo.evaluation.representation.summary import (
    ProbeScores,
    RepresentationScores,
    score_features,
    scores,
)

__all__ = ["ProbeScores", "RepresentationScores", "score_features", "scores"]
