"""Training: data, optimizer steps, optimizers, corruptions."""
