"""Small torch modules, for what torch has as a function or not at all.

Importing this package imports torch; it is itself imported only when a torch module is built.
"""

from archcalc.frameworks.torch_modules.activations import *
from archcalc.frameworks.torch_modules.adapters import *
from archcalc.frameworks.torch_modules.arithmetic import *
from archcalc.frameworks.torch_modules.attention import *
from archcalc.frameworks.torch_modules.core import *
from archcalc.frameworks.torch_modules.embedding import *
from archcalc.frameworks.torch_modules.merging import *
from archcalc.frameworks.torch_modules.net import *
from archcalc.frameworks.torch_modules.noise import *
from archcalc.frameworks.torch_modules.operations import *
from archcalc.frameworks.torch_modules.pooling import *
from archcalc.frameworks.torch_modules.recurrent import *
from archcalc.frameworks.torch_modules.rescaling import *
from archcalc.frameworks.torch_modules.shapes import *
