"""One look for every plot: palette, sizes and fonts.

It works in grey: neighbours differ in lightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coursekit.language import t

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


def use_course_style() -> None:
    """Set the course's look for all plots of this notebook."""
    import matplotlib.pyplot as plt
    from matplotlib import cycler

    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.4),
            "figure.dpi": 96,
            "savefig.dpi": 96,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "font.family": "DejaVu Sans",
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
        ax.text(top + 0.02, place, f"{value:.0%}", va="center", color=PALETTE["ink"])
    ax.set_yticks(places, names)
    ax.set_xlim(0, 1.08)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.grid(axis="y", visible=False)


def plot_training(loss: Sequence[float], learning_rate: Sequence[float]) -> None:
    """Two plots side by side over the steps of a training run: loss per token, learning rate."""
    import matplotlib.pyplot as plt

    _, (left, right) = plt.subplots(1, 2)
    left.plot(loss)
    left.set(xlabel=t("step"), ylabel=t("loss per answer token"))
    right.plot(learning_rate)
    right.set(xlabel=t("step"), ylabel=t("learning rate"))
    plt.show()
