"""The workshop kit: hand-outs and schedules that follow the lessons, the guide, and the slides."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from authoring.project import AuthoringError, load_project
from proving import handouts, slides
from proving.browser import BrowserError, find_chromium
from proving.handouts import COMMAND, SCHEDULES, Part, Pause, read_cells, read_page

ROOT = Path(__file__).resolve().parent.parent
PROJECT = load_project(ROOT)
PAGES = handouts.load_pages(PROJECT)
ENGLISH = {stem[:2]: page for stem, page in PAGES["en"].items()}
FILES = handouts.derive(PROJECT)
GUIDE = (ROOT / handouts.GUIDE).read_text(encoding="utf-8")
CHECKLIST = (ROOT / "workshop/checklist.md").read_text(encoding="utf-8")
REVEAL = {
    slides.SCRIPT: "window.Reveal = {initialize: () => 0};",
    slides.STYLE: ".reveal { color: black; }",
    slides.THEME: '@import url("https://fonts.example/font.css"); .reveal { margin: 0; }',
    "LICENSE": "the licence of reveal.js",
}
try:
    CHROMIUM = find_chromium()
except BrowserError:
    CHROMIUM = None


def english_cells(number: str) -> list:
    stem = next(stem for stem in PROJECT.stems if stem.startswith(number))
    return read_cells(PROJECT.solution_path(stem))


# ---------------------------------------------------------------- hand-outs


def test_hand_outs_and_guide_say_what_the_lessons_say():
    assert handouts.drift(PROJECT, FILES) == []


def test_drift_names_the_file_and_the_command():
    path = handouts.FOLDER / "05_rag_end_to_end.md"
    problems = handouts.drift(PROJECT, FILES | {path: FILES[path] + b"more"})
    assert problems == [f"{path.as_posix()} is not what the lessons say now: run {COMMAND}"]
    without = {name: content for name, content in FILES.items() if name != path}
    assert handouts.drift(PROJECT, without) == [
        f"{path.as_posix()} belongs to no lesson any more: run {COMMAND}"
    ]


def test_each_released_language_has_a_hand_out_of_each_lesson():
    released = {language.code for language in PROJECT.languages if language.released}
    assert set(PAGES) == {"en"} | released
    assert len(FILES) == len(PAGES) * len(PROJECT.stems) + 1


@pytest.mark.parametrize("code", PAGES)
def test_a_hand_out_holds_what_its_lesson_holds(code):
    for stem, page in PAGES[code].items():
        text = handouts.handout_text(PROJECT, code, stem, page)
        english = PAGES["en"][stem]
        assert [e.key for e in page.exercises] == [e.key for e in english.exercises]
        assert [e.minutes for e in page.exercises] == [e.minutes for e in english.exercises]
        assert len(page.sections) == len(english.sections)
        assert len(page.goals) == len(english.goals) >= 3
        assert len(page.takeaways) == len(english.takeaways) >= 3
        assert "{{" not in text and page.promise in text and str(page.minutes) in page.time
        here = ROOT / (handouts.FOLDER if code == "en" else handouts.FOLDER / code)
        assert (here / re.search(r"\]\(([^)]+\.svg)\)", text)[1]).exists()
        assert bool(page.disclaimer) == (code != "en")
        lines, words = handouts.printed_size(text)
        assert lines <= handouts.MOST_LINES and words <= handouts.MOST_WORDS, (code, stem)


def test_blocks_keep_fences_and_details_whole():
    text = "## Title\nText\n\n```\none\n\ntwo\n```\n\n<details>\n\nthree\n\n</details>\n\n- four"
    assert handouts.blocks_of(text) == [
        "## Title",
        "Text",
        "```\none\n\ntwo\n```",
        "<details>\n\nthree\n\n</details>",
        "- four",
    ]
    assert handouts.bullets("- a\n- b") == ("a", "b") and handouts.bullets("a\n- b") == ()


def test_every_exercise_of_a_lesson_is_found():
    for stem, page in PAGES["en"].items():
        source = PROJECT.lesson_path(stem).read_text(encoding="utf-8")
        assert len(page.exercises) == source.count('tags=["exercise"]'), stem
        assert 0 < sum(e.minutes for e in page.exercises) <= page.minutes


def test_a_page_too_long_to_print_is_seen():
    lines, words = handouts.printed_size("word " * 400 + "\n" * 60)
    assert lines > handouts.MOST_LINES and words > handouts.MOST_WORDS
    assert handouts.count_words("检索增强生成" * 17) == 60
    assert handouts.printed_size("![a long text " + "x " * 500 + "](a.svg)")[1] == 0


def head_of(cells):
    return next(cell for cell in cells if "**Time:**" in cell.source)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda cells: cells.pop(0), "lacks a title"),
        (lambda c: head_of(c).update(source="**You need** time."), "able to do"),
        (lambda c: head_of(c).update(source=head_of(c).source.replace("60", "x")), "its minutes"),
        (lambda cells: cells[-1].update(source="## Takeaways\n\nNone."), "list in its last"),
        (lambda c: [x.update(source="1") for x in c if x.cell_type == "code"], "lacks a diagram"),
    ],
)
def test_a_lesson_that_lacks_a_part_is_named(spoil, told):
    cells = copy.deepcopy(english_cells("05"))
    spoil(cells)
    with pytest.raises(AuthoringError, match=told) as error:
        read_page(cells, "solutions/05.ipynb")
    assert "solutions/05.ipynb" in str(error.value) and COMMAND in str(error.value)


def test_a_broken_notebook_is_named(tmp_path):
    (tmp_path / "05.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(AuthoringError, match="05.ipynb cannot be read.*make build"):
        read_cells(tmp_path / "05.ipynb")


def test_the_printed_pages_hold_their_diagrams():
    page = BeautifulSoup(handouts.printable(PROJECT, "nl", PAGES["nl"]), "html.parser")
    images = [image["src"] for image in page.find_all("img")]
    assert len(page.find_all("article")) == len(images) == len(PROJECT.stems)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in images)


@pytest.mark.slow
def test_each_hand_out_fits_one_sheet_of_a4(tmp_path):
    if CHROMIUM is None:
        told = "Chromium is not here, so nobody counts the printed pages: install chromium."
        assert os.environ.get("CI") != "true", told
        pytest.skip(told)
    for code, pages in PAGES.items():
        source, target = tmp_path / f"{code}.html", tmp_path / f"{code}.pdf"
        source.write_text(handouts.printable(PROJECT, code, pages), encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        flags += [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={target}"]
        subprocess.run([CHROMIUM, *flags, source.as_uri()], check=True, capture_output=True)
        sheets = PdfReader(target).pages
        assert len(sheets) == len(pages), code
        assert all(abs(float(sheet.mediabox.height) - 842) < 2 for sheet in sheets)


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize(("name", "most"), [("half-day", 240), ("one-day", 450), ("two-day", 900)])
def test_a_schedule_fits_into_its_time(name, most):
    schedule = SCHEDULES[name]
    assert schedule.most == most
    total = 0
    for day in schedule.days:
        minutes = [
            item.minutes
            if isinstance(item, Pause)
            else handouts.part_minutes(item, ENGLISH[item.lesson])
            for item in day
        ]
        total += sum(minutes)
        assert sum(minutes) <= 450 and min(minutes) > 0
        assert all(minute % handouts.STEP == 0 for minute in minutes)
        since_break = 0
        for item, minute in zip(day, minutes, strict=True):
            since_break = 0 if item in (handouts.BREAK, handouts.LUNCH) else since_break + minute
            assert since_break <= 130, f"{name}: more than two hours without a break"
    assert total <= most


def test_the_table_adds_up_to_the_clock():
    for schedule in SCHEDULES.values():
        table = handouts.schedule_table(schedule, ENGLISH)
        at = None
        for start, minutes in re.findall(r"^\| (\d\d:\d\d) \| (\d*) *\|", table, re.MULTILINE):
            now = int(start[:2]) * 60 + int(start[3:])
            assert at in (None, now)
            at = now + int(minutes) if minutes else None


def test_what_is_left_out_makes_a_lesson_shorter():
    whole = handouts.part_minutes(Part("09"), ENGLISH["09"])
    shorter = handouts.part_minutes(Part("09", leave=("Merge",)), ENGLISH["09"])
    without = handouts.part_minutes(Part("09", do=()), ENGLISH["09"])
    assert without < shorter < whole
    assert whole >= ENGLISH["09"].minutes


@pytest.mark.parametrize(
    "part",
    [
        Part("09", leave=("Merge and mend",)),
        Part("09", do=("09.9",)),
        Part("09", do=("09.5",), leave=("Merge",)),
    ],
)
def test_a_plan_that_names_nothing_is_refused(part):
    with pytest.raises(AuthoringError, match="SCHEDULES in proving/handouts.py names"):
        handouts.part_minutes(part, ENGLISH["09"])


# ---------------------------------------------------------------- guide and checklist


def guide_of(number: str) -> str:
    found = re.search(rf"### Lesson {number}\n(.*?)(?=\n### |\Z)", GUIDE, re.DOTALL)
    assert found, f"{handouts.GUIDE} has no part '### Lesson {number}'"
    return found[1]


@pytest.mark.parametrize("number", ENGLISH)
def test_the_guide_names_what_the_lesson_has(number):
    part = guide_of(number)
    page = ENGLISH[number]
    titles = {section.title for section in page.sections}
    keys = {exercise.key for exercise in page.exercises}
    for label in ("**Aim.**", "**Together:**", "**Leave out:**", "**They ask**", "**The trap.**"):
        assert part.count(label) == 1, f"lesson {number} of the guide lacks {label}"
    left = re.search(r"\*\*Leave out:\*\*(.*)", part)[1]
    for title in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", left):
        assert title in titles, f"the guide leaves out {title!r}, which lesson {number} lacks"
    told = re.findall(rf"\b{number}\.\d\b", part)
    told += re.findall(r"\*\*Together:\*\* patient ([A-H])\b", part)
    assert told and set(told) <= keys
    together = re.search(r"\*\*Together:\*\* (?:exercise|patient) (\S+?)[.,] ", part)[1]
    assert together in keys and together not in left
    questions = re.findall(r"^- \*([^*]+)\* ", part, re.MULTILINE)
    assert 3 <= len(questions) <= 5
    for title in re.findall(r"\bin \*([A-Z][^*]+)\*|see \*([A-Z][^*]+)\*", part):
        assert "".join(title) in titles, f"lesson {number} has no section {''.join(title)!r}"


def test_the_guide_types_no_measured_number():
    own = handouts.MADE.sub("", GUIDE)
    assert re.findall(r"\d ?%|\b0\.\d+", own) == []


def test_a_part_without_a_place_is_named():
    parts = handouts.made_parts(PROJECT, PAGES["en"])
    with pytest.raises(AuthoringError, match="disagree about the part 'lessons'"):
        handouts.filled(GUIDE.replace("<!-- made: lessons -->", ""), parts)
    with pytest.raises(AuthoringError, match="disagree about the part 'more'"):
        handouts.filled(f"{GUIDE}<!-- made: more -->\n<!-- end -->", parts)
    assert handouts.filled(handouts.filled(GUIDE, parts), parts) == GUIDE


@pytest.mark.parametrize("name", ["guide.md", "checklist.md"])
def test_links_of_the_kit_lead_somewhere(name):
    text = (ROOT / "workshop" / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    missing = [target for target in targets if not (ROOT / "workshop" / target).exists()]
    assert not missing, f"workshop/{name} leads to {missing[0]}, which is not there"


def test_the_checklist_has_its_four_times():
    titles = re.findall(r"^## (.+)$", CHECKLIST, re.MULTILINE)
    assert titles == ["Two weeks before", "The day before", "In the room", "After"]
    for command in re.findall(r"python -m proving (\w+)", GUIDE + CHECKLIST):
        assert (ROOT / "proving" / f"{command}.py").exists()


# ---------------------------------------------------------------- slides


def deck(number: str, code: str = "en") -> tuple[list, BeautifulSoup, str]:
    stem = next(stem for stem in PROJECT.stems if stem.startswith(number))
    cells = slides.lesson_cells(PROJECT, stem, code)
    text = slides.deck_html(cells, "A title", REVEAL, code)
    return cells, BeautifulSoup(text, "html.parser"), text


def test_a_deck_has_a_column_for_each_section_and_needs_no_network():
    cells, page, text = deck("05")
    columns = page.select(".slides > section")
    assert len(columns) == 1 + len(ENGLISH["05"].sections)
    for column, section in zip(columns[1:], ENGLISH["05"].sections, strict=True):
        assert column.find("h2").get_text().strip("¶") == section.title
    assert all(column.find("section") for column in columns)
    assert not page.select("script[src], link[href], iframe")
    assert not re.search(r"@import|url\(['\"]?http|from ['\"]http", text)
    pictures = [o for c in cells for o in c.get("outputs", []) if slides._is_picture(o)]
    images = [image["src"] for image in page.find_all("img")]
    assert len(images) == len(pictures) > 5
    assert all(source.startswith("data:image/") for source in images)
    assert all(image.get("alt") for image in page.find_all("img"))
    assert all(part in text for part in (REVEAL[slides.SCRIPT], REVEAL["LICENSE"]))


def test_a_deck_hides_what_belongs_to_the_machine_and_gives_no_answer_away():
    _, page, _ = deck("00")
    words = page.get_text()
    assert "has_source" in words and "Your code here" in words
    for hidden in ("COLAB_RELEASE_TAG", 'check("00.1"', "hint(", "re.search", "colab.research"):
        assert hidden not in words, hidden
    assert not [a["href"] for a in page.find_all("a", href=True) if ".ipynb" in a["href"]]


def test_long_code_and_long_outputs_are_cut():
    text = "\n".join(f"line {number}" for number in range(40))
    cut, used = slides._cut(text, 16, "# ")
    assert cut.splitlines()[-1] == "# … +24" and used == 17
    assert slides._cut("short", 16) == ("short", 1)
    for number in ("05", "11"):
        stem = next(stem for stem in PROJECT.stems if stem.startswith(number))
        made = slides.deck_cells(slides.lesson_cells(PROJECT, stem))
        codes = [cell for cell in made if cell.cell_type == "code"]
        assert max(len(cell.source.splitlines()) for cell in codes) == slides.MOST_CODE + 1
        printed = [o.text for cell in codes for o in cell.outputs if "text" in o]
        assert max(len(out.splitlines()) for out in printed) <= slides.MOST_LINES + 1


def test_a_translated_deck_has_words_and_diagrams_of_its_language():
    _, page, text = deck("09", "nl")
    titles = [section.title for section in PAGES["nl"]["09_lora_with_peft"].sections]
    shown = [h.get_text().strip("¶") for h in page.select(".slides > section h2")]
    assert shown == titles and page.html["lang"] == "nl"
    svg = (ROOT / "translations/nl/images/09_adapter.svg").read_text(encoding="utf-8")
    alts = [image["alt"] for image in page.find_all("img")]
    assert slides.alt_text(svg) in alts
    with pytest.raises(AuthoringError, match="no released edition in 'fr'"):
        slides.lesson_cells(PROJECT, "09_lora_with_peft", "fr")


def test_reveal_is_compared_before_it_is_used(tmp_path, monkeypatch):
    wrong = tmp_path / slides.ARCHIVE
    wrong.write_bytes(b"something else")
    with pytest.raises(AuthoringError, match="SHA-256 differs"):
        slides.reveal_parts(wrong)
    with pytest.raises(AuthoringError, match="give --reveal the path"):
        slides.reveal_parts(tmp_path / "nothing.tgz")
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(AuthoringError, match=r"npm was not found: install Node\.js.*--reveal"):
        slides.reveal_parts()
