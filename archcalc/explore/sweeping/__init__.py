"""Formulas over grids of configurations, kept as tables that are asked, drawn and exported."""
