"""Variants: functions that assemble a `VAE`, one file for each kind of data; their catalogue."""
