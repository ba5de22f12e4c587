"""Every error archcalc raises on purpose, and the warnings it gives.

>>> from archcalc.errors import ShapeError
>>> ShapeError.default_code
'shape-mismatch'
"""

from archcalc.symbolic.errors import *
from archcalc.symbolic.errors import __all__ as __all__
