"""Translated editions: whole, current, same code; break one thing, and the place is named."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from babel.messages.pofile import read_po
from fake_course import edit, make_course, write

from authoring import catalogs
from authoring.__main__ import main
from authoring.build import build, load_lessons, load_translations
from authoring.catalogs import catalog_bytes, catalog_path, read_catalog
from authoring.check import load_course, sync_problems
from authoring.editions import fill_slots
from authoring.execute import Run
from authoring.fonts import NOTO, make_font
from authoring.generated import (
    EXERCISES,
    LAST,
    MACHINE_TRANSLATED,
    NEXT_LESSON,
    OPEN_IN_COLAB,
    PREVIOUS,
    REVIEWED,
    SOLUTIONS,
    UNTRANSLATED,
    UPLOAD,
)
from authoring.project import AuthoringError, Project, load_project
from authoring.style import link_problems
from authoring.translate import (
    add_language,
    glossary_faults,
    number_symbols,
    overview,
    read_glossary,
    translation_problems,
)
from coursekit import language as messages
from coursekit.language import format_number_with

LESSON = "lessons/01_count_words.py"
DUTCH = {
    "01 · Count words": "01 · Woorden tellen",
    "You will count words and **measure** how many there are.": (
        "Je telt woorden en **meet** hoeveel het er zijn."
    ),
    "Words in a text": "Woorden in een tekst",
    "What does the machine see? A text is a list of words. See the [end](02_the_end.ipynb).": (
        "Wat ziet de machine? Een tekst is een lijst van woorden. "
        "Zie het [einde](02_the_end.ipynb)."
    ),
    "Of the words, {{share:.0%}} are short, or {{words:,}} in all, at $x^2$ with `len(words)`.": (
        "Van de woorden is {{share:.0%}} kort, van {{words:,}} in totaal, "
        "bij $x^2$ met `len(words)`."
    ),
    "Language": "Taal",
    "Words": "Woorden",
    "Plain English text": "Gewone Engelse tekst",
    "Exercise 01.1 · Count · • · 2 minutes": "Oefening 01.1 · Tellen · • · 2 minuten",
    "Write `count_words`, which returns the number of words in a text.": (
        "Schrijf `count_words`, die het aantal woorden in een tekst teruggeeft."
    ),
    "What is a word?": "Wat is een woord?",
    "A run of letters, for us.": "Voor ons een rij letters.",
    "02 · The end": "02 · Het einde",
    "You will see that it ends.": "Je ziet dat het eindigt.",
    "From text to words": "Van tekst naar woorden",
    "An arrow leads from a text to its words.": "Een pijl leidt van een tekst naar zijn woorden.",
    "A text": "Een tekst",
    "Its words": "Zijn woorden",
    "Lesson ready": "Les klaar",
    "{count} words": "{count} woorden",
    "measured: {records}": "gemeten: {records}",
    "A small course": "Een kleine cursus",
    "Two lessons. Begin with [the first](notebooks/01_count_words.ipynb), or "
    "[contribute](GUIDE.md).": (
        "Twee lessen. Begin met [de eerste](notebooks/01_count_words.ipynb), of "
        "[draag bij](GUIDE.md)."
    ),
    "The lessons": "De lessen",
    "**Time:** 7 minutes with the exercises.": "**Tijd:** 7 minuten met de oefeningen.",
    "No": "Nr",
    "Lesson": "Les",
    "Question": "Vraag",
    "Minutes": "Minuten",
    "First": "Eerst",
    "Run": "Uitvoeren",
    "Answers": "Antwoorden",
    "[Count words](notebooks/01_count_words.ipynb)": (
        "[Woorden tellen](notebooks/01_count_words.ipynb)"
    ),
    "How many?": "Hoeveel?",
    "here": "hier",
    "The end": "Het einde",
    "What next?": "Wat volgt er?",
    "To come": "Komt nog",
    "What then?": "Wat dan?",
    "on the way": "onderweg",
    "See [above](#a-small-course).": "Zie [hierboven](#a-small-course).",
    UPLOAD: UPLOAD.replace("To open this lesson on Colab", "Deze les openen in Colab"),
    SOLUTIONS: "Oplossingen",
    EXERCISES: "Terug naar de oefeningen",
    OPEN_IN_COLAB: "Openen in Colab",
    PREVIOUS: "Vorige: {lesson}",
    NEXT_LESSON: "Volgende: {lesson}",
    LAST: "Dit is de laatste les van de cursus.",
    MACHINE_TRANSLATED: "Vertaald uit het Engels met een taalmodel en niet nagelezen.",
    REVIEWED: "Vertaald uit het Engels met een taalmodel en nagelezen door {person}.",
    UNTRANSLATED: "Nog niet vertaald",
}


def quiet(line: str) -> None:
    """Take what the build tells."""


def translated(project: Project, texts: dict[str, str], language: str = "nl") -> None:
    """Write the translations into the catalogs, as a translator would."""
    for path in sorted((project.root / "translations" / language).glob("*.po")):
        catalog = read_catalog(path, language)
        for message in catalog:
            if message.id in texts:
                message.string = texts[message.id]
        path.write_bytes(catalog_bytes(catalog, language))


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("course") / "repository"
    project = make_course(root)
    build(project, print_line=quiet)
    translated(project, DUTCH)
    build(project, print_line=quiet)
    return root


@pytest.fixture
def course(built_once, tmp_path, monkeypatch) -> Project:
    """The small course with its whole Dutch edition, in a folder of its own."""
    # No dictionary, whatever this machine has: a test that needs one brings its own.
    monkeypatch.setenv("COURSEKIT_HUNSPELL", str(tmp_path / "no-dictionaries"))
    shutil.copytree(built_once, tmp_path / "repository")
    return load_project(tmp_path / "repository")


def rebuilt(project: Project) -> list[Path]:
    return build(load_project(project.root), print_line=quiet)


def problems_of(project: Project) -> list[str]:
    project = load_project(project.root)
    translations = load_translations(project, load_lessons(project))
    return [p for each in translations for p in translation_problems(project, each, quiet)]


def dutch(project: Project, stem: str = "01_count_words"):
    path = project.root / f"translations/nl/notebooks/{stem}.ipynb"
    return nbformat.read(path, as_version=4)


def all_text(nb) -> str:
    return "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


# What is made


def test_a_whole_edition_has_no_problems_and_no_mark(course):
    assert problems_of(course) == []
    assert sync_problems(load_course(course)) == []
    text = all_text(dutch(course))
    assert "Nog niet vertaald" not in text
    assert "# 01 · Woorden tellen\nJe telt woorden" in text
    assert "*Vertaald uit het Engels met een taalmodel en niet nagelezen.*" in text
    assert "<summary>Wat is een woord?</summary>" in text
    assert "[Volgende: 02 · Het einde](02_the_end.ipynb)" in text


def test_numbers_follow_the_language(course):
    assert "is 62% kort, van 1.600 in totaal" in all_text(dutch(course))


def test_code_is_the_english_learners_code_and_one_cell_more(course):
    for stem in course.stems:
        english = nbformat.read(course.root / f"notebooks/{stem}.ipynb", as_version=4)
        wanted = [(c.id, c.source) for c in english.cells if c.cell_type == "code"]
        made = [c for c in dutch(course, stem).cells if c.cell_type == "code"]
        own = [c for c in made if "language" in c.metadata.get("tags", [])]
        assert [(c.id, c.source) for c in made if c not in own] == wanted
        assert [c.source.splitlines()[-1] for c in own] == ['set_language("nl")']
        assert all(not c.outputs and c.execution_count is None for c in made)


def test_building_twice_changes_nothing(course):
    assert rebuilt(course) == []


def test_readme_links_lead_on(course):
    text = (course.root / "translations/nl/README.md").read_text(encoding="utf-8")
    assert "(notebooks/01_count_words.ipynb)" in text
    assert "(../../GUIDE.md)" in text
    assert "(#een-kleine-cursus)" in text
    assert link_problems(course, load_course(course).files) == []


def test_figures_and_messages_are_shipped_in_the_package(course):
    svg = (course.root / "coursekit/data/images/nl/01_words.svg").read_text(encoding="utf-8")
    assert ">Een tekst</text>" in svg
    locale = (course.root / "coursekit/data/locales/nl.json").read_text(encoding="utf-8")
    assert '"Les klaar"' in locale


def test_reviewed_by_a_person(course):
    edit(course.root, "pyproject.toml", 'reviewed_by = ""', 'reviewed_by = "Marit"')
    rebuilt(course)
    assert "nagelezen door Marit" in all_text(dutch(course))


def test_the_edition_runs_and_speaks_its_language(course):
    """The Dutch notebook itself, in a kernel."""
    import os

    from nbclient import NotebookClient

    nb = dutch(course)
    environment = {**os.environ, "PYTHONPATH": str(course.root)}
    NotebookClient(nb, timeout=120, kernel_name="python3").execute(env=environment)
    shown = [out for cell in nb.cells for out in cell.get("outputs", [])]
    texts = [out.get("text", "") for out in shown]
    assert any(text.startswith("1600 woorden\ngemeten: ") for text in texts)
    assert any("Van tekst naar woorden" in str(out.get("data", "")) for out in shown)


# Staleness


def test_a_changed_sentence_is_fuzzy_with_its_old_text_and_named(course):
    edit(course.root, LESSON, "A text is a list of words.", "A text is one list of words.")
    rebuilt(course)
    problems = problems_of(course)
    assert len(problems) == 1
    assert problems[0].startswith("translations/nl/01_count_words.po: 'What does the machine see?")
    assert "fuzzy" in problems[0]
    text = (course.root / "translations/nl/01_count_words.po").read_text(encoding="utf-8")
    assert '#, fuzzy\n#| msgid "What does the machine see? A text is a list' in text
    assert "[Nog niet vertaald] What does the machine see?" in all_text(dutch(course))
    assert rebuilt(course) == []
    assert (course.root / "translations/nl/01_count_words.po").read_text(encoding="utf-8") == text


def test_a_removed_sentence_is_kept_and_comes_back(course):
    stored = catalog_path(course, "nl", "01_count_words").read_bytes()
    edit(course.root, LESSON, "# A run of letters, for us.\n#\n", "")
    rebuilt(course)
    assert (
        b'#~ msgstr "Voor ons een rij letters."'
        in catalog_path(course, "nl", "01_count_words").read_bytes()
    )
    assert problems_of(course) == []
    edit(
        course.root,
        LESSON,
        "What is a word?</summary>\n#\n",
        "What is a word?</summary>\n#\n# A run of letters, for us.\n#\n",
    )
    rebuilt(course)
    assert catalog_path(course, "nl", "01_count_words").read_bytes() == stored


def test_a_new_sentence_is_named_and_marked(course):
    edit(course.root, LESSON, "# | Language", "# Quite unlike anything before.\n#\n# | Language")
    rebuilt(course)
    problems = problems_of(course)
    assert problems == [
        "translations/nl/01_count_words.po: 'Quite unlike anything before.' has no translation: "
        "write one"
    ]
    assert "[Nog niet vertaald] Quite unlike" in all_text(dutch(course))
    edit(course.root, "pyproject.toml", "released = true", "released = false")
    assert problems_of(course) == []


def test_an_edit_elsewhere_in_the_cell_keeps_the_translations(course):
    edit(course.root, LESSON, "## Words in a text\n", "## Words in a short text\n")
    rebuilt(course)
    assert all("Words in a short text" in problem for problem in problems_of(course))


# Faults of a translation


@pytest.mark.parametrize(
    ("catalog", "text", "translation", "expected"),
    [
        ("01_count_words", "Words in a text", "Woorden in **een** tekst", "emphasis"),
        (
            "01_count_words",
            "Write `count_words`, which returns the number of words in a text.",
            "Schrijf `tel_woorden`, die het aantal woorden in een tekst teruggeeft.",
            "code",
        ),
        ("01_count_words", "Words in a text", "Termen in een tekst", "glossary"),
        (
            "01_count_words",
            "Exercise 01.1 · Count · • · 2 minutes",
            "Oefening 01.1 · Tellen · • · 3 minuten",
            "number",
        ),
        ("strings", "{count} words", "{aantal} woorden", "placeholders"),
        ("common", "Next: {lesson}", "Volgende", "placeholders"),
        ("diagrams", "A text", "Een heel lange tekst, te lang", "too wide"),
    ],
)
def test_a_fault_names_file_and_text(course, catalog, text, translation, expected):
    translated(course, {text: translation})
    problems = problems_of(course)
    assert len(problems) == 1
    assert problems[0].startswith(f"translations/nl/{catalog}.po")
    assert expected in problems[0]
    assert text in problems[0] or expected == "too wide"


def test_a_cell_left_in_english_is_found(course):
    text = "What does the machine see? A text is a list of words. See the [end](02_the_end.ipynb)."
    english = "So what would that machine see here? The text is a list of those words (woord) that"
    translated(course, {text: f"{english} you read. See the [end](02_the_end.ipynb)."})
    problems = problems_of(course)
    assert len(problems) == 1
    assert "reads like en, not nl" in problems[0]


def test_spelling_with_a_dictionary(course, tmp_path, monkeypatch):
    words = sorted({w for text in DUTCH.values() for w in text.lower().split()})
    plain = sorted({"".join(c for c in word if c.isalpha()) for word in words} - {""})
    known = [word for word in plain if word != "tekst"]
    write(tmp_path, "dictionaries/nl.aff", "SET UTF-8\n")
    write(tmp_path, "dictionaries/nl.dic", f"{len(known)}\n" + "\n".join(known) + "\n")
    monkeypatch.setenv("COURSEKIT_HUNSPELL", str(tmp_path / "dictionaries"))
    problems = problems_of(course)
    assert any("'tekst' is not in the dictionary" in problem for problem in problems)
    names = [re.search(r"'(\w+)' is not in", problem)[1] for problem in problems]
    write(course.root, "translations/nl/words.txt", "\n".join(names) + "\n")
    assert problems_of(course) == []


def test_no_dictionary_prints_one_line(course):
    lines: list[str] = []
    translations = load_translations(course, load_lessons(course))
    translation_problems(course, translations[0], lines.append)
    assert all("no Hunspell dictionary" in line for line in lines)
    assert len(lines) <= 1


def test_a_broken_catalog_is_named(course):
    path = catalog_path(course, "nl", "strings")
    path.write_text(path.read_text(encoding="utf-8") + "\nmsgid broken\n", encoding="utf-8")
    with pytest.raises(AuthoringError, match=r"translations/nl/strings\.po is not a valid catalog"):
        rebuilt(course)


def test_glossary_rules():
    glossary = [
        {"term": "fact base", "rule": "translate", "nl": "feitenbank"},
        {"term": "fact", "rule": "translate", "nl": "feit|gegeven"},
        {"term": "prompt", "rule": "keep", "nl": ""},
    ]
    assert glossary_faults("The fact base.", "De feitenbank.", "nl", glossary) == []
    assert glossary_faults("Two facts.", "Twee gegevens.", "nl", glossary) == []
    assert glossary_faults("A `fact`.", "Een ding.", "nl", glossary) == []
    assert len(glossary_faults("A prompt.", "Een opdracht.", "nl", glossary)) == 1


def test_a_wrong_glossary_row_is_named(course):
    write(course.root, "translations/glossary.csv", "term,rule,note,nl\nword,translat,,woord\n")
    with pytest.raises(AuthoringError, match=r"glossary\.csv, line 2"):
        read_glossary(course.root)


# Languages and numbers


def test_a_new_language_is_in_progress_and_marked(course, capsys):
    assert main(["--root", str(course.root), "language", "fr"]) == 0
    project = load_project(course.root)
    assert [language.code for language in project.languages] == ["fr", "nl"]
    assert "kept = true" in (course.root / "pyproject.toml").read_text(encoding="utf-8")
    path = course.root / "translations/fr/notebooks/02_the_end.ipynb"
    assert "[Not yet translated]" in path.read_text(encoding="utf-8")
    with (course.root / "translations/glossary.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["term", "rule", "note", "nl", "fr"]
    assert problems_of(project) == []
    assert sync_problems(load_course(project)) == []
    capsys.readouterr()
    assert main(["--root", str(course.root), "translations"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "in progress" in lines[1]
    assert "0%" in lines[1]
    assert "released" in lines[2]
    assert "100%" in lines[2]


@pytest.mark.parametrize("code", ["nl", "en", "xx-nowhere"])
def test_a_language_that_cannot_be_added(course, code):
    with pytest.raises(AuthoringError, match=code):
        add_language(course, code)


def test_overview_counts_fuzzy_units(course):
    edit(course.root, LESSON, "A text is a list of words.", "A text is one list of words.")
    table = overview(course, load_translations(course, load_lessons(course)))
    assert table.splitlines()[1].split()[:5] == ["nl", "Nederlands", "released", "51", "1"]


def test_one_missing_unit_of_thousands_is_not_full_coverage(course, monkeypatch):
    (dutch,) = load_translations(course, load_lessons(course))
    monkeypatch.setattr(catalogs, "state", lambda _: (3000, ["one"], []))
    row = overview(course, [dutch]).splitlines()[1]
    assert " 99% " in row


@pytest.mark.parametrize(
    ("code", "value", "spec", "expected"),
    [
        ("nl", 1234.5, ",.1f", "1.234,5"),
        ("nl", 0.85, ".0%", "85%"),
        ("de", 0.856, ".1%", "85,6\u00a0%"),
        ("fr", 12345, ",", "12\u202f345"),
        ("nl", "v1.2", "", "v1.2"),
        ("nl", 7, "", "7"),
    ],
)
def test_numbers_by_language(code, value, spec, expected):
    assert format_number_with(value, spec, number_symbols(code)) == expected


def test_slots_are_filled_by_language():
    run = Run("", (), (), {"em": {"value": 0.5, "tolerance": 0}}, {"cpu": 3})
    filled = fill_slots("{{em:.1%}} in {{minutes_cpu}} min", run, "here", number_symbols("nl"))
    assert filled == "50,0% in 3 min"


def test_messages_fall_back_to_english(course, monkeypatch):
    monkeypatch.setattr(messages, "data_dir", lambda: course.root / "coursekit/data")
    monkeypatch.setattr(messages, "_current", "en")
    messages._locale.cache_clear()
    assert messages.t("{count} words", count=2) == "2 words"
    messages.set_language("nl")
    assert messages.language() == "nl"
    assert messages.t("{count} words", count=2) == "2 woorden"
    assert messages.t("no such text {x}") == "no such text {x}"
    assert messages.format_number(1234.5, ",.1f") == "1.234,5"
    with pytest.raises(ValueError, match="choose one of en, nl"):
        messages.set_language("xx")
    assert messages.language() == "nl"
    messages._locale.cache_clear()


def test_catalogs_carry_references_and_no_dates(course):
    text = catalog_path(course, "nl", "01_count_words").read_text(encoding="utf-8")
    cell = dutch(course).cells[0].id
    assert f'#: 01:{cell}\nmsgid "01 · Count words"' in text
    assert "Date" not in text
    with catalog_path(course, "nl", "01_count_words").open("rb") as file:
        assert len(read_po(file, locale="nl")) == 13


def test_the_texts_of_the_package_are_found(course):
    found = catalogs.string_entries(course, load_lessons(course))
    assert [text for text, _ in found] == ["Lesson ready", "measured: {records}", "{count} words"]


def test_a_text_that_is_no_literal_is_told(course):
    edit(course.root, "coursekit/__init__.py", 't("Lesson ready")', 't(f"Lesson {1}")')
    problems = catalogs.string_problems(course, load_lessons(course))
    assert len(problems) == 1
    assert problems[0].startswith("coursekit/__init__.py calls t(f'Lesson {1}')")


# The real course


@pytest.mark.parametrize("code", [language.code for language in load_project().languages])
def test_language_is_whole_and_consistent(code):
    project = load_project()
    translations = load_translations(project, load_lessons(project))
    translation = next(each for each in translations if each.language.code == code)
    problems = translation_problems(project, translation)
    assert not problems, "\n".join(["", *problems])


@pytest.mark.parametrize("code", [language.code for language in load_project().languages])
def test_translated_code_is_the_learners_code(code):
    root = load_project().root
    for path in sorted((root / "translations" / code / "notebooks").glob("*.ipynb")):
        english = nbformat.read(root / "notebooks" / path.name, as_version=4)
        made = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        same = [c.source for c in made if "language" not in c.metadata.get("tags", [])]
        assert same == [c.source for c in english.cells if c.cell_type == "code"], path.name
        assert len(made) == len(same) + 1, path.name
        assert not any(c.outputs for c in made), path.name


def test_another_form_of_address_is_named(course):
    edit(
        course.root, "pyproject.toml", 'name = "Nederlands"', 'name = "Nederlands"\navoid = "telt"'
    )
    problems = problems_of(load_project(course.root))
    assert problems
    assert all("'telt' is not this edition's form of address" in p for p in problems)


def test_a_sign_that_no_font_can_draw_is_named_and_a_font_is_cut_for_it(course):
    translated(course, {"{count} words": "{count} \u4e2a\u8bcd"})
    (problem,) = [p for p in problems_of(course) if "cannot draw" in p]
    assert "python -m authoring font nl" in problem
    if not NOTO.exists():
        pytest.skip("no Noto Sans CJK on this machine")
    (translation,) = load_translations(course, load_lessons(course))
    (path,) = make_font(course, "nl", translation.catalogs["strings"])
    assert path.stat().st_size < 20_000
    assert not [p for p in problems_of(course) if "cannot draw" in p]


def test_a_font_lacks_no_sign_silently(course, tmp_path):
    (translation,) = load_translations(course, load_lessons(course))
    assert make_font(course, "nl", translation.catalogs["strings"]) == []  # DejaVu Sans has all
    translated(course, {"{count} words": "{count} \u4e2a"})
    (translation,) = load_translations(load_project(course.root), load_lessons(course))
    with pytest.raises(AuthoringError, match="fonts-noto-cjk"):
        make_font(course, "nl", translation.catalogs["strings"], tmp_path / "none.ttc")
