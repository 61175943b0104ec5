"""Diagnosis of the latent space of a trained VAE: numbers, figures and a verdict."""

from zoo.evaluation.diagnosis.callback import DiagnosisLogger
from zoo.evaluation.diagnosis.measure import diagnose
from zoo.evaluation.diagnosis.reconstruction import reconstruction_r2
from zoo.evaluation.diagnosis.result import Diagnosis
from zoo.evaluation.diagnosis.trivial import trivial_log_probs
from zoo.evaluation.diagnosis.verdict import VERDICTS, judge

__all__ = [
    "VERDICTS",
    "Diagnosis",
    "DiagnosisLogger",
    "diagnose",
    "judge",
    "reconstruction_r2",
    "trivial_log_probs",
]
