"""A small project in MyST Markdown whose numbers are worked out when it is built."""

project = "Convolutions"
extensions = ["myst_parser", "archcalc.sphinxext"]
