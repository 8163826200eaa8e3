"""Catalogs of texts (`translations/LANG/*.po`): made from the sources, updated, read."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, unescape, write_po

from authoring.figures import svg_texts
from authoring.generated import COMMON
from authoring.lesson import Lesson, place
from authoring.project import AuthoringError, Language, Project
from authoring.segments import SegmentError, units

Entry = tuple[str, str]  # text, where it stands
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
UNWRAPPED = 1_000_000


def templates(project: Project, lessons: dict[str, Lesson]) -> dict[str, list[Entry]]:
    """The texts to translate, by catalog name without `.po`, in the order of the sources."""
    result = {stem: lesson_entries(lesson) for stem, lesson in lessons.items()}
    result["common"] = [(text, "authoring/generated.py") for text in COMMON]
    result["diagrams"] = [
        (text, f"images/{path.name}")
        for path in sorted((project.root / "images").glob("*.svg"))
        for text in svg_texts(path.read_text(encoding="utf-8"))
    ]
    result["strings"] = string_entries(project, lessons)
    readme = project.root / "README.md"
    if readme.exists():
        text = readme.read_text(encoding="utf-8")
        result["readme"] = [(unit.text, "README.md") for unit in units(text)]
    return result


def lesson_entries(lesson: Lesson) -> list[Entry]:
    """The units of a lesson's Markdown cells, each with "NN:cell"."""
    entries = []
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            try:
                found = units(cell.source)
            except SegmentError as error:
                raise AuthoringError(f"{place(lesson.stem, cell)}: {error}") from error
            entries += [(unit.text, f"{lesson.number}:{cell.id}") for unit in found]
    return entries


def string_entries(project: Project, lessons: dict[str, Lesson]) -> list[Entry]:
    """The literal texts in calls of `t("...")`, in coursekit and in lessons."""
    return [
        (text.value, where)
        for where, text in _message_arguments(project, lessons)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


def string_problems(project: Project, lessons: dict[str, Lesson]) -> list[str]:
    """Calls of `t(...)` whose text no translator will ever see, since it is not a literal."""
    return [
        f"{where} calls t({ast.unparse(text)[:40]}): give it a literal text, with its values by "
        "name, so that it can be translated"
        for where, text in _message_arguments(project, lessons)
        if not (isinstance(text, ast.Constant) and isinstance(text.value, str))
    ]


def _message_arguments(
    project: Project, lessons: dict[str, Lesson]
) -> Iterator[tuple[str, ast.expr]]:
    sources = [
        (path.relative_to(project.root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((project.root / "coursekit").rglob("*.py"))
    ]
    sources += [
        (f"{lesson.number}:{cell.id}", cell.source)
        for lesson in lessons.values()
        for cell in lesson.code_cells()
    ]
    for where, source in sources:
        if "t(" not in source:
            continue
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "t"
            and node.args
        ]
        for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
            yield where, call.args[0]


def catalog_path(project: Project, language: str, name: str) -> Path:
    return project.root / "translations" / language / f"{name}.po"


def read_catalog(path: Path, language: str) -> Catalog:
    """The catalog in `path`, or an empty one where the file does not exist.

    Raises:
        AuthoringError: the file is not a valid catalog; the message names file and line.
    """
    if not path.exists():
        return Catalog(locale=language.replace("-", "_"))
    try:
        content = path.read_bytes()
        catalog = read_po(
            io.BytesIO(content), locale=language.replace("-", "_"), abort_invalid=True
        )
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise AuthoringError(
            f"translations/{language}/{path.name} is not a valid catalog ({error}): mend that "
            "line, or fetch the file again from the version history."
        ) from error
    for message in [*catalog, *catalog.obsolete.values()]:
        _restore_previous(message)
    return catalog


def _restore_previous(message: Message) -> None:
    """Babel writes the text that a fuzzy entry had before (`#|`), but reads it as a comment."""
    told = [comment for comment in message.user_comments if comment.startswith("|")]
    if told:
        message.user_comments = [c for c in message.user_comments if c not in told]
        message.previous_id = ["".join(unescape(part) for part in QUOTED.findall(" ".join(told)))]


def updated(catalog: Catalog, entries: Iterable[Entry], language: str) -> Catalog:
    """The catalog brought to the texts of today; what changed is fuzzy, what went is obsolete."""
    template = Catalog(locale=language.replace("-", "_"))
    for text, where in entries:
        template.add(text, locations=[(where, None)], auto_comments=())
    wanted = {message.id for message in template if message.id}
    for key in [key for key in catalog.obsolete if key in wanted]:
        revived = catalog.obsolete.pop(key)
        if key not in catalog:
            catalog[key] = revived
    previous = {m.id: m.previous_id for m in catalog if m.id and m.fuzzy}
    catalog.update(template, update_creation_date=False)
    for message in catalog:
        if message.id and message.fuzzy and message.id in previous and not message.previous_id:
            message.previous_id = previous[message.id]
    return catalog


def catalog_bytes(catalog: Catalog, language: Language | str) -> bytes:
    """The file of a catalog: same content, same bytes; no dates, no line numbers."""
    code = language if isinstance(language, str) else language.code
    for message in [*catalog, *catalog.obsolete.values()]:
        message.flags -= {"python-format", "python-brace-format"}
    body = io.BytesIO()
    write_po(
        body,
        catalog,
        width=UNWRAPPED,
        omit_header=True,
        include_previous=True,
        include_lineno=False,
    )
    head = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {code}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return head.encode("utf-8") + body.getvalue().strip(b"\n") + b"\n"


def translator(catalog: Catalog, missing: Callable[[str], str]) -> Callable[[str], str]:
    """A function from English text to its translation; `missing` answers for the others."""

    def translated(text: str) -> str:
        message = catalog.get(text)
        if message is None or message.fuzzy or not message.string:
            return missing(text)
        return message.string

    return translated


def state(catalog: Catalog) -> tuple[int, list[str], list[str]]:
    """Number of units, fuzzy ones, and empty ones."""
    messages = [message for message in catalog if message.id]
    fuzzy = [message.id for message in messages if message.fuzzy]
    empty = [message.id for message in messages if not message.string and not message.fuzzy]
    return len(messages), fuzzy, empty
