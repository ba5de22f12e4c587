"""Pages and widgets whose numbers move."""

from archcalc.explain.live.live_page import Report, report
from archcalc.explain.live.notebook_widget import widget

__all__ = ["Report", "report", "widget"]
