"""The language of messages, plot labels, figures and numbers that a learner sees.

English is the source: `t("Recall at {k}", k=5)` looks its text up in the catalog of the language
that `set_language` chose, and falls back to the English text.
"""

from __future__ import annotations

import json
from functools import cache

from coursekit.paths import data_dir

SOURCE_LANGUAGE = "en"
_current = SOURCE_LANGUAGE


def set_language(code: str) -> None:
    """Show messages, labels, figures and numbers in the language `code` from now on.

    Raises:
        ValueError: the course has no edition in that language.
    """
    global _current
    known = languages()
    if code not in known:
        raise ValueError(
            f"The course has no edition in {code!r}, so the language stays {_current!r}: "
            f"choose one of {', '.join(known)}."
        )
    _current = code


def language() -> str:
    """The code of the language that is shown now."""
    return _current


def languages() -> list[str]:
    """The codes of all languages, English first."""
    found = sorted(path.stem for path in (data_dir() / "locales").glob("*.json"))
    return [SOURCE_LANGUAGE, *found]


def t(text: str, /, **values: object) -> str:
    """The text in the current language, with `{name}` replaced by the values given.

    Write the English text as a literal, so that the build finds it for the translators. Without
    values the text stays as it is, braces included.
    """
    shown = text
    if _current != SOURCE_LANGUAGE:
        shown = _locale(_current)["messages"].get(text) or text
    return shown.format(**values) if values else shown


def format_number(value: object, spec: str = "") -> str:
    """Format `value` by a Python format spec, with the separators of the current language."""
    symbols = None if _current == SOURCE_LANGUAGE else _locale(_current)["numbers"]
    return format_number_with(value, spec, symbols)


def format_number_with(value: object, spec: str, symbols: dict[str, str] | None) -> str:
    """Format `value` by a Python format spec.

    Args:
        symbols: `decimal`, `group` and `percent` (a sign with `{}` for the number) of a
            language, or None for English. A text value keeps its characters.
    """
    plain = format(value, spec)
    if symbols is None or isinstance(value, str):
        return plain
    swapped = plain.translate({ord("."): symbols["decimal"], ord(","): symbols["group"]})
    if swapped.endswith("%"):
        return symbols["percent"].format(swapped[:-1])
    return swapped


@cache
def _locale(code: str) -> dict:
    return json.loads((data_dir() / "locales" / f"{code}.json").read_text(encoding="utf-8"))
