"""Formulas over many configurations at once: compiled, swept over grids, kept as tables."""
