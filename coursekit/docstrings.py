"""A larger corpus of real text: the docstrings of installed packages, read without importing them.

Lesson 04 needs ten thousand real passages, and every machine that runs the course has them: the
packages that the course itself stands on. Their texts are read where they lie and copied nowhere.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from coursekit.cache import cached_json, digest

PACKAGES = ("torch", "transformers", "numpy", "matplotlib")
MAX_WORDS = 25
MIN_WORDS = 12

_SENTENCE_END = re.compile(r"(?<=[a-z0-9)`'\"][.?!])\s")
_STATEMENT = re.compile(r"[A-Z][a-z]*(\s\S+){3}")  # four words, the first a plain one
_SKIPPED = {"tests", "test", "testing", "_vendor"}


def docstring_passages(
    count: int = 10_000, held_out: int = 300, packages: Sequence[str] = PACKAGES
) -> tuple[list[str], list[str]]:
    """Real passages and real queries from the docstrings of installed packages.

    Files are taken in the order of a hash of their names, so the choice is the same on each
    machine with the same versions. The passages are the first 25 words of `count` docstrings, no
    two with the same first sentence. The queries are the first sentences of `held_out` further
    docstrings, which are not among the passages. Both are read once and then come from the cache.

    Returns: `count` passages and `held_out` queries.

    Raises:
        ValueError: a package is not installed, or the packages hold too few docstrings.
    """
    versions = {name: _version(name) for name in packages}
    code = digest(_collect, _files, _docstrings, _first_words, _first_sentence, MAX_WORDS)
    settings = {"count": count, "held_out": held_out, "versions": versions, "code": code}
    texts = cached_json("docstrings", settings, lambda: _collect(count + held_out, packages))
    return [_first_words(text) for text in texts[held_out:]], [
        _first_sentence(text) for text in texts[:held_out]
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(
            f"The package {package} is not installed, so its docstrings cannot be read. Install "
            "the course's requirements, or name other packages."
        ) from None


def _collect(wanted: int, packages: Sequence[str]) -> list[str]:
    """`wanted` different docstrings, in an order that a hash of each text decides."""
    found: dict[str, str] = {}
    for _, path in sorted(_files(packages)):
        for text in _docstrings(path):
            found.setdefault(_first_sentence(text).lower(), text)
        if len(found) >= wanted:
            break
    if len(found) < wanted:
        raise ValueError(
            f"{', '.join(packages)} hold {len(found)} different docstrings and {wanted} were "
            "asked for. Ask for fewer, or name more packages."
        )
    return sorted(found.values(), key=_hash)[:wanted]


def _files(packages: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Each source file of the packages, with the hash of its name that decides the order."""
    for package in packages:
        spec = importlib.util.find_spec(package)  # finds a top-level package without running it
        for folder in spec.submodule_search_locations or []:
            for path in Path(folder).rglob("*.py"):
                name = path.relative_to(folder)
                if not _SKIPPED.intersection(name.parts):
                    yield _hash(f"{package}/{name.as_posix()}"), path


def _docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a file with enough words, cleaned of their indentation."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old code has escapes that Python warns about
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        text = ast.get_docstring(node) if isinstance(node, kinds) else None
        if text and len(text.split()) >= MIN_WORDS and _STATEMENT.match(_first_sentence(text)):
            yield inspect.cleandoc(text)


def _first_words(text: str) -> str:
    return " ".join(text.split()[:MAX_WORDS])


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n")[0].split()[:MAX_WORDS])
    return _SENTENCE_END.split(paragraph)[0]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
