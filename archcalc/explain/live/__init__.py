"""Pages and widgets whose numbers move."""

from archcalc.explain.live.report import Report, report

__all__ = ["Report", "report"]
