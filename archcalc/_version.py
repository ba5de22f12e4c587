"""The version of archcalc, said here and nowhere else."""

__version__ = "0.2.0"
