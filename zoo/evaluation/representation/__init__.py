"""What codes are good for: how well simple methods find classes in them.

Four questions, all answered on rows that were held out:

    linear       accuracy of logistic regression on codes in units of their standard deviations
    neighbours   accuracy of a vote of the 5 nearest training codes
    clusters     k-means on the training codes, as many clusters as there are classes, without a
                 label: how well clusters agree with classes, by the adjusted Rand index (Hubert and
                 Arabie, Comparing partitions, 1985; ARI) and the normalised mutual information
                 (NMI; over the mean of the two entropies), both 1 for the same partition and 0 for
                 chance (NMI: a little more); and how well they stand apart, the silhouette
                 (Rousseeuw, Silhouettes, 1987), in [-1, 1]
    few labels   accuracy of the same logistic regression fitted to 10, 100, 1000 labels

Linear probes: Alain and Bengio, Understanding intermediate layers using linear classifier probes,
2016.
"""

from zoo.evaluation.representation.summary import Row, Scores, score_features, scores

__all__ = ["Row", "Scores", "score_features", "scores"]
