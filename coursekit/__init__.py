"""What the notebooks of "RAG or Fine-Tuning?" import.

Importing this package is quick: torch, transformers and sentence-transformers are imported by the
functions that need them.
"""

import os
import sys

if sys.platform == "darwin":
    # On macOS, torch and faiss each bring an OpenMP library of their own. The second one to be
    # loaded ends the process, and two that both start threads can crash it.
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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
