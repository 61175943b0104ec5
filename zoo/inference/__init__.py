"""Inference methods of a trained VAE."""
