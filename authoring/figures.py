"""Diagrams in every language: the texts of an SVG, and whether a translation still fits."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, unescape

TEXT = re.compile(
    r"(<(?:text|tspan|title|desc)\b[^>]*>|</tspan>)(\s*)([^<]*?[^<\s])(\s*)(?=<)", re.DOTALL
)
SHIFT = re.compile(r"translate\(\s*([-\d.]+)(?:[\s,]+([-\d.]+))?\s*\)")


def svg_texts(svg: str) -> list[str]:
    """The texts of a diagram that hold words: `<text>`, `<tspan>`, `<title>` and `<desc>`."""
    return [
        text for match in TEXT.finditer(svg) if re.search(r"[^\W\d_]{2}", text := _plain(match[3]))
    ]


def translate_svg(svg: str, translator: Callable[[str], str]) -> str:
    """The diagram with its texts translated and every other byte as it was."""

    def replaced(match: re.Match) -> str:
        text = _plain(match[3])
        new = translator(text) if re.search(r"[^\W\d_]{2}", text) else text
        return match[0] if new == text else f"{match[1]}{match[2]}{escape(new)}{match[4]}"

    return TEXT.sub(replaced, svg)


def svg_problems(svg: str) -> list[str]:
    """What a diagram lacks: valid XML, a viewBox, a title and a description, real text."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        return [f"is not valid XML ({error}): mend that line"]
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    found = []
    if not root.get("viewBox"):
        found.append("has no viewBox: add one, so that it scales")
    for tag, purpose in (("title", "the alt text"), ("desc", "what the figure shows, in words")):
        if not any(e.tag.endswith(tag) and "".join(e.itertext()).strip() for e in root.iter()):
            found.append(f"has no <{tag}>: write {purpose} there")
    if "text" not in tags:
        found.append("has no <text>: draw words as text, so that they can be translated")
    if "script" in tags or "foreignObject" in tags or "image" in tags:
        found.append("holds a script, foreignObject or image: draw with plain SVG")
    return found


def overflows(svg: str, source: str | None = None, slack: float = 2.0) -> list[str]:
    """The texts that leave the box or the picture they stand in, as far as widths can be told.

    Widths are those of DejaVu Sans, which is wider than most; a Chinese, Japanese or Korean sign
    is as wide as the font is high. A text of a translation counts
    only where it leaves its box further than the English one (`source`) at the same place.
    """
    excess = _excess(svg)
    allowed = [amount for _, amount in _excess(source)] if source else []
    found = []
    for index, (text, amount) in enumerate(excess):
        limit = max(allowed[index], 0.0) if index < len(allowed) else 0.0
        if amount > limit + slack:
            found.append(f"{text!r} is about {amount:.0f} px too wide for its box")
    return found


def _excess(svg: str) -> list[tuple[str, float]]:
    root = ElementTree.fromstring(svg)
    numbers = [float(n) for n in re.split(r"[\s,]+", root.get("viewBox", "0 0 900 600").strip())]
    frames = [(numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3])]
    texts: list[tuple[str, float, float, float]] = []
    _walk(root, (0.0, 0.0), {}, frames, texts)
    result = []
    for text, left, right, base in texts:
        middle = (left + right) / 2
        around = [f for f in frames if f[0] <= middle <= f[2] and f[1] <= base <= f[3]]
        if around:
            box = min(around, key=lambda f: (f[2] - f[0]) * (f[3] - f[1]))
            result.append((text, max(box[0] - left, right - box[2])))
    return result


def _walk(element, shift, style, frames, texts) -> None:
    tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    if tag in ("defs", "title", "desc", "marker"):
        return
    moved = SHIFT.search(element.get("transform", ""))
    if moved:
        shift = (shift[0] + float(moved[1]), shift[1] + float(moved[2] or 0))
    names = ("font-size", "text-anchor", "x", "y")
    style = style | {name: element.get(name) for name in names if element.get(name)}
    declared = dict(re.findall(r"([\w-]+)\s*:\s*([^;]+)", element.get("style", "")))
    style |= {k: v.strip() for k, v in declared.items() if k in ("font-size", "text-anchor")}
    if tag == "rect":
        x, y = _number(element.get("x")) + shift[0], _number(element.get("y")) + shift[1]
        width, height = _number(element.get("width")), _number(element.get("height"))
        frames.append((x, y, x + width, y + height))
    if tag in ("text", "tspan") and (element.text or "").strip():
        text = " ".join(element.text.split())
        width = _text_width(text, _number(style.get("font-size"), 16.0))
        start = _number(style.get("x")) + shift[0]
        start -= {"middle": width / 2, "end": width}.get(style.get("text-anchor", ""), 0.0)
        texts.append((text, start, start + width, _number(style.get("y")) + shift[1]))
    for child in element:
        _walk(child, shift, style, frames, texts)


def _number(text: str | None, default: float = 0.0) -> float:
    found = re.match(r"[-\d.]+", text or "")
    return float(found[0]) if found else default


@cache
def _font():
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family="DejaVu Sans")))


@cache
def _text_width(text: str, size: float) -> float:
    wide = [sign for sign in text if east_asian_width(sign) in "WF"]
    rest = "".join(sign for sign in text if east_asian_width(sign) not in "WF")
    if not rest:
        return len(wide) * size
    font = _font()
    font.set_size(size, 72)
    font.set_text(rest, 0.0)
    return len(wide) * size + font.get_width_height()[0] / 64 * 0.92


def _plain(text: str) -> str:
    return " ".join(unescape(text).split())
