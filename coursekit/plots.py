"""One look for every plot: palette, sizes and fonts.

It works in grey: neighbours differ in lightness.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from coursekit.alt_texts import show_plots_with_alt_text
from coursekit.language import format_number, language, t
from coursekit.paths import data_dir

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From dark to light, so that the order survives a black-and-white print.
PALETTE = {
    "ink": "#1f2a37",
    "deep": "#1b4965",
    "sea": "#2a7f9e",
    "sand": "#d99a3d",
    "light": "#b9d6e0",
    "alarm": "#a63d40",
}


def font_families() -> list[str]:
    """DejaVu Sans, then the course's font for the signs of the current language that it lacks.

    Such a font is `coursekit/data/fonts/LANG.otf`, with no more than the signs that plots need.
    """
    families = ["DejaVu Sans"]
    path = data_dir() / "fonts" / f"{language()}.otf"
    if path.exists():
        from matplotlib.font_manager import FontProperties, fontManager

        name = FontProperties(fname=path).get_name()
        if name not in fontManager.get_font_names():
            fontManager.addfont(path)
        families.append(name)
    return families


def use_course_style() -> None:
    """Set the course's look for all plots of this notebook, and give each an alt text."""
    import matplotlib.pyplot as plt
    from matplotlib import cycler

    show_plots_with_alt_text()

    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.4),
            "figure.dpi": 96,
            "savefig.dpi": 96,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "font.family": font_families(),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": PALETTE["ink"],
            "axes.labelcolor": PALETTE["ink"],
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.prop_cycle": cycler(
                color=[PALETTE["deep"], PALETTE["sand"], PALETTE["sea"], PALETTE["alarm"]]
            ),
            "axes.grid": True,
            "grid.color": "#e3e8ec",
            "axes.axisbelow": True,
        }
    )


def bars_with_intervals(
    ax: Axes,
    names: Sequence[str],
    shares: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    colours: Sequence[str] | None = None,
) -> None:
    """Horizontal bars of shares between 0 and 1, each with its interval and its value in %."""
    import numpy as np

    places = np.arange(len(names))[::-1]
    values = np.asarray(shares, dtype=float)
    low, high = np.asarray(intervals, dtype=float).T
    ax.barh(places, values, height=0.6, color=colours or PALETTE["sea"])
    ax.errorbar(
        values,
        places,
        xerr=[np.clip(values - low, 0, None), np.clip(high - values, 0, None)],
        fmt="none",
        ecolor=PALETTE["ink"],
        capsize=3,
        linewidth=1.2,
    )
    for place, value, top in zip(places, values, high, strict=True):
        ax.text(top + 0.02, place, format_number(value, ".0%"), va="center", color=PALETTE["ink"])
    ax.set_yticks(places, names)
    ax.set_xlim(0, 1.08)
    ax.xaxis.set_major_formatter(lambda value, _: format_number(value, ".0%"))
    ax.grid(axis="y", visible=False)


def paired_bars(ax: Axes, names: Sequence[str], values: Sequence[Sequence[float]]) -> None:
    """Bars of shares; each whisker is the paired 95 % interval against the first one.

    Args:
        names: one for each bar.
        values: for each bar one 0 or 1 per question, the same questions in the same order; shape
            (bars, questions). The first is what the others are compared with, the dashed line.

    A whisker that does not reach the line belongs to a difference that excludes 0.
    """
    import numpy as np

    from coursekit.scoring import paired_interval

    shares = [float(np.mean(found)) for found in values]
    differences = [paired_interval(values[0], found) for found in values]
    intervals = [(shares[0] + low, shares[0] + high) for low, high in differences]
    colours = [PALETTE["deep"], *[PALETTE["sea"]] * (len(shares) - 1)]
    bars_with_intervals(ax, names, shares, intervals, colours)
    ax.axvline(shares[0], color=PALETTE["alarm"], linestyle="--")


def plot_training(loss: Sequence[float], learning_rate: Sequence[float]) -> None:
    """Two plots side by side over the steps of a training run: loss per token, learning rate."""
    import matplotlib.pyplot as plt

    _, (left, right) = plt.subplots(1, 2)
    left.plot(loss)
    left.set(xlabel=t("step"), ylabel=t("loss per answer token"))
    right.plot(learning_rate)
    right.set(xlabel=t("step"), ylabel=t("learning rate"))
    plt.show()


def plot_recipes(points: Sequence[Mapping[str, Any]]) -> None:
    """Two plots side by side: tokens per second and peak memory of the recipes of lesson 09.

    Args:
        points: runs of `benchmarks/lora_recipe.py`; those of the kind "speed" are drawn, each
            recipe as the median of its runs, with a whisker from the lowest to the highest.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    from coursekit.benchmarks import medians

    labels = {
        "textbook": t("a tutorial's recipe"),
        "+ bfloat16": t("+ half the bits (2)"),
        "+ answer logits": t("+ logits where labels are (1)"),
        "+ adapters in bfloat16": t("+ float32 copy (3)"),
        "+ micro-batches of 2": t("+ micro-batches (4)"),
        "+ compiled layers": t("+ compiled layers (5)"),
        "course": t("+ smaller batches (6)"),
    }
    places = np.arange(len(labels))[::-1]
    colours = [PALETTE["sand"], *[PALETTE["sea"]] * (len(labels) - 2), PALETTE["deep"]]
    titles = {"tokens_per_s": t("tokens per second"), "peak_gb": t("peak memory (GB)")}
    _, axes = plt.subplots(1, 2, sharey=True, figsize=(7.2, 0.36 * len(labels) + 0.7))
    for ax, (key, title) in zip(axes, titles.items(), strict=True):
        middle, low, high = (
            np.array([medians(points, key, of)[name] for name in labels])
            for of in (statistics.median, min, max)
        )
        ax.barh(places, middle, height=0.6, color=colours)
        ax.errorbar(
            middle, places, xerr=[middle - low, high - middle], fmt="none", ecolor=PALETTE["ink"]
        )
        for place, value, top in zip(places, middle, high, strict=True):
            spec = ".0f" if key == "tokens_per_s" else ".1f"
            ax.text(1.02 * top, place, f" {format_number(value, spec)}", va="center")
        ax.set(title=title, xlim=(0, 1.25 * high.max()))
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(places, labels.values())
    plt.show()
