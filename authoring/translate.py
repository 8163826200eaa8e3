"""Translated editions: made from the catalogs, and held to them."""

from __future__ import annotations

import csv
import json
import os
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog

from authoring import catalogs
from authoring.editions import Edition, make_notebook, notebook_bytes
from authoring.execute import Run
from authoring.figures import overflows, translate_svg
from authoring.fonts import glyph_faults
from authoring.generated import UNTRANSLATED
from authoring.lesson import Lesson
from authoring.project import AuthoringError, Language, Project
from authoring.readme import readme_text
from authoring.segments import MARKDOWN, plain_words, same_structure, translate

CATALOGS = ("common", "diagrams", "strings", "readme")
LETTERS_TO_JUDGE = 40


@dataclass(frozen=True)
class Translation:
    """A language with its catalogs, already brought to the texts of today."""

    language: Language
    catalogs: dict[str, Catalog]

    def tr(self, name: str, mark: bool = True) -> Callable[[str], str]:
        """The translator of one catalog; a missing text stays English, under a visible mark."""
        label = catalogs.translator(self.catalogs["common"], lambda text: text)(UNTRANSLATED)
        return catalogs.translator(
            self.catalogs[name], lambda text: f"[{label}] {text}" if mark else text
        )


WITHOUT_SPACES = ("zh", "ja", "ko", "th")  # no words that Hunspell could look up
DICTIONARIES = ("/usr/share/hunspell", "/usr/share/myspell/dicts", "/Library/Spelling")


def load_translation(
    project: Project, language: Language, templates: dict[str, list[catalogs.Entry]]
) -> Translation:
    """Read the catalogs of a language and update them in memory."""
    loaded = {}
    for name, entries in templates.items():
        catalog = catalogs.read_catalog(
            catalogs.catalog_path(project, language.code, name), language.code
        )
        loaded[name] = catalogs.updated(catalog, entries, language.code)
    return Translation(language, loaded)


def number_symbols(code: str) -> dict[str, str]:
    """Decimal sign, grouping sign and percent pattern of a language, from CLDR."""
    locale = Locale.parse(code.replace("-", "_"))
    symbols = locale.number_symbols["latn"]
    pattern = locale.percent_formats[None].pattern.split(";")[0]
    sign = re.sub(r"[#0,.]+", "{}", pattern)
    return {"decimal": symbols["decimal"], "group": symbols["group"], "percent": sign}


def translated_files(
    project: Project,
    translation: Translation,
    lessons: dict[str, Lesson],
    runs: dict[str, Run],
) -> dict[Path, bytes]:
    """Everything that is made for one language, by path relative to the repository."""
    code = translation.language.code
    base = Path("translations") / code
    files = {
        base / f"{name}.po": catalogs.catalog_bytes(catalog, code)
        for name, catalog in translation.catalogs.items()
    }
    symbols = number_symbols(code)
    titles = {
        stem: f"{lesson.number} · {_title(translation, lesson)}" for stem, lesson in lessons.items()
    }
    for stem, run in runs.items():
        tr = translation.tr(stem)
        edition = Edition(
            folder=(base / "notebooks").as_posix(),
            titles=titles,
            language=translation.language,
            prose=lambda text, tr=tr: translate(text, tr),
            tr=translation.tr("common", mark=False),
            symbols=symbols,
        )
        notebook = make_notebook(project, lessons[stem], run, edition)
        files[base / "notebooks" / f"{stem}.ipynb"] = notebook_bytes(notebook)
    diagrams = translation.tr("diagrams", mark=False)
    for path in sorted((project.root / "images").glob("*.svg")):
        svg = translate_svg(path.read_text(encoding="utf-8"), diagrams).encode("utf-8")
        files[base / "images" / path.name] = svg
        files[Path("coursekit/data/images") / code / path.name] = svg
    files[Path(f"coursekit/data/locales/{code}.json")] = _locale_file(translation, symbols)
    if "readme" in translation.catalogs:
        text = readme_text(project, lessons, runs)
        made = translate(text, translation.tr("readme"))
        files[base / "README.md"] = _relinked(text, made, base, project).encode("utf-8")
    return files


def _title(translation: Translation, lesson: Lesson) -> str:
    heading = f"{lesson.number} · {lesson.title}"
    translated = translation.tr(lesson.stem, mark=False)(heading)
    return translated.removeprefix(f"{lesson.number} · ")


def _locale_file(translation: Translation, symbols: dict[str, str]) -> bytes:
    messages = {
        message.id: message.string
        for message in translation.catalogs["strings"]
        if message.id and message.string and not message.fuzzy
    }
    content = {"messages": messages, "name": translation.language.name, "numbers": symbols}
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _relinked(english: str, translated: str, base: Path, project: Project) -> str:
    """A translated README whose links lead on: to its own files, else to the English ones."""
    anchors = dict(zip(_anchors(english), _anchors(translated), strict=False))
    own = ("notebooks/", "images/")

    def moved(match: re.Match) -> str:
        target = match[2]
        if target.startswith("#"):
            return f"{match[1]}#{anchors.get(target[1:], target[1:])}{match[3]}"
        if re.match(r"[a-z]+:", target):
            return match[0]
        here = base.as_posix()
        if target.startswith(f"{here}/"):
            return match[1] + posixpath.relpath(target, here) + match[3]
        if target.startswith(own):
            return match[0]
        return match[1] + posixpath.relpath(target, here) + match[3]

    text = re.sub(r"(\]\()([^)\s]+)(\))", moved, translated)
    return re.sub(r'((?:src|href|srcset)=")([^"]+)(")', moved, text)


def _anchors(text: str) -> list[str]:
    tokens = MARKDOWN.parse(text)
    titles = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    return [anchor(title) for title in titles]


def anchor(title: str) -> str:
    """The address that a repository's web page gives to a heading."""
    words = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title).lower().strip())
    return words.replace(" ", "-")


def translation_problems(
    project: Project, translation: Translation, print_line: Callable[[str], object] = print
) -> list[str]:
    """All faults of a language: missing or stale units, structure, language, glossary, spelling."""
    language = translation.language
    problems = []
    glossary = read_glossary(project.root)
    speller = _speller(language.code, print_line)
    allowed = _allowed_words(project, language.code, glossary)
    for name, catalog in translation.catalogs.items():
        where = f"translations/{language.code}/{name}.po"
        _, fuzzy, empty = catalogs.state(catalog)
        if language.released:
            problems += [
                f"{where}: {text!r} changed in English since it was translated: translate it "
                "anew and remove the word fuzzy above it"
                for text in fuzzy
            ]
            problems += [f"{where}: {text!r} has no translation: write one" for text in empty]
        for message in catalog:
            if message.id and message.string and not message.fuzzy:
                entry = f"{where}: {message.id!r}"
                problems += [
                    f"{entry}: the translation differs in {fault}"
                    for fault in _unit_faults(name, message.id, message.string)
                ]
                problems += [
                    f"{entry}: {fault}"
                    for fault in glossary_faults(
                        message.id, message.string, language.code, glossary
                    )
                ]
                if other := address_used(message.string, language.avoid):
                    problems.append(
                        f"{entry}: {other!r} is not this edition's form of address: see style in "
                        "pyproject.toml"
                    )
                if speller:
                    quoted = message.string == message.id  # English that stays, such as a document
                    unknown = [] if quoted else misspelled(message.string, speller, allowed)
                    problems += [
                        f"{entry}: {word!r} is not in the dictionary: mend it, or add it to "
                        f"translations/{language.code}/words.txt"
                        for word in unknown
                    ]
    problems += language_faults(project, translation)
    problems += glyph_faults(project, language.code, translation.catalogs["strings"])
    diagrams = translation.tr("diagrams", mark=False)
    for path in sorted((project.root / "images").glob("*.svg")):
        svg = path.read_text(encoding="utf-8")
        problems += [
            f"translations/{language.code}/diagrams.po, images/{path.name}: {fault}: shorten it"
            for fault in overflows(translate_svg(svg, diagrams), svg)
        ]
    return problems


def _unit_faults(name: str, text: str, translation: str) -> list[str]:
    if name in ("strings", "common"):
        left, right = (sorted(re.findall(r"\{[^{}]*\}", part)) for part in (text, translation))
        if left != right:
            return [f"placeholders: {left} became {right}"]
    return [] if name == "strings" else same_structure(text, translation)


def language_faults(project: Project, translation: Translation) -> list[str]:
    """Cells of 40 letters or more whose translation is not in the language it should be in."""
    from authoring.lesson import load_lesson

    problems = []
    detect = _detector(translation.language.code)
    for stem in project.stems:
        tr = translation.tr(stem, mark=False)
        catalog = translation.catalogs[stem]
        for cell in load_lesson(project, stem).cells:
            if cell.cell_type != "markdown":
                continue
            done: list[str] = []

            def collect(text, done=done, tr=tr, catalog=catalog):
                message = catalog.get(text)
                if message is not None and message.string and not message.fuzzy:
                    done.append(plain_words(tr(text)))
                return text

            translate(cell.source, collect)
            words = " ".join(done)
            if sum(character.isalpha() for character in words) < LETTERS_TO_JUDGE:
                continue
            found = detect(words)
            if found not in (None, translation.language.code.split("-")[0]):
                problems.append(
                    f"translations/{translation.language.code}/{stem}.po, cell {cell.id}: reads "
                    f"like {found}, not {translation.language.code}: {words[:60]!r}"
                )
    return problems


@cache
def _detector(code: str) -> Callable[[str], str | None]:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, part.upper()) for part in ("en", code.split("-")[0])]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()

    def detect(text: str) -> str | None:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else None

    return detect


def read_glossary(root: Path) -> list[dict[str, str]]:
    """The rows of `translations/glossary.csv`: term, rule (keep or translate), a column a language.

    Raises:
        AuthoringError: the header or a rule is wrong; the message names the line.
    """
    path = root / "translations" / "glossary.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows, 2):
        if not row.get("term") or row.get("rule") not in ("keep", "translate"):
            raise AuthoringError(
                f"translations/glossary.csv, line {number}: each row needs a term and the rule "
                "keep or translate, under the header term,rule,note and one column a language."
            )
    return sorted(rows, key=lambda row: -len(row["term"]))


def address_used(translation: str, avoid: str) -> str:
    """The first form of address in a translation that the pattern `avoid` rules out, or ""."""
    found = re.search(avoid, plain_words(translation)) if avoid else None
    return found[0].strip() if found else ""


def glossary_faults(
    text: str, translation: str, code: str, glossary: list[dict[str, str]]
) -> list[str]:
    """The terms of the glossary whose translation the text does not use.

    A language's column may hold several forms, parted by `|`; one of them must be there.
    """
    words, made = plain_words(text).lower(), plain_words(translation).lower()
    faults = []
    for row in glossary:
        pattern = rf"(?<!\w){re.escape(row['term'].lower())}(?:s|es)?(?!\w)"
        if not re.search(pattern, words):
            continue
        words = re.sub(pattern, " ", words)
        column = (row.get(code) or "").strip()
        if row["rule"] == "translate" and not column:
            continue
        forms = [form.strip() for form in column.split("|")] if column else [row["term"]]
        if not any(form.lower() in made for form in forms):
            faults.append(f"the glossary has {row['term']!r} as {' or '.join(forms)!r}: use it")
    return faults


def _speller(code: str, print_line: Callable[[str], object]):
    if code.split("-")[0] in WITHOUT_SPACES:
        return None
    chosen = os.environ.get("COURSEKIT_HUNSPELL")  # instead of the system's folders
    folders = [chosen] if chosen else DICTIONARIES
    short = code.replace("-", "_")
    for folder in folders:
        for name in (short, f"{short}_{short.upper()}"):
            if (Path(folder) / f"{name}.dic").exists():
                from spylls.hunspell import Dictionary

                return Dictionary.from_files(str(Path(folder) / name))
    print_line(
        f"Spelling of {code} is not checked: no Hunspell dictionary here (on Debian: hunspell-"
        f"{code.split('-')[0]}; elsewhere set COURSEKIT_HUNSPELL to the dictionary's folder)."
    )
    return None


def _allowed_words(project: Project, code: str, glossary: list[dict[str, str]]) -> set[str]:
    words = {
        word.lower()
        for row in glossary
        for key in ("term", code)
        for word in re.findall(r"[^\W\d_]+", row.get(key) or "")
    }
    extra = project.root / "translations" / code / "words.txt"
    if extra.exists():
        words |= {line.strip().lower() for line in extra.read_text(encoding="utf-8").splitlines()}
    return words


def misspelled(text: str, speller, allowed: set[str]) -> list[str]:
    """The words of a translation that neither dictionary nor glossary knows."""
    without_addresses = re.sub(r"\S+[./@]\S+", " ", plain_words(text))
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", without_addresses)
    unknown = []
    for word in dict.fromkeys(words):
        known = word.lower() in allowed or word.lower().rstrip("s") in allowed
        if len(word) > 2 and not known and not word.isupper() and not speller.lookup(word):
            unknown.append(word)
    return unknown


def overview(project: Project, translations: list[Translation]) -> str:
    """The table of languages: state, units, fuzzy, coverage, reviewer."""
    rows = [("language", "state", "units", "fuzzy", "empty", "coverage", "reviewed by")]
    for translation in translations:
        totals = [catalogs.state(catalog) for catalog in translation.catalogs.values()]
        count = sum(total[0] for total in totals)
        fuzzy, empty = (sum(len(total[i]) for total in totals) for i in (1, 2))
        language = translation.language
        rows.append(
            (
                f"{language.code} {language.name}",
                "released" if language.released else "in progress",
                str(count),
                str(fuzzy),
                str(empty),
                f"{100 * (count - fuzzy - empty) // max(count, 1)}%",  # 100% means all
                language.reviewed_by or "nobody yet",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def add_language(project: Project, code: str) -> str:
    """Enter a new language in `pyproject.toml` and give the glossary a column for it.

    The next build makes its catalogs and its edition, in progress.

    Raises:
        AuthoringError: the code is no language, or the course has it already.
    """
    try:
        locale = Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise AuthoringError(
            f"{code!r} is no language code that CLDR knows: use one like fr, de or pt-BR."
        ) from error
    if code == "en" or code in {language.code for language in project.languages}:
        raise AuthoringError(f"The course has {code} already: see translations/{code}/.")
    name = locale.get_display_name(code.replace("-", "_")).capitalize()
    path = project.root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    key = code if re.fullmatch(r"[\w-]+", code) else f'"{code}"'
    entry = (
        f"[tool.course.languages.{key}]\n"
        f'name = "{name}"\nreleased = false\nreviewed_by = ""\nstyle = ""\n\n'
    )
    table = re.compile(r"^\[tool\.course(?:\.[^\]]*)?\]\n.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
    at = [match.end() for match in table.finditer(text)][-1]
    gap = "" if text[:at].endswith("\n\n") else "\n"
    path.write_text(text[:at] + gap + entry + text[at:], encoding="utf-8", newline="\n")
    glossary = project.root / "translations" / "glossary.csv"
    if glossary.exists():
        with glossary.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        if code not in rows[0]:
            rows = [[*rows[0], code], *([*row, ""] for row in rows[1:])]
            with glossary.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
    return name
