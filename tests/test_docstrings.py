"""Passages and queries from the docstrings of installed packages."""

from __future__ import annotations

import sys

import pytest

from coursekit.docstrings import MAX_WORDS, docstring_passages


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))


def test_passages_are_short_distinct_and_always_the_same(tmp_path, monkeypatch):
    passages, queries = docstring_passages(40, 5, packages=("filelock", "packaging"))
    assert len(passages) == 40 == len(set(passages)) and len(queries) == 5
    assert max(len(text.split()) for text in passages + queries) <= MAX_WORDS
    held_back = tuple(query.lower() + " " for query in queries)
    assert not [p for p in passages if (p.lower() + " ").startswith(held_back)]
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "other"))
    assert docstring_passages(40, 5, packages=("filelock", "packaging")) == (passages, queries)


def test_packages_are_not_imported():
    for name in [name for name in sys.modules if name.split(".")[0] == "bm25s"]:
        pytest.skip(f"{name} was imported by another test")
    docstring_passages(5, 2, packages=("bm25s",))
    assert "bm25s" not in sys.modules


def test_too_few_docstrings_and_a_missing_package_are_named():
    with pytest.raises(ValueError, match="different docstrings"):
        docstring_passages(100_000, 5, packages=("filelock",))
    with pytest.raises(ValueError, match="not installed"):
        docstring_passages(5, 5, packages=("no_such_package",))
