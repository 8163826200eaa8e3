"""What a screen reader is told about a plot: what was drawn, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import matplotlib
import pytest

from coursekit import language
from coursekit.alt_texts import describe_plot, show_plots_with_alt_text
from coursekit.plots import bars_with_intervals, plot_training, use_course_style


@pytest.fixture
def plt() -> Iterator:
    matplotlib.use("agg")
    import matplotlib.pyplot as pyplot

    with matplotlib.rc_context():
        use_course_style()
        yield pyplot
        pyplot.close("all")


def test_bars_are_told_with_their_names_values_and_intervals(plt):
    figure, ax = plt.subplots()
    bars_with_intervals(ax, ["no context", "RAG"], [0.02, 0.79], [(0, 0.05), (0.72, 0.85)])
    ax.set_xlabel("right answers")
    assert describe_plot(figure) == (
        "Plot. Horizontal axis: right answers. "
        "Bars: no context 2% (0% to 5%); RAG 79% (72% to 85%)."
    )


def test_standing_and_stacked_bars_are_told_by_group(plt):
    figure, ax = plt.subplots()
    ax.bar(["Ada", "Bo"], [1200, 4], label="before")
    ax.bar(["Ada", "Bo"], [1, 0.5], bottom=[1200, 4], label="after")
    assert describe_plot(figure) == (
        "Plot. before: Bars: Ada 1,200; Bo 4. after: Bars: Ada 1; Bo 0.5."
    )


def test_a_histogram_is_told_by_its_highest_place(plt):
    figure, (left, right) = plt.subplots(1, 2)
    values = [*range(20), 7, 7]
    left.hist(values, bins=range(21), label="all")
    right.hist(values, bins=range(21), histtype="step", label="all")
    assert describe_plot(figure) == (
        "Plot 1 of 2. all: 20 bars, the highest 3 at 7.5. "
        "Plot 2 of 2. all: Outline, the highest 3 at 7."
    )


def test_lines_are_told_from_end_to_end_and_whiskers_are_no_lines(plt):
    figure, ax = plt.subplots()
    ax.set_title("Growth")
    ax.plot([1000, 1_000_000], [0.5, 2], label="flat")
    ax.axvline(5000, label="here")
    ax.axhline(1)
    ax.plot([1, 2, 3], [1, 2, 3], "o", label="single")
    ax.errorbar([1, 2], [1, 2], yerr=0.1, fmt="none")
    assert describe_plot(figure) == (
        "Plot. Growth. flat: Line from 0.5 at 1,000 to 2 at 1,000,000, between 0.5 and 2. "
        "here: Vertical line at 5,000. Horizontal line at 1. "
        "single: Points: 1 at 1; 2 at 2; 3 at 3."
    )


def test_points_and_grids_are_told_and_the_scale_beside_a_grid_is_not(plt):
    figure, ax = plt.subplots()
    ax.scatter([1, 2, 3, 4], [1, 2, 3, 4], label="words")
    ax.scatter([1], [0.5])
    assert describe_plot(figure) == "Plot. words: 4 points. Points: 0.5 at 1."
    figure, ax = plt.subplots()
    figure.colorbar(ax.imshow([[0, 0.25, 1], [0, 0, 0]]))
    assert describe_plot(figure) == (
        "Plot. A grid of colours with 2 rows and 3 columns, from 0 to 1."
    )


def test_a_value_between_ticks_with_names_is_a_number(plt):
    figure, ax = plt.subplots()
    ax.plot([0.1, 0.2], [1, 2])
    ax.set_xticks([0.1, 0.3], ["a tenth", "three tenths"])
    assert describe_plot(figure) == "Plot. Line from 1 at a tenth to 2 at 0.2, between 1 and 2."


def test_bars_drawn_one_by_one_are_told_together(plt):
    figure, ax = plt.subplots()
    for place, size in enumerate([0.5, 0.25, 1]):
        ax.barh(place, size)
    ax.set_yticks(range(3), ["a", "b", "c"])
    assert describe_plot(figure) == "Plot. Bars: a 0.5; b 0.25; c 1."


def test_dots_and_ranges_beside_names_are_told_by_name(plt):
    figure, axes = plt.subplots(1, 2, sharey=True)
    for ax in axes:
        for place, (low, middle, high) in enumerate([(-1, 2, 3), (4, 5, 6)]):
            ax.plot([low, high], [place, place])
            ax.plot(middle, place, "o")
        ax.plot([1], [1])
    axes[0].set_yticks([0, 1], ["BM25", "hybrid"])
    told = (
        "Line at BM25 from -1 to 3. Points: BM25 at 2. "
        "Line at hybrid from 4 to 6. Points: hybrid at 5."
    )
    assert describe_plot(figure) == f"Plot 1 of 2. {told} Plot 2 of 2. {told}"


def test_more_than_a_few_series_are_counted(plt):
    figure, ax = plt.subplots()
    for _ in range(19):
        ax.plot([0, 1], [0, 1])
    assert describe_plot(figure).count("Line") == 16
    assert describe_plot(figure).endswith("And 3 more.")


def test_a_plot_is_told_in_the_readers_language(plt):
    language.set_language("de")
    try:
        plot_training([2.5, 0.5], [0.0, 0.1])
        told = describe_plot(plt.gcf())
    finally:
        language.set_language("en")
    assert "2,5" in told
    assert not re.search(r"\b(Plot 1 of|axis|Line|from)\b", told)


def test_a_notebook_shows_each_plot_as_a_picture_with_its_alt_text(plt, monkeypatch):
    interactive = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    shell = interactive.instance()
    try:
        show_plots_with_alt_text()
        show_plots_with_alt_text()
        shown: list[dict] = []
        monkeypatch.setattr(shell.display_pub, "publish", lambda data, **_: shown.append(data))
        figure, ax = plt.subplots(figsize=(7.2, 3.4))
        ax.bar(['"a"', "<b>"], [1, 2])
        from IPython.display import display

        display(figure)
        display(plt.figure())
    finally:
        interactive.clear_instance()
    (one,) = shown
    assert one["text/plain"].startswith("<Figure size ")
    told = "Plot. Bars: &quot;a&quot; 1; &lt;b&gt; 2."
    match = re.fullmatch(
        f'<img alt="{told}" width="(\\d+)" src="data:image/png;base64,([\\w+/=]+)">',
        one["text/html"],
    )
    assert match
    assert 600 < int(match[1]) < 800
    from base64 import b64decode

    assert b"matplotlib" not in b64decode(match[2]).lower()


def test_a_scatter_that_only_names_a_colour_is_not_told(plt):
    plt.scatter([], [], label="colour")
    plt.plot([0, 1], [0, 2], label="line")
    assert "colour" not in describe_plot(plt.gcf())
