"""Plots that a screen reader can read: an alt text made from what the plot holds.

JupyterLab shows a plot as an image without any text. Here each plot becomes an `<img>` with one,
as the diagrams are: axes with their labels, bars with their values, lines from end to end.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from coursekit.figures import sentence
from coursekit.language import format_number, t

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Of a group with more bars than that, such as a histogram, only the highest is told.
MOST_NAMED, MOST_BARS = 16, 8
MOST_POINTS = 3
MOST_SERIES = 16
PNG_WIDTH = slice(16, 20)  # where a PNG file says how many pixels wide it is


def show_plots_with_alt_text() -> None:
    """From now on, this notebook shows each matplotlib figure with an alt text.

    Nothing happens outside a notebook. Safe to run twice.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        formatter = shell.display_formatter.ipython_display_formatter
        formatter.for_type_by_name("matplotlib.figure", "Figure", show_plot)


def show_plot(figure: Figure) -> None:
    """Show a figure as a PNG in an `<img>` whose alt text is `describe_plot(figure)`."""
    from IPython.core.pylabtools import print_figure
    from IPython.display import display

    # Without the name of the software that drew it, the same plot is the same text.
    image = print_figure(figure, base64=True, metadata={"Software": None})
    if image is None:  # a figure without axes
        return
    tag = (
        f'<img alt="{html.escape(describe_plot(figure))}" width="{_width(image)}" '
        f'src="data:image/png;base64,{image.replace(chr(10), "")}">'
    )
    display({"text/html": tag, "text/plain": repr(figure)}, raw=True)


def _width(image: str) -> int:
    return int.from_bytes(base64.b64decode(image[:64])[PNG_WIDTH], "big")


def describe_plot(figure: Figure) -> str:
    """What a plot shows, in the current language: for each part its axes, bars, lines, points."""
    parts = [ax for ax in figure.axes if ax.get_visible() and ax.axison and ax.get_label() != BAR]
    if len(parts) < 2:
        return " ".join([t("Plot."), *(line for ax in parts for line in _describe(ax))])
    told = []
    for number, ax in enumerate(parts, 1):
        told += [t("Plot {number} of {count}.", number=number, count=len(parts)), *_describe(ax)]
    return " ".join(told)


BAR = "<colorbar>"  # matplotlib's own label of the scale beside a picture


def _describe(ax: Axes) -> list[str]:
    said = [ax.get_title(place) for place in ("left", "center", "right")]
    if label := ax.get_xlabel():
        said.append(t("Horizontal axis: {label}", label=label))
    if label := ax.get_ylabel():
        said.append(t("Vertical axis: {label}", label=label))
    said = [sentence(text) for text in said]
    series = [*_bars(ax), *_outlines(ax), *_lines(ax), *_points(ax), *_pictures(ax)]
    said += series[:MOST_SERIES]
    if len(series) > MOST_SERIES:
        said.append(t("And {count} more.", count=len(series) - MOST_SERIES))
    return [text for text in said if text]


def _bars(ax: Axes) -> list[str]:
    from matplotlib.container import BarContainer, ErrorbarContainer

    groups = [one for one in ax.containers if isinstance(one, BarContainer)]
    whiskers = [one for one in ax.containers if isinstance(one, ErrorbarContainer)]
    alone = [one for one in groups if len(one) == 1 and not _label_of(one)]
    told = [] if len(alone) < 2 else [_group(ax, alone, whiskers)]
    rest = groups if not told else [one for one in groups if one not in alone]
    return told + [_group(ax, [one], whiskers) for one in rest]


def _label_of(group: BarContainer) -> str:
    return _named(group.get_label()) or _named(group[0].get_label() if group else "")


def _group(ax: Axes, groups: Sequence[BarContainer], whiskers: Iterable[Any]) -> str:
    flat = groups[0].orientation == "horizontal"
    group = [bar for one in groups for bar in one]
    places, values = (ax.yaxis, ax.xaxis) if flat else (ax.xaxis, ax.yaxis)
    sizes = [bar.get_width() if flat else bar.get_height() for bar in group]
    middles = [
        bar.get_y() + bar.get_height() / 2 if flat else bar.get_x() + bar.get_width() / 2
        for bar in group
    ]
    called = _label_of(groups[0])
    if len(sizes) > (MOST_NAMED if _names(places) else MOST_BARS):
        top = max(range(len(sizes)), key=sizes.__getitem__)
        told = t(
            "{count} bars, the highest {value} at {place}.",
            count=len(sizes),
            value=_value(values, sizes[top]),
            place=_value(places, middles[top]),
        )
    else:
        ranges = _ranges(whiskers, flat, len(sizes))
        each = []
        for number, (middle, size) in enumerate(zip(middles, sizes, strict=True)):
            text = f"{_tick(places, middle)} {_value(values, size)}"
            if ranges:
                low, high = (_value(values, end) for end in ranges[number])
                text += f" ({t('{low} to {high}', low=low, high=high)})"
            each.append(text)
        told = t("Bars: {bars}.", bars="; ".join(each))
    return _of(called, told)


def _ranges(whiskers: Iterable[Any], flat: bool, count: int) -> list[tuple[float, float]]:
    for one in whiskers:
        if (one.has_xerr if flat else one.has_yerr) and one.lines[2]:
            segments = one.lines[2][0].get_segments()
            if len(segments) == count:
                return [(ends[0][1 - flat], ends[1][1 - flat]) for ends in segments]
    return []


def _outlines(ax: Axes) -> list[str]:
    from matplotlib.patches import Polygon

    told = []
    for outline in ax.patches:
        if isinstance(outline, Polygon):
            place, top = max(outline.get_xy(), key=lambda corner: corner[1])
            value, place = _value(ax.yaxis, top), _value(ax.xaxis, place)
            text = t("Outline, the highest {value} at {place}.", value=value, place=place)
            told.append(_of(_named(outline.get_label()), text))
    return told


def _lines(ax: Axes) -> list[str]:
    whiskers = {
        id(part)
        for one in ax.containers
        if hasattr(one, "has_xerr")
        for part in (one.lines[0], *one.lines[1])
    }
    return [_line(ax, line) for line in ax.get_lines() if id(line) not in whiskers]


def _line(ax: Axes, line: Line2D) -> str:
    xs, ys = (list(map(float, values)) for values in line.get_data(orig=False))
    called = _named(line.get_label())
    dots = line.get_marker() not in ("None", "", " ", None)
    if not xs or (len(xs) == 1 and not dots):
        return ""
    if len(xs) == 2 and xs[0] == xs[1] and line.get_transform() != ax.transData:
        told = t("Vertical line at {value}.", value=_value(ax.xaxis, xs[0]))
    elif len(xs) == 2 and ys[0] == ys[1] and line.get_transform() != ax.transData:
        told = t("Horizontal line at {value}.", value=_value(ax.yaxis, ys[0]))
    elif line.get_linestyle() in ("None", "", " ") or len(xs) == 1:
        told = _dots(ax, xs, ys)
    elif len(set(ys)) == 1 and _names(ax.yaxis):
        low, high = _value(ax.xaxis, min(xs)), _value(ax.xaxis, max(xs))
        place = _tick(ax.yaxis, ys[0])
        told = t("Line at {place} from {low} to {high}.", place=place, low=low, high=high)
    else:
        told = t(
            "Line from {first} at {start} to {last} at {end}, between {low} and {high}.",
            first=_value(ax.yaxis, ys[0]),
            start=_value(ax.xaxis, xs[0]),
            last=_value(ax.yaxis, ys[-1]),
            end=_value(ax.xaxis, xs[-1]),
            low=_value(ax.yaxis, min(ys)),
            high=_value(ax.yaxis, max(ys)),
        )
    return _of(called, told)


def _dots(ax: Axes, xs: Sequence[float], ys: Sequence[float]) -> str:
    if len(xs) > MOST_POINTS:
        return t("{count} points.", count=len(xs))
    each = [
        t("{value} at {place}", value=_tick(ax.yaxis, y), place=_value(ax.xaxis, x))
        for x, y in zip(xs, ys, strict=True)
    ]
    return t("Points: {points}.", points="; ".join(each))


def _points(ax: Axes) -> list[str]:
    from matplotlib.collections import PathCollection

    told = []
    for points in ax.collections:
        if isinstance(points, PathCollection) and len(points.get_offsets()):
            xs, ys = (
                list(map(float, values)) for values in zip(*points.get_offsets(), strict=True)
            )
            told.append(_of(_named(points.get_label()), _dots(ax, xs, ys)))
    return told


def _pictures(ax: Axes) -> list[str]:
    told = []
    for image in ax.get_images():
        array = image.get_array()
        told.append(
            t(
                "A grid of colours with {rows} rows and {columns} columns, from {low} to {high}.",
                rows=array.shape[0],
                columns=array.shape[1],
                low=format_number(float(array.min()), ".3g"),
                high=format_number(float(array.max()), ".3g"),
            )
        )
    return told


def _value(axis: Axis, value: float) -> str:
    """A number as the axis writes it, or with three digits where the axis has no form for it."""
    from matplotlib.ticker import FuncFormatter, PercentFormatter, StrMethodFormatter

    form = axis.get_major_formatter()
    own = isinstance(form, FuncFormatter | PercentFormatter | StrMethodFormatter)
    whole = abs(value) >= 1000
    return (own and _one_line(form(value, None))) or format_number(
        float(value), ",.0f" if whole else ".3g"
    )


def _tick(axis: Axis, value: float) -> str:
    """The name of the tick nearest to a place; the number where ticks have no names."""
    names = _names(axis)
    return names[min(names, key=lambda at: abs(at - value))] if names else _value(axis, value)


def _names(axis: Axis) -> dict[float, str]:
    """Names of the ticks by their places; empty where the ticks are just numbers."""
    from matplotlib.category import StrCategoryLocator
    from matplotlib.ticker import FixedLocator

    if not isinstance(axis.get_major_locator(), FixedLocator | StrCategoryLocator):
        return {}
    places = axis.get_ticklocs()
    # The tick's own label would be empty where a neighbour with the same axis shows it.
    texts = axis.get_major_formatter().format_ticks(places)
    return {float(at): _one_line(text) for at, text in zip(places, texts, strict=True) if text}


def _of(name: str, told: str) -> str:
    return t("{name}: {told}", name=name, told=told) if name else told


def _named(label: object) -> str:
    text = str(label or "")
    return "" if text.startswith("_") else _one_line(text)


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
