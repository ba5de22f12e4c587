"""Formulas as programs on whole arrays: exact in 64 bits where that is proved, else beyond."""
