"""The diagrams of the course, shown from the package so that a notebook needs no file beside it.

A figure is an output: an `<img>` that holds the SVG itself, with an alt text. That form survives
where others do not: Colab shows no cell attachments, JupyterLab hides `image/svg+xml` in a
notebook it does not trust, and a web page strips inline SVG down.
"""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

from coursekit.language import SOURCE_LANGUAGE, language
from coursekit.paths import data_dir


def figure(name: str) -> None:
    """Show a diagram in the current language, in English where it has no translation.

    Args:
        name: the file's name without `.svg`, such as "05_pipeline".

    Raises:
        FileNotFoundError: the course has no such figure.
    """
    from IPython.display import display

    svg = figure_path(name).read_text(encoding="utf-8")
    alt = alt_text(svg)
    image = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    tag = (
        f'<img alt="{html.escape(alt)}" width="{figure_width(svg)}" '
        f'src="data:image/svg+xml;base64,{image}">'
    )
    display({"text/html": tag, "text/plain": alt}, raw=True)


def figure_path(name: str) -> Path:
    """The SVG file of a figure in the current language, or in English."""
    images = data_dir() / "images"
    for code in (language(), SOURCE_LANGUAGE):
        path = images / code / f"{name}.svg"
        if path.exists():
            return path
    known = sorted(path.stem for path in (images / SOURCE_LANGUAGE).glob("*.svg"))
    raise FileNotFoundError(
        f"The course has no figure {name!r}: choose one of {', '.join(known) or 'none yet'}."
    )


def alt_text(svg: str) -> str:
    """What a screen reader says: the SVG's own `<title>` and `<desc>`, joined."""
    texts = []
    for tag in ("title", "desc"):
        found = re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", svg, re.DOTALL)
        if found and found[1].strip():
            texts.append(sentence(html.unescape(found[1])))
    return " ".join(texts)


def sentence(text: str) -> str:
    """A text on one line, with a full stop of its script at its end; "" stays as it is."""
    text = " ".join(text.split())
    stop = "。" if re.search("[\u3400-\u9fff]", text) else "."
    return text if not text or text[-1] in ".!?。！？" else text + stop


def figure_width(svg: str, most: int = 900) -> int:
    """Width in pixels at which the figure is shown: its viewBox, at most `most`."""
    box = re.search(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)', svg)
    return min(most, round(float(box.group(1)))) if box else most
