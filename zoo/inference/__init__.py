"""Queries of a trained VAE."""
