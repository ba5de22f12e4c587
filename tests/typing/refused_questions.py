"""What type checkers refuse in questions and networks; as in `refused.py`."""

from __future__ import annotations

import archcalc as ac

formula = ac.Formula("f*n")
formula.solve("n", at_most=[10])  # error
formula.invert()  # error
formula.assume(n=8)  # error
ac.crossover(formula, formula)  # error
ac.search(formula, f=[1])  # error
ac.search(maximise=formula, f=3, subject_to=3)  # error
table = ac.sweep(formula, f=[1, 2], n=3)
table.top("macs", 3)  # error
table.best("f", largest="yes")  # error
table.wher("f > 1")  # error
ac.compare(formula, formula)  # error
ac.Repeat(ac.ReLU(), times=2, indices="i")  # error
ac.Ladder(ac.ReLU(), ac.ReLU())  # error
ac.Residual(3)  # error
ac.families.resnet(depth=(2, 2))  # error
ac.loads(3)  # error
ac.nothing_of_this_name()  # error
