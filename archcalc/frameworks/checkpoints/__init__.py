"""Checkpoints: what their headers say, held against a network, tensor by tensor."""

from archcalc.frameworks.checkpoints.verifying import Verification, verify

__all__ = ["Verification", "verify"]
