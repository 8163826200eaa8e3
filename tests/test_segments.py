"""Markdown into units of translation and back: nothing else may move."""

from __future__ import annotations

import pytest

from authoring.build import load_lessons
from authoring.project import load_project
from authoring.segments import SegmentError, same_structure, translate, units

CELLS = [
    "# 05 · Title\nA promise over\ntwo lines.",
    "Setext title\n============\n\nText.",
    "## Closed heading ##\n\n- one item\n- another item\n  that goes on",
    "1. first\n   1. nested 1. item\n   2. and another\n\n      with a paragraph",
    "> quoted text\n> over two lines\n>\n> - and an item in it\n\nafter",
    "| Name | Meaning |\n|:-----|--------:|\n| `a \\| b` | a bar \\| inside |\n| only $x$ | 12 |\n",
    'Text with `code`, $x_1 + y$, **bold** and [a link](https://example.org/a_b?c=d "title").',
    "$$\n\\text{not a unit}\n$$\n\nA paragraph.  \nAfter a hard break.\n",
    "```python\nprint('not a unit')\n```\n\n    indented code is not a unit\n\nText",
    "<details>\n<summary>Show the answer</summary>\n\nThe answer is **four**.\n\n</details>",
    "<!-- badges -->",
    "Text <b>with</b> a tag and a comment <!-- note --> in it.\n\n<!-- next -->",
    "<table><tr><td>Cell one</td><td> 12 </td></tr></table>\n",
    "* * *\n\nSlot {{em_rag:.0%}} of {{n}} questions.\n\n\n\n  Indented paragraph\n  goes on.  ",
    "- [ ] a task\n- `code_only`\n- {{slot}}\n\n[ref]: https://example.org\n\nSee [that][ref].",
    "Ends with a backslash\\\nand goes on, with 'quotes' & an ampersand &amp; an entity.",
    "Tabs\tinside and trailing space \nnext line\n\n\n",
    "1. 1\n2. two words\n\n10) ten of them",
]


@pytest.mark.parametrize("source", CELLS)
def test_identity_keeps_every_byte(source):
    assert translate(source, lambda text: text) == source


@pytest.mark.parametrize("source", CELLS)
def test_translating_twice_finds_the_same_units(source):
    marked = translate(source, lambda text: f"zz {text}")
    assert [unit.text for unit in units(marked)] == [f"zz {unit.text}" for unit in units(source)]


@pytest.mark.parametrize("source", CELLS)
def test_units_are_where_they_say(source):
    ends = [0]
    for unit in units(source):
        assert unit.start >= ends[-1]
        assert source[unit.start : unit.end].split()[0] == unit.text.split()[0]
        ends.append(unit.end)


def test_units_of_a_cell():
    source = CELLS[9] + "\n\n" + CELLS[5]
    assert [unit.text for unit in units(source)] == [
        "Show the answer",
        "The answer is **four**.",
        "Name",
        "Meaning",
        "a bar \\| inside",
        "only $x$",
    ]


def test_wrapped_paragraph_is_one_line_for_translators():
    assert units("A promise over\ntwo lines.")[0].text == "A promise over two lines."


def test_table_without_leading_bar_is_refused():
    with pytest.raises(SegmentError, match="begin"):
        units("Name | Meaning\n--- | ---\none | two words\n")


def test_every_cell_of_the_course_survives():
    for stem, lesson in load_lessons(load_project()).items():
        for cell in lesson.cells:
            if cell.cell_type == "markdown":
                same = translate(cell.source, lambda text: text)
                assert same == cell.source, f"lessons/{stem}.py, cell {cell.id}"


TEXT = "**Recall** at `k=5` is {{r:.0%}}, not 1.5, for $x^2$ ([source](a.ipynb))."


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        ("**Recall** bij `k=5` is {{r:.0%}}, geen 1,5, voor $x^2$ ([bron](a.ipynb)).", None),
        ("**Recall** bij `k=6` is {{r:.0%}}, geen 1,5, voor $x^2$ ([bron](a.ipynb)).", "code"),
        ("**Recall** bij `k=5` is {{r:.1%}}, geen 1,5, voor $x^2$ ([bron](a.ipynb)).", "slot"),
        ("**Recall** bij `k=5` is {{r:.0%}}, geen 2,5, voor $x^2$ ([bron](a.ipynb)).", "number"),
        ("**Recall** bij `k=5` is {{r:.0%}}, geen 1,5, voor $x^3$ ([bron](a.ipynb)).", "math"),
        ("**Recall** bij `k=5` is {{r:.0%}}, geen 1,5, voor $x^2$ ([bron](b.ipynb)).", "link"),
        ("Recall bij `k=5` is {{r:.0%}}, geen 1,5, voor $x^2$ ([bron](a.ipynb)).", "emphasis"),
        ("**Recall** bij `k=5` is {{r:.0%}}<br>, geen 1,5, voor $x^2$ ([bron](a.ipynb)).", "tag"),
    ],
)
def test_structure_of_a_translation(translation, fault):
    faults = same_structure(TEXT, translation)
    assert [f.split(":")[0] for f in faults] == ([fault] if fault else [])
