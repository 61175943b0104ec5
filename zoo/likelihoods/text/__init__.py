"""Likelihood of texts."""
