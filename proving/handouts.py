"""`python -m proving handouts`: a page for each lesson to print, and the schedules of the guide.

Everything is read off the built notebooks by their structure, never by English words, so that the
hand-outs of all languages come from the same code. A schedule is a plan of names, `SCHEDULES`; its
minutes come from the heads of the lessons and from their exercises.
"""

from __future__ import annotations

import argparse
import base64
import html
import json
import math
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from authoring.lesson import tags_of
from authoring.project import AuthoringError, Project, load_project
from authoring.readme import TIME
from authoring.segments import MARKDOWN
from coursekit.figures import alt_text
from coursekit.paths import write_atomically

COMMAND = "python -m proving handouts"
GUIDE = Path("workshop/guide.md")
FOLDER = Path("workshop/handouts")
MOST_LINES, MOST_WORDS = 55, 350  # what one printed A4 page holds beside its diagram
STEP = 5  # minutes: no schedule keeps a finer time
ROOM = 1.2  # a room takes longer than one learner: questions, a machine that needs help

# The diagram on the hand-out, where it is not the first one that the lesson shows.
DIAGRAMS = {"00": "00_first_answer", "09": "09_adapter", "11": "11_decide"}

EXERCISE = re.compile(r"(?P<name>\S.*?) (?P<key>\S+) (?P<dots>●+)(?: (?P<title>\S.*))?")
MINUTES = re.compile(r"\*(\d+)([^*\d.]*)\.?\*")
SHOWN = re.compile(r'figure\("(\w+)"\)')
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
MADE = re.compile(r"(<!-- made: ([\w -]+?) -->\n).*?(<!-- end -->)", re.DOTALL)
CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson: `key` is "05.1", or the letter of a patient in lesson 12."""

    key: str
    heading: str
    told: str  # its minutes, as the lesson's language says them
    minutes: int


@dataclass(frozen=True)
class Section:
    """What stands under one heading of the second level."""

    title: str
    words: int  # of its prose, that of its exercises included
    exercises: tuple[Exercise, ...]


@dataclass(frozen=True)
class Page:
    """What a hand-out takes from one notebook, in the notebook's language."""

    title: str
    promise: str
    disclaimer: str
    goals_label: str
    goals: tuple[str, ...]
    time: str
    minutes: int
    diagram: str
    sections: tuple[Section, ...]
    takeaways: tuple[str, ...]
    next: str

    @property
    def exercises(self) -> list[Exercise]:
        return [exercise for section in self.sections for exercise in section.exercises]


@dataclass(frozen=True)
class Part:
    """A lesson in a schedule.

    Attributes:
        lesson: its number, such as "05".
        do: the keys of the exercises that are done; None for all of them.
        leave: titles of the sections that are left out, with their exercises.
        shown: the instructor shows the notebook from `solutions/`, and nobody else runs it.
    """

    lesson: str
    do: tuple[str, ...] | None = None
    leave: tuple[str, ...] = ()
    shown: bool = False


@dataclass(frozen=True)
class Pause:
    """A row of a schedule that is no lesson."""

    what: str
    minutes: int


@dataclass(frozen=True)
class Schedule:
    """Days of parts and pauses; each day starts at `start` ("09:00") and all fit into `most`."""

    days: tuple[tuple[Part | Pause, ...], ...]
    most: int  # minutes of all days together, pauses included
    start: str = "09:00"


BREAK, LUNCH = Pause("Break", 15), Pause("Lunch", 60)
SCHEDULES = {
    "half-day": Schedule(
        days=(
            (
                Pause("Doors open, machines start, names", 15),
                Part("00"),
                Part("05", do=("05.1", "05.3", "05.5")),
                BREAK,
                Part("09", do=("09.1", "09.2", "09.3"), leave=("Merge", "On a GPU")),
                Part("11", do=(), leave=("What each system costs",), shown=True),
                Pause("The chart of lesson 11: which way for your case?", 20),
            ),
        ),
        most=240,
    ),
    "one-day": Schedule(
        days=(
            (
                Pause("Doors open, machines start, names", 15),
                Part("00"),
                Part("01", do=("01.1",), leave=("Ask eight times",)),
                BREAK,
                Part("05"),
                LUNCH,
                Part(
                    "07",
                    do=("07.1", "07.2"),
                    leave=(
                        "Does the answer follow from the passage?",
                        "A judge that always says yes",
                        "How many questions does it take?",
                        "When a metric should say no",
                    ),
                ),
                Part("09", do=("09.1", "09.2", "09.3", "09.5"), leave=("On a GPU",)),
                BREAK,
                Part("11", do=("11.1", "11.3")),
                Pause("Guesses against verdicts, and which way for your case", 20),
            ),
        ),
        most=450,
    ),
    "two-day": Schedule(
        days=(
            (
                Pause("Doors open, machines start, names", 15),
                Part("00"),
                Part("01", do=("01.1", "01.3")),
                BREAK,
                Part(
                    "02",
                    do=("02.1",),
                    leave=(
                        "Vectors of other lengths",
                        "A map of the company",
                        "Weak spot 4: another language",
                    ),
                ),
                Part("03", do=("03.4",), leave=("What size does to the answer",)),
                LUNCH,
                Part("05"),
                BREAK,
                Part(
                    "06",
                    do=("06.2", "06.4"),
                    leave=("Three hits that differ: MMR", "Read both texts together"),
                ),
                Part(
                    "07",
                    do=("07.1", "07.2"),
                    leave=(
                        "Does the answer follow from the passage?",
                        "A judge that always says yes",
                    ),
                ),
            ),
            (
                Pause("Doors open, yesterday in three sentences", 10),
                Part("08", do=("08.1", "08.3"), leave=("Rank, alpha, layers", "A cheap step")),
                BREAK,
                Part("09", do=("09.1", "09.2", "09.3", "09.5"), leave=("On a GPU",)),
                Part("10", do=("10.1",), leave=("What the model forgets meanwhile",)),
                LUNCH,
                Part("11", do=("11.1", "11.3")),
                Part("12", do=("A", "B", "12.1", "12.4")),
                BREAK,
                Part("13", do=("13.2", "13.4")),
                Pause("Which way for your case, and what next", 15),
            ),
        ),
        most=900,
    ),
}


# ---------------------------------------------------------------- reading a notebook


def read_cells(path: Path) -> list[NotebookNode]:
    """The cells of a built notebook, with their stored outputs.

    Raises:
        AuthoringError: the file is missing or is no notebook.
    """
    try:
        return nbformat.v4.reads_json(path.read_text(encoding="utf-8")).cells
    except (OSError, ValueError, AttributeError) as error:
        raise AuthoringError(
            f"{path} cannot be read as a notebook ({error}): run make build, then {COMMAND}."
        ) from error


def count_words(text: str) -> int:
    """Words of a text; seventeen Chinese characters count as ten words."""
    signs = len(CJK.findall(text))
    words = [word for word in CJK.sub(" ", text).split() if re.search(r"\w", word)]
    return len(words) + round(signs / 1.7)


def blocks_of(text: str) -> list[str]:
    """Paragraphs, lists, tables and headings of a Markdown text; fences and `<details>` whole."""
    found: list[str] = []
    is_open = False
    for block in re.split(r"\n\s*\n", text.strip()):
        if is_open:
            found[-1] += f"\n\n{block}"
        else:
            heading, _, rest = block.partition("\n") if block.startswith("#") else ("", "", block)
            found += [part.strip("\n") for part in (heading, rest) if part.strip()]
        opened, closed = (found[-1].count(tag) for tag in ("<details", "</details>"))
        is_open = opened > closed or found[-1].count("```") % 2 == 1
    return found


def bullets(block: str) -> tuple[str, ...]:
    """The items of a Markdown list, () for any other block."""
    lines = block.splitlines()
    if not lines or not all(line.startswith("- ") for line in lines):
        return ()
    return tuple(line.removeprefix("- ") for line in lines)


def read_page(cells: list[NotebookNode], where: str, minutes: int | None = None) -> Page:
    """Take a notebook apart by its structure.

    Args:
        cells: of a built notebook, as `read_cells` gives them.
        where: how messages name the notebook.
        minutes: what the head of the lesson says, with the exercises; None to read it there,
            which needs the English notebook.

    Raises:
        AuthoringError: a part of the structure is missing; the message says which.
    """
    setup = next((n for n, cell in enumerate(cells) if "setup" in tags_of(cell)), len(cells))
    blocks = [(b, n) for n, cell in enumerate(cells) for b in _markdown_blocks(cell)]
    head = [block for block, n in blocks if n < setup]
    body = [block for block, n in blocks if n > setup]
    if minutes is None:
        told = TIME.search("\n".join(head))
        minutes = int(told[1]) if told else 0
    goals_at = next((n for n, block in enumerate(head) if bullets(block)), 0)
    time = re.search(rf"\*\*[^*]+\*\*[^*;；.。]*(?<!\d){minutes}(?!\d)[^*;；.。]*", "\n".join(head))
    diagram = next((name for cell in cells for name in SHOWN.findall(cell.source)), "")
    sections = _sections(body)
    takeaways = next((bullets(block) for block in reversed(body) if bullets(block)), ())
    missing = {
        "a title": not head or not head[0].startswith("# ") or len(head) < 2,
        "a list of what you will be able to do": not goals_at,
        "its minutes": not minutes or time is None,
        "a diagram": not diagram,
        "sections": len(sections) < 2,
        "a list in its last section": not takeaways or takeaways != _last_list(body),
    }
    for what, is_missing in missing.items():
        if is_missing:
            raise AuthoringError(
                f"{where} lacks {what}, which its hand-out shows: mend the lesson and run make "
                f"build, then {COMMAND}."
            )
    italic = re.fullmatch(r"\*(.+)\*", head[2]) if len(head) > 2 else None
    return Page(
        title=head[0].removeprefix("# "),
        promise=head[1],
        disclaimer=italic[1] if italic else "",
        goals_label=head[goals_at - 1],
        goals=bullets(head[goals_at]),
        time=time[0].strip(),
        minutes=minutes,
        diagram=DIAGRAMS.get(head[0][2:4], diagram),
        sections=sections,
        takeaways=takeaways,
        next=LINK.sub(r"\1", body[-1]),
    )


def _markdown_blocks(cell: NotebookNode) -> list[str]:
    return blocks_of(cell.source) if cell.cell_type == "markdown" else []


def _last_list(body: list[str]) -> tuple[str, ...]:
    last = max((n for n, block in enumerate(body) if block.startswith("## ")), default=0)
    return next((bullets(block) for block in body[last:] if bullets(block)), ())


def _sections(body: list[str]) -> tuple[Section, ...]:
    found: list[Section] = []
    title, words, exercises = "", 0, []
    for number, block in enumerate([*body, "## "]):
        if block.startswith("## "):
            if title:
                found.append(Section(title, words, tuple(exercises)))
            title, words, exercises = block.removeprefix("## "), 0, []
            continue
        words += count_words(block)
        heading = EXERCISE.fullmatch(block.removeprefix("### "))
        told = MINUTES.match(body[number + 1]) if heading and number + 1 < len(body) else None
        if block.startswith("### ") and heading and told:
            exercises.append(
                Exercise(heading["key"], heading[0], f"{told[1]}{told[2]}".strip(), int(told[1]))
            )
    return tuple(found)


def load_pages(project: Project) -> dict[str, dict[str, Page]]:
    """The pages of each released language and of "en", by the stem of the lesson.

    Raises:
        AuthoringError: a notebook is missing, or lacks a part that a hand-out shows.
    """
    english = {
        stem: read_page(read_cells(project.solution_path(stem)), f"solutions/{stem}.ipynb")
        for stem in project.stems
    }
    pages = {"en": english}
    for language in project.languages:
        if not language.released:
            continue
        folder = Path("translations") / language.code / "notebooks"
        pages[language.code] = {
            stem: read_page(
                read_cells(project.root / folder / f"{stem}.ipynb"),
                (folder / f"{stem}.ipynb").as_posix(),
                english[stem].minutes,
            )
            for stem in project.stems
        }
    return pages


# ---------------------------------------------------------------- hand-outs


def image_of(code: str, page: Page) -> Path:
    """The diagram of a page, relative to the repository, in the language of the page."""
    folder = Path("images") if code == "en" else Path("translations") / code / "images"
    return folder / f"{page.diagram}.svg"


def handout_text(project: Project, code: str, stem: str, page: Page) -> str:
    """The Markdown of one hand-out."""
    image = image_of(code, page)
    here = FOLDER if code == "en" else FOLDER / code
    base = Path() if code == "en" else Path("translations") / code
    path = os.path.relpath(image, here).replace(os.sep, "/")
    alt = alt_text((project.root / image).read_text(encoding="utf-8"))
    exercises = [f"- {exercise.heading} · {exercise.told}" for exercise in page.exercises]
    parts = [
        f"# {page.title}",
        page.promise,
        f"![{alt}]({path})",
        page.goals_label,
        "\n".join(f"- {goal}" for goal in page.goals),
        f"## {_last_title(page)}",
        "\n".join(f"- {takeaway}" for takeaway in page.takeaways),
        page.time,
        "\n".join(exercises),
        f"`{(base / 'notebooks' / stem).as_posix()}.ipynb` · {page.next}",
        f"*{page.disclaimer}*" if page.disclaimer else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _last_title(page: Page) -> str:
    return page.sections[-1].title


def printed_size(text: str) -> tuple[int, int]:
    """Lines and words of a hand-out as it is printed: alt texts and addresses are not.

    A line holds 95 signs, or half as many Chinese ones.
    """
    shown = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    widths = [len(line) + len(CJK.findall(line)) for line in shown.splitlines()]
    return sum(max(1, -(-width // 95)) for width in widths), count_words(shown)


# ---------------------------------------------------------------- schedules


def part_minutes(part: Part, page: Page) -> int:
    """Minutes of a lesson in a schedule, rounded up to whole steps of five.

    The head of a lesson gives its minutes with all exercises. What the exercises leave of them is
    dealt out to the sections by their words. `ROOM` is the share that a room adds.

    Raises:
        AuthoringError: the plan names an exercise or a section that the lesson does not have.
    """
    _check_part(part, page)
    reading = page.minutes - sum(exercise.minutes for exercise in page.exercises)
    words = sum(section.words for section in page.sections)
    kept = [section for section in page.sections if section.title not in part.leave]
    done = sum(exercise.minutes for exercise in done_in(part, page))
    exact = done + reading * sum(section.words for section in kept) / words
    return STEP * math.ceil(round(ROOM * exact, 3) / STEP)


def done_in(part: Part, page: Page) -> list[Exercise]:
    """The exercises of a lesson that a schedule keeps."""
    kept = [s for s in page.sections if s.title not in part.leave]
    return [e for s in kept for e in s.exercises if part.do is None or e.key in part.do]


def _check_part(part: Part, page: Page) -> None:
    titles = {section.title for section in page.sections}
    keys = {exercise.key for exercise in page.exercises}
    left = {e.key for s in page.sections if s.title in part.leave for e in s.exercises}
    wrong = [name for name in part.leave if name not in titles]
    wrong += [key for key in part.do or () if key not in keys or key in left]
    if wrong:
        raise AuthoringError(
            f"SCHEDULES in proving/handouts.py names {wrong[0]!r} of lesson {part.lesson}, which "
            f"is no section or exercise there, or is left out. Sections: "
            f"{', '.join(sorted(titles))}. Exercises: {', '.join(sorted(keys))}."
        )


def clock(minutes: int) -> str:
    """Minutes since midnight as "09:05"."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def schedule_table(schedule: Schedule, pages: dict[str, Page]) -> str:
    """The tables of a schedule, one for each day, and a line with their sum.

    Args:
        pages: the English pages by number of the lesson.
    """
    hours, minutes = map(int, schedule.start.split(":"))
    tables, total = [], 0
    for number, day in enumerate(schedule.days, 1):
        at = 60 * hours + minutes
        rows = [f"**Day {number}**\n"] if len(schedule.days) > 1 else []
        rows += ["| From | Minutes | What | Exercises | Left out |", "|---|---|---|---|---|"]
        for item in day:
            long, cells = _row(item, pages)
            rows.append(f"| {clock(at)} | {long} | {' | '.join(cells)} |")
            at, total = at + long, total + long
        rows.append(f"| {clock(at)} | | End | | |")
        tables.append("\n".join(rows))
    told = f"{total // 60} hours {total % 60} minutes".replace(" 0 minutes", "")
    return "\n\n".join([*tables, f"Together {told}, breaks included."])


def _row(item: Part | Pause, pages: dict[str, Page]) -> tuple[int, list[str]]:
    if isinstance(item, Pause):
        return item.minutes, [item.what, "", ""]
    page = pages[item.lesson]
    done = [exercise.key for exercise in done_in(item, page)]
    everything = len(done) == len(page.exercises)
    exercises = "all" if everything else ", ".join(done) or "none"
    what = f"**{page.title}**" + (", shown from `solutions/`" if item.shown else "")
    left = "; ".join(f"*{title}*" for title in item.leave)
    return part_minutes(item, page), [what, exercises, left]


def lessons_table(project: Project, pages: dict[str, Page]) -> str:
    """All lessons with their minutes: as their heads say, exercises alone, and measured runs."""
    measured = json.loads(
        (project.root / "coursekit/data/minutes.json").read_text(encoding="utf-8")
    )
    rows = [
        "| Lesson | With exercises | Exercises alone | First run | Again | Hand-out | Answers |",
        "|---|---|---|---|---|---|---|",
    ]
    for stem, page in zip(project.stems, pages.values(), strict=True):
        alone = sum(exercise.minutes for exercise in page.exercises)
        minutes = measured.get(stem[:2], {})
        first, again = (f"{minutes[k]:g}" if k in minutes else "" for k in ("first", "cpu"))
        rows.append(
            f"| {page.title} | {page.minutes} | {alone} | {first} | {again} | "
            f"[page](handouts/{stem}.md) | [notebook](../solutions/{stem}.ipynb) |"
        )
    return "\n".join(rows)


def made_parts(project: Project, english: dict[str, Page]) -> dict[str, str]:
    """The made parts of the guide, by the name in `<!-- made: NAME -->`."""
    pages = {stem[:2]: page for stem, page in english.items()}
    parts = {"lessons": lessons_table(project, pages)}
    for name, schedule in SCHEDULES.items():
        parts[f"schedule {name}"] = schedule_table(schedule, pages)
    return parts


def filled(text: str, parts: dict[str, str]) -> str:
    """The guide with its made parts.

    Raises:
        AuthoringError: a part has no place in the guide, or a place no part.
    """
    named = [match[2] for match in MADE.finditer(text)]
    for name in sorted(set(named) ^ set(parts)):
        raise AuthoringError(
            f"{GUIDE.as_posix()} and {COMMAND} disagree about the part {name!r}: the guide needs "
            f"<!-- made: {name} --> and <!-- end --> exactly for the parts that are made, which "
            f"are {', '.join(parts)}."
        )
    return MADE.sub(lambda match: f"{match[1]}\n{parts[match[2]]}\n\n{match[3]}", text)


# ---------------------------------------------------------------- writing and checking


def derive(project: Project) -> dict[Path, bytes]:
    """Every hand-out and the guide, by path relative to the repository.

    Raises:
        AuthoringError: a notebook, the plan or the guide lacks a part; the message says which.
    """
    files = {}
    pages = load_pages(project)
    for code, of_language in pages.items():
        folder = FOLDER if code == "en" else FOLDER / code
        for stem, page in of_language.items():
            text = handout_text(project, code, stem, page)
            files[folder / f"{stem}.md"] = text.encode("utf-8")
    guide = (project.root / GUIDE).read_text(encoding="utf-8")
    files[GUIDE] = filled(guide, made_parts(project, pages["en"])).encode("utf-8")
    return files


def drift(project: Project, files: dict[Path, bytes]) -> list[str]:
    """Where the files on disk differ from what is made, each with the command that mends it."""
    problems = []
    for path, content in files.items():
        target = project.root / path
        if not target.exists() or target.read_bytes() != content:
            problems.append(f"{path.as_posix()} is not what the lessons say now: run {COMMAND}")
    for path in orphans(project, files):
        problems.append(f"{path.as_posix()} belongs to no lesson any more: run {COMMAND}")
    return problems


def orphans(project: Project, files: dict[Path, bytes]) -> list[Path]:
    """Hand-outs that no lesson stands behind."""
    found = sorted((project.root / FOLDER).glob("**/*.md"))
    return [path for path in (p.relative_to(project.root) for p in found) if path not in files]


PRINTED = """\
<!DOCTYPE html>
<html lang="{code}"><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4; margin: 12mm 16mm; }}
body {{ font: 10.5pt/1.36 "Noto Sans", "Noto Sans CJK SC", "Segoe UI", Helvetica, sans-serif; }}
article {{ break-after: page; }}
article:last-child {{ break-after: auto; }}
h1 {{ font-size: 17pt; margin: 0 0 4pt; }}
h2 {{ font-size: 12pt; margin: 9pt 0 2pt; }}
p {{ margin: 4pt 0; }}
ul {{ margin: 2pt 0 4pt; padding-left: 16pt; }}
img {{ display: block; margin: 6pt auto; max-width: 100%; max-height: 74mm; }}
</style></head><body>
{articles}
</body></html>
"""


def printable(project: Project, code: str, pages: dict[str, Page]) -> str:
    """All hand-outs of one language as one HTML page to print, diagrams inside, A4 each."""
    articles = []
    for stem, page in pages.items():
        svg = (project.root / image_of(code, page)).read_bytes()
        source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"
        body = MARKDOWN.render(handout_text(project, code, stem, page))
        body = re.sub(r'(<img src=")[^"]*"', lambda m, s=source: f'{m[1]}{s}"', body)
        articles.append(f"<article>\n{body}</article>")
    title = html.escape(project.title)
    return PRINTED.format(code=code, title=title, articles="\n".join(articles))


def main(arguments: list[str]) -> int:
    """Write the hand-outs and fill the guide; 0 when all is well, 1 with what is wrong printed."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say what drifted")
    parser.add_argument(
        "--print",
        dest="to_print",
        type=Path,
        metavar="FOLDER",
        help="also write one HTML page a language to FOLDER, for the printer",
    )
    options = parser.parse_args(arguments)
    try:
        project = load_project()
        files = derive(project)
        if options.check:
            problems = drift(project, files)
            print("\n".join(problems) or "the hand-outs and the guide say what the lessons say")
            return 1 if problems else 0
        written = _write(project, files)
        print(f"{written} files written" if written else "nothing to do: all is in sync")
        if options.to_print:
            for code, pages in load_pages(project).items():
                target = options.to_print / f"handouts-{code}.html"
                write_atomically(target, printable(project, code, pages).encode("utf-8"))
                print(f"{target}: open it in a browser and print it, A4, one page a lesson")
        return 0
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1


def _write(project: Project, files: dict[Path, bytes]) -> int:
    gone = orphans(project, files)
    for path in gone:
        (project.root / path).unlink()
    changed = [
        path
        for path, content in files.items()
        if not (project.root / path).exists() or (project.root / path).read_bytes() != content
    ]
    for path in changed:
        write_atomically(project.root / path, files[path])
    return len(changed) + len(gone)
