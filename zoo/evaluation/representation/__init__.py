"""Representation quality: accuracy of simple methods that predict classes from codes.

Four methods, all scored on held-out rows:

    linear       accuracy of logistic regression on codes in units of their standard deviations
    neighbours   accuracy of a majority vote of the 5 nearest training codes
    clusters     k-means on the training codes without labels, with as many clusters as classes:
                 agreement of clusters and classes by the adjusted Rand index (Hubert and Arabie,
                 Comparing partitions, 1985; ARI) and the normalised mutual information (NMI; over
                 the mean of the two entropies), both 1 for the same partition and 0 for chance
                 (NMI: slightly more); and separation of the clusters, the silhouette (Rousseeuw,
                 Silhouettes, 1987), in [-1, 1]
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
