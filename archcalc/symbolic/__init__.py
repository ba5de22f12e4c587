from archcalc.symbolic.symbols import symbol, symbols
from archcalc.symbolic.division import *
