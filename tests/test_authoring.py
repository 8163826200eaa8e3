"""The build: break one thing, and the message names the place. Then the real course's gates."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from fake_course import edit, make_course, write

from authoring import style
from authoring.__main__ import main
from authoring.build import build, compare_records, load_lessons, usable_runs
from authoring.check import (
    Course,
    data_problems,
    figure_problems,
    load_course,
    style_problems,
    sync_problems,
)
from authoring.execute import coarse_minutes, fingerprint, reached_modules
from authoring.figures import overflows, svg_problems, svg_texts, translate_svg
from authoring.generated import setup_source
from authoring.lesson import load_lesson
from authoring.project import AuthoringError, Project, load_project
from coursekit.figures import alt_text
from proving.results import FIRST_RUN, Result, save

LESSON = "lessons/01_count_words.py"


@pytest.fixture(scope="module")
def built_once(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("course") / "repository"
    build(make_course(root), print_line=lambda line: None)
    return root


@pytest.fixture
def course(built_once, tmp_path) -> Project:
    """The small course, built, in a folder of its own."""
    shutil.copytree(built_once, tmp_path / "repository")
    return load_project(tmp_path / "repository")


def quiet(line: str) -> None:
    """Take what the build tells."""


def notebook(project: Project, folder: str, stem: str = "01_count_words"):
    return nbformat.read(project.root / folder / f"{stem}.ipynb", as_version=4)


def cell_with(nb, text: str):
    return next(cell for cell in nb.cells if text in cell.source)


def rebuilt(project: Project, *numbers: str) -> list[Path]:
    return build(load_project(project.root), list(numbers), print_line=quiet)


# What the build makes


def test_solutions_hold_outputs_records_and_filled_slots(course):
    nb = notebook(course, "solutions")
    assert "62% are short, or 1,600 in all" in cell_with(nb, "are short").source
    assert nb.metadata.course.records["words"] == {"value": 1600, "tolerance": 0.0}
    assert cell_with(nb, "return len(").outputs == []
    assert cell_with(nb, "print(count_words").outputs[0].text == "4\n"


def test_learners_edition_has_a_stub_and_no_outputs_of_exercises(course):
    nb = notebook(course, "notebooks")
    exercise = cell_with(nb, "def count_words")
    assert exercise.source.endswith('in `text`."""\n    # Your code here\n    ...')
    assert cell_with(nb, "print(count_words").outputs == []
    assert cell_with(nb, 'record("words"').outputs[0].text.startswith("1600 words\nmeasured: ")
    assert "fingerprint" not in nb.metadata.course


def test_ids_are_the_same_in_every_edition(course):
    ids = [[cell.id for cell in notebook(course, f).cells] for f in ("solutions", "notebooks")]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_building_twice_changes_nothing(course):
    before = {path: path.stat().st_mtime_ns for path in course.root.rglob("*") if path.is_file()}
    assert rebuilt(course) == []
    after = {path: path.stat().st_mtime_ns for path in course.root.rglob("*") if path.is_file()}
    assert {p: t for p, t in after.items() if "__pycache__" not in p.parts} == {
        p: t for p, t in before.items() if "__pycache__" not in p.parts
    }


def test_a_fresh_build_gives_the_same_bytes(course, tmp_path):
    other = make_course(tmp_path / "again")
    build(other, print_line=quiet)
    for path in sorted(course.root.glob("*/*.ipynb")):
        assert path.read_bytes() == (other.root / path.relative_to(course.root)).read_bytes()


def test_prose_alone_needs_no_run(course):
    edit(course.root, LESSON, "A text is a list of words.", "A text is words in a row.")
    _, stale = usable_runs(course, load_lessons(course))
    assert stale == []
    written = {path.as_posix() for path in rebuilt(course)}
    assert "notebooks/01_count_words.ipynb" in written
    assert "notebooks/02_the_end.ipynb" not in written


@pytest.mark.parametrize(
    ("name", "old", "new", "stale"),
    [
        (LESSON, "* 200", "* 300", ["01_count_words"]),
        ("coursekit/figures.py", "most: int = 900", "most: int = 800", 1),
        ("requirements.txt", "numpy", "numpy==2.4", 2),
        ("images/01_words.svg", "A text<", "One text<", ["01_count_words"]),
        ("requirements.txt", "numpy", "numpy  # a comment", []),
        ("requirements.txt", "numpy\n", "numpy\n# Building and testing the course\nuv\n", []),
    ],
)
def test_what_makes_a_lesson_stale(course, name, old, new, stale):
    edit(course.root, name, old, new)
    found = usable_runs(course, load_lessons(course))[1]
    assert len(found) == stale if isinstance(stale, int) else found == stale


def test_data_makes_lessons_stale_but_locales_do_not(course):
    lesson = load_lesson(course, "02_the_end")
    before = fingerprint(course, lesson)
    write(course.root, "coursekit/data/locales/nl.json", "{}\n")
    assert fingerprint(course, lesson) == before
    write(course.root, "coursekit/data/facts.json", "{}\n")
    assert fingerprint(course, lesson) != before


@pytest.mark.parametrize("load", ["load_benchmark", "load_runs"])
def test_a_benchmark_makes_stale_only_the_lessons_that_load_it(course, load):
    lesson = load_lesson(course, "01_count_words")
    before = fingerprint(course, lesson)
    write(course.root, "coursekit/data/benchmarks/sweep.json", "{}")
    assert fingerprint(course, lesson) == before
    end = "lessons/02_the_end.py"
    edit(course.root, end, 'print("the end")', f'print("the end")  # {load}("sweep")')
    lesson = load_lesson(course, "02_the_end")
    loading = fingerprint(course, lesson)
    write(course.root, "coursekit/data/benchmarks/sweep.json", "[]")
    assert fingerprint(course, lesson) != loading


def test_the_alt_text_ends_each_sentence_in_its_own_script():
    svg = "<svg><title>{}</title><desc>{}</desc></svg>"
    assert alt_text(svg.format("A map", "It shows.")) == "A map. It shows."
    assert alt_text(svg.format("一张图", "它显示。")) == "一张图。 它显示。"


def test_reached_modules_follow_imports(tmp_path):
    files = {
        "__init__": 'from coursekit.one import first\nLAZY = {"second": "two"}\n',
        "one": "def first():\n    from . import three\n",
        "two": "",
        "three": "import coursekit.four\n",
        "four": "from coursekit import first\n",
        "five": "",
    }
    for name, text in files.items():
        write(tmp_path, f"coursekit/{name}.py", text)
    assert reached_modules(tmp_path, ["from coursekit import second"]) == {
        "coursekit",
        "coursekit.two",
    }
    assert reached_modules(tmp_path, ["%matplotlib inline\nfrom coursekit import first"]) == {
        "coursekit",
        "coursekit.one",
        "coursekit.three",
        "coursekit.four",
    }


def test_the_setup_cell_is_short_and_the_same_everywhere(course):
    folders = ("solutions", "notebooks", "translations/nl/notebooks")
    sources = {notebook(course, folder).cells[2].source for folder in folders}
    assert len(sources) == 1
    for repository in ("", "owner/name"):
        source = setup_source(SimpleNamespace(repository=repository))
        compile(source, "setup", "exec")
        assert len(source.splitlines()) <= 25
        assert "-U" not in source
        assert ("owner/name" in source) == bool(repository)


def test_the_setup_cell_on_colab_adds_only_what_is_missing(course, monkeypatch, tmp_path):
    """On a stand-in for Colab: one wheel in the folder, faiss absent, an old torchao."""
    calls = []
    present = [
        SimpleNamespace(name="numpy", version="2.0.2"),
        SimpleNamespace(name="torchao", version="0.10.0"),
    ]
    write(tmp_path, "coursekit-0.1.0-py3-none-any.whl", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLAB_RELEASE_TAG", "sim")
    monkeypatch.setattr("importlib.metadata.distributions", lambda: present)
    monkeypatch.setattr("subprocess.run", lambda words, check: calls.append(words[3:]))
    monkeypatch.setitem(sys.modules, "coursekit", SimpleNamespace(setup=lambda: None))
    source = setup_source(course)
    exec(source, {})
    assert calls == [
        ["install", "faiss-cpu>=1.12,<2", "--quiet"],
        ["install", "coursekit-0.1.0-py3-none-any.whl", "--quiet"],
        ["uninstall", "--yes", "torchao", "--quiet"],
    ]
    calls.clear()
    present[1:] = [SimpleNamespace(name=n, version="1.14") for n in ("faiss_cpu", "coursekit")]
    exec(source, {})
    assert calls == []


def test_publishing_stamps_badges_and_runs_nothing(course, capsys):
    assert main(["--root", str(course.root), "publish", "owner/name"]) == 0
    nb = notebook(course, "notebooks")
    assert "github/owner/name/blob/main/notebooks/01_count_words.ipynb" in nb.cells[1].source
    assert "owner/name" in nb.cells[2].source
    assert "ran in" not in capsys.readouterr().out


def test_a_removed_lesson_takes_its_made_files_along(course):
    (course.root / "lessons/02_the_end.py").unlink()
    edit(course.root, "pyproject.toml", ', "02_the_end"', "")
    edit(course.root, LESSON, " See the [end](02_the_end.ipynb).", "")
    rebuilt(course)
    assert not list(course.root.rglob("02_the_end.ipynb"))


# Broken sources


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("### BEGIN SOLUTION", "### BEGIN SOLUTIONS", "is no marker"),
        ("    ### END SOLUTION\n", "", "in pairs"),
        ("    ### BEGIN SOLUTION\n", "", "in pairs"),
        ('# %% tags=["exercise"]', "# %%", "lacks the tag"),
        ('tags=["check"]', 'tags=["chek"]', "does not know"),
        ("# <!-- next -->", "# The end.", "<!-- next -->"),
        ("# # 01 · Count words", "# # Count words", "must begin with"),
        ("# The build writes this cell.", "import os", "the build writes that"),
        ('# %% tags=["setup"]', "# %%", "tagged setup"),
        ("{{words:,}}", "{{wrds:,}}", "no code records 'wrds'"),
        ("{{words:,}}", "{{words:,q}}", "format does not fit"),
        ("| Language | Words |", "Language | Words", "begin"),
    ],
)
def test_a_broken_source_stops_the_build_and_is_named(course, old, new, message):
    edit(course.root, LESSON, old, new)
    with pytest.raises(AuthoringError) as caught:
        rebuilt(course)
    assert message in str(caught.value)
    assert LESSON in str(caught.value)


def test_markers_must_stand_in_a_function(course):
    solution = "    ### BEGIN SOLUTION\n    return len(text.split())\n    ### END SOLUTION"
    outside = "    return 0\n\n\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    edit(course.root, LESSON, solution, outside)
    with pytest.raises(AuthoringError, match="inside a function"):
        load_lesson(course, "01_count_words")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('print("the end")', "print(the_end)", "NameError"),
        ('print("the end")', 'import sys\nprint("oops", file=sys.stderr)', "writes to stderr"),
        ('print("the end")', "import os\nprint(os.getcwd())", "path of this machine"),
    ],
)
def test_a_failing_cell_is_named(course, old, new, message):
    edit(course.root, "lessons/02_the_end.py", old, new)
    with pytest.raises(AuthoringError) as caught:
        rebuilt(course)
    assert message in str(caught.value)
    assert "lessons/02_the_end.py, cell " in str(caught.value)


def test_a_failed_run_keeps_the_stored_solutions(course):
    stored = (course.root / "solutions/02_the_end.ipynb").read_bytes()
    edit(course.root, "lessons/02_the_end.py", 'print("the end")', "1 / 0")
    assert main(["--root", str(course.root), "build"]) == 1
    assert (course.root / "solutions/02_the_end.ipynb").read_bytes() == stored


def test_an_unknown_lesson_is_named(course):
    with pytest.raises(AuthoringError, match="no lesson 77"):
        rebuilt(course, "77")


# Drift


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("notebooks/01_count_words.ipynb", "list of words", "heap of words", LESSON),
        ("solutions/01_count_words.ipynb", "list of words", "heap of words", LESSON),
        ("translations/nl/notebooks/02_the_end.ipynb", "the end", "x", "nl/02_the_end.po"),
        ("translations/nl/images/01_words.svg", "A text", "B text", "images/01_words.svg"),
        ("coursekit/data/locales/nl.json", "Nederlands", "Dutch", "translations/nl/strings.po"),
        ("translations/nl/README.md", "Two", "Three", "README.md"),
        ("translations/nl/01_count_words.po", "Words in a text", "Words", "run make build"),
        ("coursekit/data/minutes.json", "1", "2", "run make build"),
        ("README.md", "| 7 | | 1 |", "| 8 | | 1 |", "other minutes than the lessons"),
    ],
)
def test_drift_names_file_and_source(course, path, old, new, expected):
    assert sync_problems(load_course(course)) == []
    edit(course.root, path, old, new)
    problems = sync_problems(load_course(course))
    assert problems, path
    assert problems[0].startswith(path)
    assert expected in problems[0]


@pytest.mark.parametrize("path", ["README.md", "translations/nl/README.md"])
def test_readme_shows_the_minutes_of_each_lesson_that_ran(course, path):
    rows = [line for line in (course.root / path).read_text("utf-8").splitlines() if "|" in line]
    assert [row.split("|")[4:7] for row in rows[2:]] == [
        [" 7 ", " ", " 1 "],
        [" ", " ", " 1 "],
        [" ", " ", " "],
    ]


def test_a_row_of_the_readme_with_another_number_of_cells_is_named(course):
    edit(course.root, "README.md", "| 7 | | 1 | here |", "| 7 | 1 | here |")
    with pytest.raises(AuthoringError, match="row of lesson 01 needs seven cells"):
        rebuilt(course)


def test_the_minutes_of_a_first_run_come_from_the_proven_run(course):
    head = "**Time:** 7 minutes with the exercises."
    edit(course.root, LESSON, head, f"{head} The first run: {{{{minutes_first}}}} min.")
    with pytest.raises(AuthoringError, match="prove --cold"):
        rebuilt(course)
    run = Result("01", "en", FIRST_RUN, "2026-11-23", 11.2, 0.5, True)
    folder = course.root / "proving" / "results"
    save(replace(run, edition="nl", minutes=99.0), folder)
    save(replace(run, lesson="02", passed=False), folder)
    save(run, folder)
    rebuilt(course)
    assert "The first run: 15 min." in (course.root / "notebooks/01_count_words.ipynb").read_text()
    rows = (course.root / "README.md").read_text(encoding="utf-8").splitlines()
    assert [row.split("|")[4:7] for row in rows if row.startswith(("| 01", "| 02"))] == [
        [" 7 ", " 15 ", " 1 "],
        [" ", " ", " 1 "],
    ]
    save(replace(run, minutes=3.0), folder)
    assert any(problem.startswith("README.md") for problem in sync_problems(load_course(course)))


def test_drift_of_a_notebook_names_the_cell(course):
    edit(course.root, "notebooks/01_count_words.ipynb", "list of words", "heap of words")
    wanted = cell_with(notebook(course, "solutions"), "list of words").id
    assert f"cell {wanted}" in sync_problems(load_course(course))[0]


def test_missing_stale_and_orphaned_files_are_told(course):
    (course.root / "notebooks/02_the_end.ipynb").unlink()
    edit(course.root, LESSON, "* 200", "* 300")
    write(course.root, "notebooks/03_gone.ipynb", "{}")
    write(course.root, "lessons/04_new.py", "")
    problems = "\n".join(sync_problems(load_course(course)))
    assert "notebooks/02_the_end.ipynb is missing" in problems
    assert "solutions/01_count_words.ipynb is stale" in problems
    assert "notebooks/03_gone.ipynb has no source" in problems
    assert "lessons/04_new.py is not listed" in problems


def test_colab_user_metadata_is_found(course):
    path = course.root / "notebooks/02_the_end.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[0].metadata["executionInfo"] = {"user": {"userId": "1"}}
    nbformat.write(nb, path)
    assert "Colab user" in style.user_metadata_problems(course)[0]


# Records


def test_fresh_records_are_compared_within_tolerance(course, tmp_path):
    fresh = {"share": {"value": 0.63, "tolerance": 0.01}, "words": {"value": 1601, "tolerance": 0}}
    write(tmp_path, "fresh/01_count_words.json", json.dumps(fresh))
    problems = compare_records(course, tmp_path / "fresh")
    assert problems == [
        "01_count_words: words is stored as 1600, the fresh run has 1601, and the tolerance is "
        "0.0: build the lesson again, or find out what changed"
    ]
    with pytest.raises(AuthoringError, match="no records"):
        compare_records(course, tmp_path)


def test_a_lost_or_new_record_is_told(course, tmp_path):
    fresh = {"share": {"value": 0.625, "tolerance": 0}, "more": {"value": 1, "tolerance": 0}}
    write(tmp_path, "fresh/01_count_words.json", json.dumps(fresh))
    problems = compare_records(course, tmp_path / "fresh")
    assert [problem.split(" ")[1] for problem in problems] == ["words", "more"]


def test_record_returns_its_value_and_keeps_it(tmp_path, monkeypatch, capsys):
    from coursekit.records import record

    monkeypatch.delenv("COURSEKIT_RECORDS", raising=False)
    assert record("em", 0.5) == 0.5
    monkeypatch.setenv("COURSEKIT_RECORDS", str(tmp_path))
    monkeypatch.delenv("COURSEKIT_LESSON", raising=False)
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "solutions/05_rag.ipynb::Cell 0 (setup)")
    record("em", 0.5, tolerance=0.1)
    record("name", "flat")
    stored = json.loads((tmp_path / "05_rag.json").read_text(encoding="utf-8"))
    assert stored == {
        "em": {"value": 0.5, "tolerance": 0.1},
        "name": {"value": "flat", "tolerance": 0.0},
    }
    assert capsys.readouterr().out == ""
    for wrong in (("not a name", 1), ("em", [1]), ("em", 1, -1)):
        with pytest.raises(ValueError, match="record|Record|tolerance"):
            record(*wrong)


def test_a_record_that_nobody_uses_is_told(course):
    edit(course.root, LESSON, ", or {{words:,}} in all", "")
    loaded = load_course(course)
    problems = style.record_problems(
        loaded.lessons["01_count_words"], loaded.runs["01_count_words"]
    )
    assert len(problems) == 1
    assert "'words'" in problems[0]


# Style, code habits, figures, links


def lesson_of(tmp_path: Path, body: str) -> tuple:
    project = make_course(tmp_path)
    edit(tmp_path, "lessons/02_the_end.py", '# %%\nprint("the end")\n', body)
    return project, load_lesson(project, "02_the_end")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("# %%\n%pip install x\n", "only the setup cell installs"),
        ("# %%\n!python -m pip install x\n", "only the setup cell installs"),
        ("# %%\nmodel.cuda()\n", "names the device"),
        ("# %%\n!pip install -U x\n", "upgrades a package"),
        ("# %%\nplt.plot([1]);\n", "semicolon"),
        ('# %%\nmodel.to("cuda")\n', "device of the profile"),
        ('# %%\nmodel.to("cuda:0")\n', "device of the profile"),
    ],
)
def test_code_habits(tmp_path, body, message):
    _, lesson = lesson_of(tmp_path, body)
    problems = style.code_problems(lesson)
    assert any(message in problem for problem in problems)
    assert all("lessons/02_the_end.py, cell " in problem for problem in problems)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("# %%\na = 1\n\n# %%\nb = 2\n\n# %%\nc = 3\n", "third code cell in a row"),
        ("# %%\n" + "a = 1\n" * 26, "26 lines of code"),
        ("# %% [markdown]\n# " + "word " * 121 + "\n", "121 words"),
    ],
)
def test_sizes(tmp_path, body, message):
    _, lesson = lesson_of(tmp_path, body)
    assert any(message in problem for problem in style.style_problems(lesson))


def test_size_of_the_whole(course):
    problems = style.style_problems(load_lesson(course, "02_the_end"), 300_001)
    assert any("5 cells" in problem for problem in problems)
    assert any("words per line of code" in problem for problem in problems)
    assert any("300,001 bytes" in problem for problem in problems)


@pytest.mark.parametrize(
    ("source", "shows"),
    [
        ("print(1)", True),
        ("figure('x')", True),
        ("a = 1\na", True),
        ("plt.show()", True),
        ("index.add(x)", False),
        ("a = 1", False),
        ("def f():\n    print(1)", False),
        ("for i in range(3):\n    print(i)", False),
    ],
)
def test_which_cells_must_show_something(source, shows):
    assert style.must_show(source) == shows


def test_a_cell_without_its_output_is_told(course):
    loaded = load_course(course)
    run = loaded.runs["02_the_end"]
    empty = type(run)(run.fingerprint, ([], []), run.counts, {}, run.minutes)
    problems = style.output_problems(loaded.lessons["02_the_end"], empty)
    assert "shows nothing" in problems[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [({"image/png": "AA=="}, True), ({"text/html": '<img alt="Plot." src="data:,">'}, False)],
)
def test_a_picture_without_an_alt_text_is_told(course, data, told):
    loaded = load_course(course)
    run = loaded.runs["02_the_end"]
    shown = tuple([nbformat.v4.new_output("display_data", data)] for _ in run.outputs)
    seen = type(run)(run.fingerprint, shown, run.counts, {}, run.minutes)
    problems = style.output_problems(loaded.lessons["02_the_end"], seen)
    assert any("without an alt text" in problem for problem in problems) == told


def test_an_ignored_output_needs_an_assertion(course):
    edit(
        course.root,
        "lessons/02_the_end.py",
        '# %%\nprint("the end")',
        '# %% tags=["nbval-ignore-output"]\nprint("the end")',
    )
    rebuilt(course)
    loaded = load_course(course)
    problems = style_problems(loaded)
    assert any("assert in it" in problem for problem in problems)
    assert any("at most 15%" in problem for problem in problems)


def test_figures_are_drawn_shown_and_described(course):
    assert figure_problems(load_course(course)) == []
    edit(course.root, "images/01_words.svg", "<title>From text to words</title>", "")
    edit(course.root, "images/01_words.svg", ">A text<", ">A text far too long for its box<")
    write(course.root, "images/09_unused.svg", "<svg xmlns='http://www.w3.org/2000/svg'>")
    edit(course.root, LESSON, 'figure("01_words")', 'figure("01_other")')
    problems = "\n".join(figure_problems(load_course(course)))
    assert "images/01_words.svg has no <title>" in problems
    assert "too wide for its box" in problems
    assert "images/09_unused.svg is not valid XML" in problems
    assert "images/09_unused.svg is shown nowhere" in problems
    assert "images/01_other.svg does not exist" in problems


def test_svg_texts_and_nothing_else_are_translated(course):
    svg = (course.root / "images/01_words.svg").read_text(encoding="utf-8")
    assert svg_texts(svg) == [
        "From text to words",
        "An arrow leads from a text to its words.",
        "A text",
        "Its words",
    ]
    assert translate_svg(svg, lambda text: text) == svg
    made = translate_svg(svg, lambda text: text.replace("text", "<tekst>"))
    assert "A &lt;tekst&gt;" in made
    assert svg_problems(made) == []
    assert overflows(translate_svg(svg, lambda text: text * 4), svg)


def test_figure_shows_an_image_with_alt_text(course):
    output = cell_with(notebook(course, "notebooks"), 'figure("01_words")').outputs[0]
    alt = "From text to words. An arrow leads from a text to its words."
    assert output.data["text/plain"] == alt
    assert output.data["text/html"].startswith(f'<img alt="{alt}" width="400" src="data:image/svg')


def test_an_image_in_markdown_and_a_dead_link_are_told(course):
    edit(course.root, LESSON, "[end](02_the_end.ipynb)", "[end](03_gone.ipynb) ![x](../y.svg)")
    loaded = load_course(course)
    assert any("holds an image" in problem for problem in figure_problems(loaded))
    problems = style.link_problems(course, loaded.files)
    assert any(
        problem.startswith("notebooks/01_count_words.ipynb links to 03_gone.ipynb")
        and LESSON in problem
        for problem in problems
    )


def test_links_of_the_small_course_resolve(course):
    assert style.link_problems(course, load_course(course).files) == []
    edit(course.root, "README.md", "#a-small-course", "#a-big-course")
    problems = style.link_problems(course, load_course(course).files)
    assert any(problem.startswith("README.md links to #a-big-course") for problem in problems)


def test_bold_terms_are_noted(course):
    notes = style.term_notes(load_lessons(course), [{"term": "word"}])
    assert len(notes) == 1
    assert "'measure'" in notes[0]


def test_minutes_are_coarse():
    assert [coarse_minutes(m) for m in (0.2, 1.2, 4, 9, 11, 15, 26)] == [1, 2, 5, 10, 15, 15, 30]


# The real course


@pytest.fixture(scope="module")
def real_course() -> Course:
    return load_course(load_project())


def told(problems: list[str]) -> str:
    return "\n".join(["", *problems])


def test_repository_is_in_sync(real_course):
    problems = sync_problems(real_course)
    assert not problems, told(problems)


def test_company_documents_are_in_sync():
    problems = data_problems(load_project())
    assert not problems, told(problems)


def test_lessons_keep_the_style_targets(real_course):
    problems = style_problems(real_course)
    assert not problems, told(problems)


def test_figures_are_in_order(real_course):
    problems = figure_problems(real_course)
    assert not problems, told(problems)


def test_links_lead_somewhere(real_course):
    problems = style.link_problems(real_course.project, real_course.files)
    assert not problems, told(problems)


def test_setup_cell_is_the_same_bytes_everywhere(real_course):
    sources = set()
    for path, content in real_course.files.items():
        if path.suffix == ".ipynb":
            cells = json.loads(content)["cells"]
            setup = [c for c in cells if "setup" in c["metadata"].get("tags", [])]
            assert len(setup) == 1, path
            sources.add("".join(setup[0]["source"]))
    assert len(sources) <= 1
