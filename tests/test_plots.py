"""The plots: what is drawn is what was given."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import matplotlib
import pytest

from coursekit import language as messages
from coursekit.benchmarks import load_benchmark
from coursekit.language import t
from coursekit.plots import (
    PALETTE,
    bars_with_intervals,
    font_families,
    paired_bars,
    plot_recipes,
    use_course_style,
)
from coursekit.scoring import paired_interval


@pytest.fixture
def ax() -> Iterator:
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with matplotlib.rc_context():
        use_course_style()
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def test_bars_stand_in_the_given_order_with_value_and_interval(ax):
    bars_with_intervals(ax, ["RAG", "LoRA"], [0.8, 0.25], [(0.7, 0.9), (0.25, 0.3)])
    ax.figure.canvas.draw()
    assert [bar.get_width() for bar in ax.patches] == [0.8, 0.25]
    assert [label.get_text() for label in ax.texts] == ["80%", "25%"]
    by_place = {round(tick): label.get_text() for tick, label in ticks(ax)}
    assert by_place == {1: "RAG", 0: "LoRA"}
    assert ax.patches[0].get_y() > ax.patches[1].get_y()
    (lines,) = ax.containers[1][2]
    ends = [segment[:, 0].tolist() for segment in lines.get_segments()]
    assert ends == [pytest.approx([0.7, 0.9]), pytest.approx([0.25, 0.3])]


def ticks(ax) -> list:
    return list(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True))


def test_a_full_bar_and_an_interval_beside_its_value_can_be_drawn(ax):
    bars_with_intervals(ax, ["a"], [1.0], [(1.0, 1.0)], colours=[PALETTE["sand"]])
    bars_with_intervals(ax, ["a"], [0.1], [(0.2, 0.3)])
    ax.figure.canvas.draw()
    assert ax.get_xlim()[1] > 1


def test_paired_bars_show_how_far_the_difference_to_the_first_may_reach(ax):
    first, second = [1, 1, 1, 0] * 8, [1, 0, 0, 0] * 8
    paired_bars(ax, ["English", "German"], [first, second])
    assert [bar.get_width() for bar in ax.patches] == [0.75, 0.25]
    low, high = paired_interval(first, second)
    (lines,) = ax.containers[1][2]
    ends = [segment[:, 0].tolist() for segment in lines.get_segments()]
    assert ends == [pytest.approx([0.75, 0.75]), pytest.approx([0.75 + low, 0.75 + high])]
    assert ends[1][0] < 0.25 < ends[1][1] < 0.75
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [list(line.get_xdata()) for line in dashed] == [[0.75, 0.75]]


def test_neighbours_of_the_palette_differ_in_grey():
    def lightness(colour: str) -> float:
        red, green, blue = matplotlib.colors.to_rgb(colour)
        return 0.299 * red + 0.587 * green + 0.114 * blue

    order = [lightness(PALETTE[name]) for name in ("ink", "deep", "sea", "sand", "light")]
    assert order == sorted(order)
    assert min(b - a for a, b in zip(order, order[1:], strict=False)) > 0.07


def test_chinese_labels_are_drawn_with_the_font_that_comes_along(monkeypatch, recwarn):
    """DejaVu Sans lacks the signs; the second family of the language must have them."""
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(messages, "_current", "zh-CN")
    assert len(font_families()) == 2
    with matplotlib.rc_context():
        use_course_style()
        figure, axes = plt.subplots()
        axes.set_title(t("training"))
        figure.canvas.draw()
        plt.close(figure)
    assert t("training") != "training"
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


def test_recipes_are_drawn_with_their_median_and_spread(monkeypatch):
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    points = load_benchmark("lora_recipe")["points"]
    rates = [p["tokens_per_s"] for p in points if (p["recipe"], p["kind"]) == ("textbook", "speed")]
    monkeypatch.setattr(plt, "show", lambda: None)
    plot_recipes(points)
    left, right = plt.gcf().axes
    assert left.patches[0].get_width() == statistics.median(rates)
    ends = left.containers[1][2][0].get_segments()[0][:, 0]
    assert list(ends) == pytest.approx([min(rates), max(rates)])
    assert len(right.patches) == len(left.patches) == len(left.get_yticklabels())
    plt.close("all")
