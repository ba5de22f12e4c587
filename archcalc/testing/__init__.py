"""What other projects' tests need: random valid layers and networks, and frameworks as oracles.

Hypothesis comes with ``pip install 'archcalc[testing]'``; a framework is imported only by an oracle
that asks it.
"""

from archcalc.testing.networks import networks
from archcalc.testing.oracles import Seen, shapes_in_keras, shapes_in_torch
from archcalc.testing.strategies import layers, shapes

__all__ = ["Seen", "layers", "networks", "shapes", "shapes_in_keras", "shapes_in_torch"]
