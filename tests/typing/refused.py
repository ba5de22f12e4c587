"""What type checkers refuse; each line marked so must be an error, and no other."""

from __future__ import annotations

import archcalc as ac

ac.Conv2D(8)  # error
ac.Conv2D(8, 3, kernel=2)  # error
ac.Conv2D(8, 3, activation="rely")  # error
ac.Conv2D(8, 3, use_bias="no")  # error
ac.Dense(10, name=3)  # error
ac.Sequential([3])  # error
ac.Dropout("half")  # error
