"""Your own documents and questions on their way into the course: read, checked, drafted.

Whatever is wrong with a file is said in a sentence that names it, and the rest is read.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.bars import progress_bar
from coursekit.chunks import Chunk
from coursekit.corpus import Question
from coursekit.documents import MEGABYTE, READERS, Document, DocumentError, document_ids
from coursekit.language import t
from coursekit.paths import make_folder, write_atomically
from coursekit.scoring import normalise

if TYPE_CHECKING:
    from coursekit.models import LanguageModel

LONGEST_QUESTION = 150  # words: what the embedding model reads


class ReportError(ValueError):
    """No report can be made: the message says what happened, why, and what to do now."""


# ---------------------------------------------------------------- documents


def read_documents(
    folder: str | Path, limit: int = 5 * MEGABYTE
) -> tuple[list[Document], list[str]]:
    """Read every file of a folder that has a reader, and go on when one cannot be read.

    Unlike `coursekit.documents.read_folder`, which stops at the first bad file, it leaves that
    file out. Text in UTF-16 or Windows-1252 is converted. `limit` is the largest size in bytes.

    Returns: the documents, in the order of their paths, and a note for each file that was left out
    or converted.

    Raises:
        ReportError: the folder is missing, or no file of it can be read.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise ReportError(
            t(
                "{folder} is not a folder, so there are no documents. Give the folder that holds "
                "your files.",
                folder=folder,
            )
        )
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in READERS
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    known = ", ".join(READERS)
    if not files:
        raise ReportError(
            t(
                "The folder {folder} holds no document: the readers know {known}. Put such files "
                "into it, or convert yours first.",
                folder=folder.name,
                known=known,
            )
        )
    names = document_ids([file.relative_to(folder) for file in files])
    documents, notes = [], []
    for file, name in zip(progress_bar(files, t("reading")), names, strict=True):
        relative = file.relative_to(folder).as_posix()
        try:
            document, note = _read_one(file, name, limit)
        except (DocumentError, OSError) as error:
            notes.append(t("{file} was left out. {reason}", file=relative, reason=str(error)))
            continue
        documents.append(replace(document, path=relative))
        if note:
            notes.append(note)
    if not documents:
        raise ReportError(
            t(
                "No file of the folder {folder} can be read, so there is nothing to search. The "
                "first reason: {note}",
                folder=folder.name,
                note=notes[0],
            )
        )
    return documents, notes + language_notes(documents)


def _read_one(file: Path, name: str, limit: int) -> tuple[Document, str | None]:
    size = file.stat().st_size
    if size > limit:
        raise DocumentError(
            t(
                "It has {size} MB and the limit is {limit} MB: it would take long to read. Split "
                "it, or pass a larger limit.",
                size=f"{size / MEGABYTE:.1f}",
                limit=f"{limit / MEGABYTE:.1f}",
            )
        )
    data, note = file.read_bytes(), None
    if file.suffix.lower() != ".pdf":
        text, encoding = decode(data)
        if "\0" in text:
            raise DocumentError(
                t(
                    "It holds bytes that no text has, so it is no text file whatever its name "
                    "says. Save it again as UTF-8 text, or leave it out."
                )
            )
        if encoding != "utf-8":
            note = t(
                "{file} was read as {encoding}, not UTF-8. Look whether its accents are right.",
                file=file.name,
                encoding=encoding,
            )
        data = text.encode("utf-8")
    with _warnings_off("pypdf"):  # it prints a line for each oddity of a PDF
        title, text = READERS[file.suffix.lower()](data, file.name)
    if not text.strip():
        raise DocumentError(t("There is no text in it. Check the file, or take it away."))
    document = Document(
        id=name,
        title=title or file.stem,
        text=text,
        format=file.suffix.lower().lstrip("."),
    )
    return document, note


@contextmanager
def _warnings_off(library: str) -> Iterator[None]:
    logger = logging.getLogger(library)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding.

    A byte order mark decides; without one, text that is valid UTF-8 is UTF-8, text with a zero in
    every second byte is UTF-16, and the rest is Windows-1252.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding.removesuffix("-sig")
    zeros = [data[start::2].count(0) for start in (0, 1)]
    if len(data) > 3 and max(zeros) > 0.3 * len(data) / 2 and min(zeros) < 0.1 * max(zeros):
        encoding = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        return data.decode(encoding, errors="replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

_STOPWORDS = {
    "English": "the of and to in is that for with as are this be on by an it from or not",
    "German": "der die das und ist nicht mit ein eine den von zu auf für dem im sich des auch",
    "Dutch": "de het een en van is dat niet met op voor zijn te aan er bij ook wordt naar",
    "French": "le la les des et est une dans que pour qui sur pas au avec du ce sont ne",
    "Spanish": "el la los las de y es una que en por con para no se del al un su como",
    "Italian": "il di che la e un per non con una sono del le dei alla nel gli anche",
    "Portuguese": "o a os as de e um uma que em para com não do da no na se por mais",
}


def guess_language(text: str) -> str:
    """The language whose most frequent words make up the largest share of the words of `text`.

    Returns "another script" where most letters are not Latin, and "unknown" where fewer than 1 in
    20 words is a frequent word of any of seven languages, as in a list of numbers.
    """
    letters = [c for c in text[:20000] if c.isalpha()]
    if letters and sum(ord(c) < 0x250 for c in letters) < 0.5 * len(letters):
        return "another script"
    words = re.findall(r"[^\W\d_]+", text[:20000].lower())
    counts = Counter(words)
    shares = {
        name: sum(counts[word] for word in frequent.split()) / max(1, len(words))
        for name, frequent in _STOPWORDS.items()
    }
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= 0.05 else "unknown"


def _language_name(name: str) -> str:
    """What `guess_language` returned, in the language of the moment."""
    names = {
        "English": t("English"),
        "German": t("German"),
        "Dutch": t("Dutch"),
        "French": t("French"),
        "Spanish": t("Spanish"),
        "Italian": t("Italian"),
        "Portuguese": t("Portuguese"),
        "another script": t("another script"),
    }
    return names.get(name, name)


def language_notes(documents: Sequence[Document]) -> list[str]:
    """A warning if a tenth of the documents or more are not in English."""
    guesses = Counter(guess_language(document.text) for document in documents)
    other = [name for name in guesses if name not in ("English", "unknown")]
    foreign = sum(guesses[name] for name in other)
    if foreign < 0.1 * len(documents) or not foreign:
        return []
    return [
        t(
            "{count} of {total} documents look like {languages}. The course's two models were "
            "made for English, so expect bad retrieval and bad answers: load a multilingual "
            "embedder with load_embedder(...) and a multilingual model with load_lm(...).",
            count=foreign,
            total=len(documents),
            languages=", ".join(sorted(map(_language_name, other))),
        )
    ]


# ---------------------------------------------------------------- questions


def load_questions(path: str | Path) -> tuple[list[Question], list[str]]:
    """Read questions from a CSV or JSON Lines file.

    Columns or keys: `question`, `answer`, and, if you like, `source`, the name of the document
    that tells the answer. An empty answer means: the documents do not say it, so a refusal is
    right. CSV may use commas, semicolons or tabs, and quotes; the encoding is found by `decode`.

    Returns: the questions, with `source` in the field `fact`, and a note for each row that was
    left out, as empty, ambiguous or asked twice.

    Raises:
        ReportError: the file is missing, is in no such format, lacks a column or has no question.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise ReportError(
            t(
                "{path} is not there, so there are no questions. Check the name, or write the "
                "file: a CSV with the columns question, answer and source.",
                path=path,
            )
        )
    text, _ = decode(path.read_bytes())
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        rows, notes = _json_rows(text, path.name)
    elif suffix in (".csv", ".tsv", ".txt"):
        rows, notes = _csv_rows(text, path.name)
    else:
        raise ReportError(
            t(
                "{file} ends in {suffix}, and questions are read from .csv or .jsonl. Export your "
                "table as CSV.",
                file=path.name,
                suffix=suffix or t("nothing"),
            )
        )
    questions, first_rows = [], {}
    for number, row in rows:
        question = _clean(row.get("question"))
        answer, source = _clean(row.get("answer")), _clean(row.get("source"))
        if not question:
            if answer or source:
                notes.append(t("Row {number} has no question: left out.", number=number))
            continue
        if len(question.split()) > LONGEST_QUESTION:
            notes.append(
                t(
                    "Row {number} has {words} words, more than the embedding model reads: left "
                    "out. Ask it in a sentence or two.",
                    number=number,
                    words=len(question.split()),
                )
            )
            continue
        key = " ".join(normalise(question)) or question
        if key in first_rows:
            first, known = first_rows[key]
            same = normalise(known or "") == normalise(answer)
            notes.append(_duplicate_note(number, first, question, same))
            continue
        first_rows[key] = (number, answer)
        questions.append(
            Question(
                id=f"row-{number}",
                text=question,
                answer=answer or None,
                kind="own",
                split="test",
                product=None,
                family=None,
                gold_passages=(),
                fact=source or None,
            )
        )
    if not questions:
        raise ReportError(
            t(
                "{file} holds no question: there is a header and nothing usable below it. Write at "
                "least 20 questions, one in each row.",
                file=path.name,
            )
        )
    empty = sum(question.answer is None for question in questions)
    if empty:
        notes.append(
            t(
                "{count} of {total} questions have no answer in the file: for them, a refusal "
                "counts as right.",
                count=empty,
                total=len(questions),
            )
        )
    return questions, notes


def _clean(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _duplicate_note(number: int, first: int, question: str, same: bool) -> str:
    values = {"number": number, "first": first, "question": question[:60]}
    if same:
        return t("Row {number} repeats row {first} ({question}): left out.", **values)
    return t(
        "Row {number} asks what row {first} asks ({question}) and gives another answer: left out. "
        "Decide which answer is right.",
        **values,
    )


def _csv_rows(text: str, name: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    lines = text.splitlines()
    header_line = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=header_line.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ReportError(
            t(
                "{file} is no clean CSV ({error}): a quote is opened and not closed, or the like. "
                "Open it in a spreadsheet and save it as CSV UTF-8.",
                file=name,
                error=error,
            )
        ) from error
    rows = [(number, row) for number, row in enumerate(table, start=1) if any(map(str.strip, row))]
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    _require_columns(set(header), name)
    kept, notes = [], []
    for number, row in rows[1:]:
        if any(cell.strip() for cell in row[len(header) :]):
            notes.append(
                t(
                    "Row {number} has {cells} cells and the header has {columns}: left out. Put "
                    "quotes around a cell that holds the separator.",
                    number=number,
                    cells=len(row),
                    columns=len(header),
                )
            )
            continue
        kept.append((number, dict(zip(header, row, strict=False))))
    return kept, notes


_JSON_EXAMPLE = '{"question": "...", "answer": "..."}'


def _json_rows(text: str, name: str) -> tuple[list[tuple[int, dict[str, Any]]], list[str]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):  # JSON may hold U+2028
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ReportError(
                t(
                    "{file}, line {number}, is no JSON ({error}). Each line is one object, such as "
                    "{example}.",
                    file=name,
                    number=number,
                    error=error,
                    example=_JSON_EXAMPLE,
                )
            ) from error
        if not isinstance(row, dict):
            raise ReportError(
                t(
                    "{file}, line {number}, holds a {kind}, not an object. Write {example}.",
                    file=name,
                    number=number,
                    kind=type(row).__name__,
                    example=_JSON_EXAMPLE,
                )
            )
        rows.append((number, {str(key).strip().lower(): value for key, value in row.items()}))
    _require_columns({key for _, row in rows for key in row}, name)
    return rows, []


def _require_columns(found: set[str], name: str) -> None:
    missing = [column for column in ("question", "answer") if column not in found]
    if missing:
        raise ReportError(
            t(
                "{file} lacks: {missing}. Its columns are: {columns}. The first line must name the "
                "columns question and answer; source may follow.",
                file=name,
                missing=", ".join(missing),
                columns=", ".join(sorted(filter(None, found))) or t("none"),
            )
        )


# ---------------------------------------------------------------- drafts and examples


@dataclass(frozen=True)
class Draft:
    """A question that the model wrote about a passage, for a person to correct."""

    question: str
    answer: str
    source: str
    passage: str


def draft_questions(
    chunks: Sequence[Chunk], lm: LanguageModel, count: int = 20, seed: int = 0
) -> list[Draft]:
    """Let the model write questions whose answer is a number or a name of a passage.

    Each draft is about another passage, drawn by `seed`, from as many documents as possible. They
    are raw: most need a correction, and some should go.
    """
    from coursekit.rag import generate_cached

    rng = random.Random(seed)
    shuffled = rng.sample(list(chunks), len(chunks))
    seen: Counter[str] = Counter()
    ranked = []
    for chunk in shuffled:
        spans = answer_spans(chunk)
        if spans:
            seen[chunk.document_id] += 1
            ranked.append((seen[chunk.document_id], chunk, rng.choice(spans)))
    ranked.sort(key=lambda entry: entry[0])
    chosen = [(chunk, span) for _, chunk, span in ranked[:count]]
    prompts = [_draft_prompt(chunk, span, lm.tokenizer) for chunk, span in chosen]
    texts = generate_cached(prompts, lm, max_new_tokens=40)
    return [
        Draft(_first_question(text), span, chunk.document_id, chunk.text)
        for text, (chunk, span) in zip(texts, chosen, strict=True)
    ]


_SPANS = re.compile(
    r"\b\d[\d.,]*(?: (?!(?:a|and|are|as|at|by|for|from|in|is|it|of|on|or|the|to|was|with)\b)[a-z]+)"
    r"|(?:\b[A-Z][a-z]+ )+[A-Z][a-z]+\b"
)


def answer_spans(chunk: Chunk) -> list[str]:
    """What could be asked for in a chunk: numbers with their unit, and names."""
    body = chunk.text.partition("\n")[2] or chunk.text
    spans = (span.strip() for span in _SPANS.findall(body))
    return list(dict.fromkeys(span for span in spans if span not in chunk.title))


def _draft_prompt(chunk: Chunk, span: str, tokenizer: Any) -> str:
    content = (
        f"{chunk.text}\n\nWrite one question about this text. "
        f'The answer to the question must be "{span}".'
    )
    message = {"role": "user", "content": content}
    chat = tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    return chat + "Question:"


def _first_question(text: str) -> str:
    found = re.match(r"[^?\n]*\?", text.strip())
    return found.group().strip() if found else text.strip().partition("\n")[0]


def save_questions(drafts: Sequence[Draft], path: str | Path) -> Path:
    """Write drafts as a CSV with the columns question, answer, source and passage."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["question", "answer", "source", "passage"])
    table.writerows([d.question, d.answer, d.source, d.passage] for d in drafts)
    return write_atomically(Path(path), text.getvalue())


def write_example(target: str | Path, corpus: str = "company") -> tuple[Path, Path]:
    """Write a folder of documents and a file of questions to try the report on.

    `corpus` is "company", the documents about one family of machines of Larkspur Kitchen Works, its
    tables and the rules of the house, or "python", the Python language reference.
    Returns the folder and the file. Raises ValueError for another name.
    """
    from coursekit import corpus as shipped

    target = Path(target)
    folder = make_folder(target / "documents")
    if corpus == "company":
        rows = _example_company(folder)
    elif corpus == "python":
        for document in shipped.python_reference():
            write_atomically(folder / f"{document.id}.txt", document.text)
        rows = [(q.text, q.answer, f"python-{q.fact}") for q in shipped.python_questions()]
    else:
        raise ValueError(
            t("There is no example {corpus}. Choose company or python.", corpus=repr(corpus))
        )
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows([("question", "answer", "source"), *rows])
    return folder, write_atomically(target / "questions.csv", text.getvalue())


def _example_company(folder: Path) -> list[tuple[str, str, str]]:
    from coursekit.corpus import company_documents, company_questions

    documents = {
        document.id: document
        for document in company_documents()
        if document.family in _EXAMPLE_FAMILIES or document.kind in ("company", "table")
    }
    for document in documents.values():
        source = Path(document.path)
        write_atomically(folder / document.kind / source.name, source.read_bytes())
    asked = [q for q in company_questions(split="test") if q.kind != "multi"]
    house = [q for q in asked if q.family is None and q.answer]
    asked = [q for q in asked if q.family in _EXAMPLE_FAMILIES] + house[::3]
    rows = []
    for question in asked:
        gold = question.gold_passages
        rows.append(
            (question.text, question.answer or "", gold[0].rpartition("#")[0] if gold else "")
        )
    return rows


_EXAMPLE_FAMILIES = ("kestrel",)
