"""Pages and widgets whose numbers move."""

from archcalc.explain.live.report import Report, report
from archcalc.explain.live.widget import widget

__all__ = ["Report", "report", "widget"]
