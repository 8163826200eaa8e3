"""What the notebooks of "RAG or Fine-Tuning?" import.

Importing this package is quick: torch, transformers and sentence-transformers are imported by the
functions that need them.
"""

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
    "preflight",
    "progress",
    "record",
    "set_language",
    "setup",
    "show_source",
    "t",
]
