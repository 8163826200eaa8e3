"""Markdown as units of translation, and back, without moving any other byte.

A unit is the text of a paragraph, heading, list item, table cell, or of an HTML block between
its tags. Code, math, link definitions, HTML tags and comments never are. Inside a unit, inline
code, math, link targets, slots and tags stay as they are, and `same_structure` holds them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from authoring.lesson import SLOT

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKDOWN.use(dollarmath_plugin, double_inline=True)
HTML_PART = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d+)*")


class SegmentError(ValueError):
    """Markdown that cannot be taken apart safely; the message shows the line."""


@dataclass(frozen=True)
class Unit:
    """One piece of text to translate: `source[start:end]`, as one line in `text`."""

    start: int
    end: int
    text: str


PLACEHOLDER = re.compile(r"\{[^{}]*\}")  # of a text shown by t("... {name} ...")


def units(source: str) -> list[Unit]:
    """The units of a Markdown text, in order.

    Raises:
        SegmentError: a piece of text cannot be found where the parser says it stands.
    """
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found: list[Unit] = []
    tokens = MARKDOWN.parse(source)
    row: list[tuple[int, int, str]] = []
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            row = _row_cells(lines[token.map[0]], starts[token.map[0]])
        elif token.type == "html_block":
            found += _html_units(source, starts[token.map[0]], starts[token.map[1]] - 1)
        elif token.type == "inline" and token.content.strip():
            if tokens[index - 1].type in ("th_open", "td_open"):
                found.append(_table_unit(row, token.content))
            else:
                found.append(_block_unit(lines, starts, token))
        if token.type in ("th_close", "td_close") and row:
            row.pop(0)
    return [unit for unit in found if has_words(unit.text)]


def translate(source: str, translator: Callable[[str], str]) -> str:
    """The Markdown text with each unit replaced by what `translator` makes of it."""
    result, at = [], 0
    for unit in units(source):
        new = translator(unit.text)
        result += [source[at : unit.start], source[unit.start : unit.end]]
        if new != unit.text:
            result[-1] = new
        at = unit.end
    return "".join(result) + source[at:]


def has_words(text: str) -> bool:
    """Whether anything is left to translate besides code, math, slots, tags and addresses."""
    return bool(re.search(r"[^\W\d_]{2}", plain_words(text)))


def plain_words(text: str) -> str:
    """The words of a unit: no code, math, slots, placeholders, tags or link targets."""
    words = []
    for token in _inline(text):
        if token.type == "text":
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak", "code_inline", "math_inline"):
            words.append(" ")
        elif token.type == "image":
            words.append(token.content)
    return PLACEHOLDER.sub(" ", SLOT.sub(" ", "".join(words)))


def same_structure(text: str, translation: str) -> list[str]:
    """What a translation adds or loses: code, math, links, tags, slots, numbers, emphasis."""
    left, right = _structure(text), _structure(translation)
    faults = []
    for kind, parts in left.items():
        lost, added = parts - right[kind], right[kind] - parts
        same_digits = _numbers_without_signs(text) == _numbers_without_signs(translation)
        if kind == "number" and same_digits:
            continue
        if lost or added:
            told = [f"lacks {part}" for part in lost] + [f"adds {part}" for part in added]
            faults.append(f"{kind}: {', '.join(told)}")
    return faults


def _block_unit(lines: list[str], starts: list[int], token) -> Unit:
    first = token.map[0]
    parts = token.content.split("\n")
    begin = lines[first].rfind(parts[0])
    last = first + len(parts) - 1
    end = lines[last].rfind(parts[-1])
    if begin < 0 or end < 0:
        raise SegmentError(f"Text that cannot be located: {lines[first]!r}. Write it more plainly.")
    stop = starts[last] + end + len(parts[-1])
    broken = any(re.search(r"(  |\\)$", part) for part in parts[:-1])
    text = token.content if broken else " ".join(part.strip() for part in parts)
    return Unit(starts[first] + begin, stop, text)


def _row_cells(line: str, start: int) -> list[tuple[int, int, str]]:
    """Start, end and text of each cell of a table row that begins with a bar."""
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", line)]
    if not bars or line[: bars[0]].strip(" >"):
        raise SegmentError(f"A table row must begin and end with a bar: {line!r}.")
    cells = []
    for left, right in zip(bars, [*bars[1:], len(line)], strict=True):
        raw = line[left + 1 : right]
        text = raw.strip()
        begin = start + left + 1 + len(raw) - len(raw.lstrip())
        cells.append((begin, begin + len(text), text))
    return cells


def _table_unit(row: list[tuple[int, int, str]], content: str) -> Unit:
    if not row or row[0][2].replace("\\|", "|") != content.replace("\\|", "|"):
        raise SegmentError(f"The table cell {content!r} cannot be located: begin rows with a bar.")
    return Unit(*row[0])


def _html_units(source: str, start: int, end: int) -> list[Unit]:
    found, at = [], start
    for number, part in enumerate(HTML_PART.split(source[start:end])):
        text = part.strip()
        if number % 2 == 0 and text:
            begin = at + len(part) - len(part.lstrip())
            found.append(Unit(begin, begin + len(text), " ".join(text.split())))
        at += len(part)
    return found


def _inline(text: str):
    for token in MARKDOWN.parseInline(text):
        yield from token.children or ()


def _structure(text: str) -> dict[str, Counter]:
    kinds = ("code", "math", "link", "tag", "slot", "number", "emphasis")
    result: dict[str, Counter] = {kind: Counter() for kind in kinds}
    result["slot"].update(match.group(0) for match in SLOT.finditer(text))
    for token in _inline(text):
        if token.type == "code_inline":
            result["code"][f"`{token.content}`"] += 1
        elif token.type.startswith("math_inline"):
            result["math"][f"${token.content}$"] += 1
        elif token.type == "link_open":
            result["link"][token.attrGet("href")] += 1
        elif token.type == "image":
            result["link"][token.attrGet("src")] += 1
        elif token.type == "html_inline":
            result["tag"][token.content] += 1
        elif token.type in ("strong_open", "em_open", "s_open"):
            result["emphasis"][token.markup] += 1
    result["number"].update(NUMBER.findall(plain_words(text)))
    return result


def _numbers_without_signs(text: str) -> Counter:
    return Counter(re.sub(r"\D", "", number) for number in NUMBER.findall(plain_words(text)))
