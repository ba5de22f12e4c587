"""Exact optima over integer ranges, without a table of all configurations."""
