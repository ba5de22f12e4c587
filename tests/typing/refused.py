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
ac.Dense(10.5)  # error
ac.LSTM(3.5)  # error
ac.Conv2D(8, 2.5)  # error
ac.Conv2D(8, 3, strides=1.5)  # error
ac.Conv2D(8, 3, padding="sam")  # error
ac.Conv2D(8, 3, padding=1.5)  # error
ac.MaxPooling2D(2, padding="vaild")  # error
ac.Embedding(10.5, 3)  # error
ac.MultiHeadAttention(2.5, 3)  # error
ac.Repeat(ac.Dense(3), 2.5)  # error
ac.Sequential([ac.Dense(3)], input_shape=(2.5,))  # error
ac.Input((2.5, 3))  # error
ac.Formula("k**2")(k=2.5)  # error
ac.Sequential([ac.Dense("n")], input_shape=3).trace().parameters(n=[1])  # error
