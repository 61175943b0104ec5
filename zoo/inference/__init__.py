"""InferenceMethods of a trained VAE."""
