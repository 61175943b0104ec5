"""Utility of a synthetic table: a model trained on it and tested on real rows."""

import importlib

import numpy as np

MAX_ROWS = 20_000  # to train on
TREES = 200


def utility(train, test, target, seed):
    """Score on `test` of a random forest trained on `train`.

    Args:
        train, test: lists of `Values`, the same columns.
        target: name of the column to predict.
        seed: seed of the forest and of the choice of rows.

    Returns:
        For a category the area under the ROC curve, averaged over the classes of `test`, each
        against the others; for a number R^2.
    """
    ensemble = importlib.import_module("sklearn.ensemble")
    x, y, is_number = _features(train, target)
    rows = ~np.isnan(y)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(rows))[:MAX_ROWS]
    x, y = x[chosen], y[chosen]
    x_test, y_test, _ = _features(test, target)
    rows = ~np.isnan(y_test)
    x_test, y_test = x_test[rows], y_test[rows]
    if is_number:
        forest = ensemble.RandomForestRegressor(TREES, min_samples_leaf=2, random_state=seed)
        return float(forest.fit(x, y).score(x_test, y_test))
    forest = ensemble.RandomForestClassifier(TREES, min_samples_leaf=2, random_state=seed)
    forest.fit(x, y)
    return _auroc(forest.predict_proba(x_test), forest.classes_, y_test)


def _features(values, target):
    """(features `[N, columns]`, target `[N]`, whether it is a number)."""
    features = [v.values for v in values if v.name != target]
    (column,) = (v for v in values if v.name == target)
    return np.stack(features, 1), column.values, column.is_number


def _auroc(probabilities, classes, y):
    """Mean area under the ROC curve of the classes of y; 0.5 of a class that is not predicted."""
    metrics = importlib.import_module("sklearn.metrics")
    areas = []
    for value in np.unique(y):
        at = np.flatnonzero(classes == value)
        score = probabilities[:, at[0]] if len(at) else np.zeros(len(y))
        areas.append(metrics.roc_auc_score(y == value, score))
    return float(np.mean(areas[-1:] if len(areas) == 2 else areas))
