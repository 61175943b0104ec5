"""What a trained VAE makes of its latent space: numbers, pictures, a verdict."""

from zoo.diagnosis.callback import DiagnosisLogger
from zoo.diagnosis.measure import diagnose
from zoo.diagnosis.report import Diagnosis
from zoo.diagnosis.verdict import VERDICTS, judge

__all__ = ["VERDICTS", "Diagnosis", "DiagnosisLogger", "diagnose", "judge"]
