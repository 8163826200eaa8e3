"""What the notebooks of "RAG or Fine-Tuning?" import.

Importing this package is quick: torch, transformers and sentence-transformers are imported by the
functions that need them.
"""

from coursekit.drive import keep_on_drive
from coursekit.exercises import check, hint, progress, show_source
from coursekit.figures import figure
from coursekit.language import set_language, t
from coursekit.preflight import preflight
from coursekit.records import record
from coursekit.setup import setup

__all__ = [
    "check",
    "figure",
    "hint",
    "keep_on_drive",
    "preflight",
    "progress",
    "record",
    "set_language",
    "setup",
    "show_source",
    "t",
]
