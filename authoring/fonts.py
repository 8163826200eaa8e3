"""The signs that plots need in each language, and a small font for those that DejaVu Sans lacks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog

from authoring.project import AuthoringError, Project

# Where Debian's fonts-noto-cjk puts it; SIL Open Font License 1.1.
NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACES = {"ja": 0, "ko": 1, "zh-CN": 2, "zh-TW": 3}  # the faces of that collection


def font_path(project: Project, code: str) -> Path:
    """The font of a language, part of the coursekit package."""
    return project.root / "coursekit" / "data" / "fonts" / f"{code}.otf"


def plot_signs(strings: Catalog) -> set[str]:
    """The signs of all translations that may stand in a plot: all but the exercises' messages."""
    return {
        sign
        for message in strings
        if message.id and message.string and not message.fuzzy
        if any("/checks/" not in where for where, _ in message.locations)
        for sign in message.string
        if not sign.isspace()
    }


@cache
def _signs_of(path: Path, face: int = 0) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    font = TTFont(path, fontNumber=face, lazy=True)
    return frozenset(chr(code) for code in font.getBestCmap())


def _dejavu() -> frozenset[str]:
    from matplotlib.font_manager import FontProperties, findfont

    return _signs_of(Path(findfont(FontProperties(family="DejaVu Sans"))))


def glyph_faults(project: Project, code: str, strings: Catalog) -> list[str]:
    """The signs that no font of the course can draw in a plot of this language."""
    path = font_path(project, code)
    known = _dejavu() | (_signs_of(path) if path.exists() else frozenset())
    missing = "".join(sorted(plot_signs(strings) - known))
    if not missing:
        return []
    return [
        f"coursekit/data/fonts/{path.name} cannot draw {missing[:20]!r} in a plot: run "
        f"python -m authoring font {code}"
    ]


def make_font(project: Project, code: str, strings: Catalog, source: Path = NOTO) -> list[Path]:
    """Cut the signs that plots need in this language out of Noto Sans CJK; licence beside it.

    Returns: the files written; none if DejaVu Sans has all the signs.

    Raises:
        AuthoringError: the font is not here, has no face for the language, or lacks a sign.
    """
    wanted = plot_signs(strings) - _dejavu()
    if not wanted:
        return []
    if not source.exists():
        raise AuthoringError(
            f"There is no {source}: install it (on Debian: fonts-noto-cjk), or name another font."
        )
    face = FACES.get(code, 0)
    lacking = wanted - _signs_of(source, face)
    if lacking:
        raise AuthoringError(f"{source.name} lacks {''.join(sorted(lacking))!r}: use another font.")
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(source, fontNumber=face)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(wanted)))
    subsetter.subset(font)
    path = font_path(project, code)
    path.parent.mkdir(parents=True, exist_ok=True)
    font.save(path, reorderTables=True)
    return [path]
