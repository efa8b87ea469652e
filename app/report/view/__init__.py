"""What is shown: an `Assessment` put into words, in one language, nothing left to decide.

Templates only place what is here. Everything is text or numbers; nothing here is HTML, and a chart
is its numbers, so that a page may draw it and a mail may lay it out as a table.
"""

from app.report.view.findings import FindingsView, FindingView
from app.report.view.page import ReportView, build_view

__all__ = ["FindingView", "FindingsView", "ReportView", "build_view"]
