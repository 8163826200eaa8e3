"""Lessons in the real JupyterLab with a real browser, and the eyes that look at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from proving import browser

DOT = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
GOOD = f"""<!doctype html><html lang="en"><title>A page</title>
<main class="jp-NotebookPanel"><div class="jp-RenderedMarkdown jp-RenderedHTMLCommon">
<h2>A section</h2><p>Two <b>bold</b> words, <code>**code**</code>, a <a href="#x">link</a>.</p>
<img alt="A dot" src="{DOT}"></div>
<div class="jp-RenderedText jp-OutputArea-output"><pre>printed</pre></div></main></html>"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    try:
        browser.find_chromium()
    except browser.BrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"THE BROWSER TESTS DID NOT RUN. {error}")
    with browser.open_page() as opened:
        yield opened


def seen(page: Any, html: str) -> list[str]:
    page.set_content(html)
    page.wait_for_timeout(100)
    return browser.page_problems(page) + browser.access_problems(page)


def test_a_good_page_has_no_problem(page):
    assert seen(page, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (DOT, "nothing.png", "a broken image"),
        ('alt="A dot" ', "", "an image without alt text"),
        ("<b>bold</b>", "**bold**", "Markdown that is not rendered: **bold**"),
        ("<h2>A section</h2>", "<p>## A section</p>", "Markdown that is not rendered: ## A"),
        ('<a href="#x">link</a>', "[link](#x)", "Markdown that is not rendered: ](#x)"),
        ("Two", "{{two}}", "Markdown that is not rendered: {{two}}"),
        ("<p>", '<p style="width: 3000px">', "wider than the page by"),
        ("<p>", '<p style="color: #aaa; background: #fff">', "color-contrast"),
        ("<pre>", '<pre style="color: #aaa; background: #fff">', "color-contrast"),
        ("<pre>", '<pre style="width: 3000px">', "wider than the page by"),
        ('<a href="#x">link</a>', '<a href="#x"></a>', "link-name"),
        ("<p>", "<h5>Far down</h5><p>", "heading-order"),
    ],
)
def test_each_fault_of_a_page_is_told(page, old, new, told):
    assert old in GOOD
    assert any(problem.startswith(told) for problem in seen(page, GOOD.replace(old, new, 1)))


def test_an_error_and_a_lost_picture_are_told(page):
    picture = {"output_type": "display_data", "data": {"text/html": '<img alt="a" src="x">'}}
    error = {"output_type": "error", "ename": "NameError", "evalue": "x"}
    printed = {"output_type": "stream", "text": "a line\n"}
    stored = browser.nbformat.v4.new_notebook(
        cells=[browser.nbformat.v4.new_code_cell("f()") for _ in range(2)]
    )
    stored.cells[1].outputs = [browser.nbformat.from_dict(picture)]
    page.set_content(GOOD)
    good = {"outputs": [[printed], [picture]]}
    assert browser.lesson_problems(page, good, stored) == []
    bad = {"outputs": [[error], []]}
    assert browser.lesson_problems(page, bad, stored) == [
        "cell 0 raises NameError: x",
        "cell 1 shows 0 of 1 pictures",
        "no cell printed anything",
    ]


def test_a_check_that_takes_a_wrong_answer_is_told():
    table = "exercise  status  tries  hints  title\n00.1      right   2      0      Nearest"
    said = {"stub": "… 00.1", "wrong": "✗ 00.1: the lowest", "right": "✓ 00.1", "progress": table}
    assert browser.answer_problems(said, "00") == []
    for verdict in ("✓ 00.1: not the lowest", "✗ 00.1: no reason"):
        assert browser.answer_problems(said | {"wrong": verdict}, "00")
    assert browser.answer_problems(said | {"progress": table.replace("right", "wrong")}, "00")


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.timeout(1200)
def test_lessons_00_and_05_in_jupyterlab(page):
    """Run all, look, answer wrongly and rightly, follow the links."""
    with browser.serve_lab() as lab:
        for stem in ("00_start_here", "05_rag_end_to_end"):
            assert browser.drive(page, lab, stem) == []
