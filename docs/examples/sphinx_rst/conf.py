"""A small project in reStructuredText whose numbers are worked out when it is built."""

project = "Convolutions"
extensions = ["archcalc.sphinxext"]
