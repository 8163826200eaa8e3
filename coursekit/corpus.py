"""The course's documents and questions: the company, and the Python language reference.

Everything comes with the package (`coursekit/data`), except the reference, which every Python
brings along as `pydoc_data.topics`. The company's data are made by `python -m authoring.company`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from coursekit.chunks import Chunk, split_into_chunks
from coursekit.documents import Document, read_document
from coursekit.paths import data_dir
from coursekit.scoring import contains_answer

SNAPSHOTS = ("2025-03", "2025-09")
SPLITS = ("train", "dev", "test")
KINDS = ("prose", "table", "multi", "company", "unanswerable")


@dataclass(frozen=True)
class Fact:
    """One entry of the fact base: `values` holds the value in each snapshot.

    `product` is None for a fact of the whole company; `told_in` is "manual", "service",
    "table" or "company", and `document` the id of the document that tells it.
    """

    key: str
    label: str
    product: str | None
    name: str
    family: str | None
    split: str
    told_in: str
    document: str
    values: dict[str, str] = field(hash=False)

    @property
    def changes(self) -> bool:
        """True if the value differs between the snapshots."""
        return len(set(self.values.values())) > 1


@dataclass(frozen=True)
class Question:
    """A question with its gold answer and the ids of the chunks that hold the answer.

    `answer` is None, and `gold_passages` empty, if no document answers the question. `kind` is
    "prose", "table", "multi", "company", "unanswerable" or "reference". Each gold passage alone
    holds the answer, except for "multi": such a question needs both passages, since its answer
    is the name of the product that wins the comparison.
    `product` is None for a question about two products or about the company. `fact` is the
    key of the fact asked for.
    """

    id: str
    text: str
    answer: str | None
    kind: str
    split: str
    product: str | None
    family: str | None
    gold_passages: tuple[str, ...]
    fact: str | None = None


def company_folder(snapshot: str = SNAPSHOTS[0], *, root: Path | None = None) -> Path:
    """Folder with the company's files as they were in `snapshot`: pass it to `read_folder`.

    Raises `ValueError` for a snapshot that does not exist. `root` is the folder of the
    company's data; the default is the one in the package.
    """
    if snapshot not in SNAPSHOTS:
        raise ValueError(
            f"There is no snapshot {snapshot!r}: the company's documents were kept twice. "
            f"Choose one of {', '.join(SNAPSHOTS)}."
        )
    return _root(root) / snapshot


def company_documents(snapshot: str = SNAPSHOTS[0], *, root: Path | None = None) -> list[Document]:
    """All documents of the company in one snapshot, in a fixed order, with product and family."""
    company_folder(snapshot, root=root)
    return list(_documents(_root(root), snapshot))


def company_chunks(snapshot: str = SNAPSHOTS[0], *, root: Path | None = None) -> list[Chunk]:
    """The documents of a snapshot, split with the default settings of `split_into_chunks`.

    The gold passages of the questions are ids of these chunks.
    """
    company_folder(snapshot, root=root)
    return list(_chunks(_root(root), snapshot))


def company_facts(*, root: Path | None = None) -> list[Fact]:
    """The fact base: every fact of every product and of the company, with both values."""
    rows = json.loads((_root(root) / "facts.json").read_text(encoding="utf-8"))
    return [Fact(**row) for row in rows]


def company_questions(
    snapshot: str = SNAPSHOTS[0],
    split: str | None = None,
    kind: str | None = None,
    *,
    root: Path | None = None,
) -> list[Question]:
    """The official questions, each asked once, with the gold answers of one snapshot.

    `split` ("train", "dev" or "test") and `kind` ("prose", "table", "multi", "company" or
    "unanswerable") keep only these. A family of products stands in one split only.
    """
    company_folder(snapshot, root=root)
    _one_of("split", split, SPLITS)
    _one_of("kind", kind, KINDS)
    return [
        question
        for question, official in _questions(_root(root), snapshot)
        if official
        and (split is None or question.split == split)
        and (kind is None or question.kind == kind)
    ]


def training_questions(
    snapshot: str = SNAPSHOTS[0],
    split: str = "train",
    *,
    official: bool = True,
    root: Path | None = None,
) -> list[Question]:
    """Questions to train on: three wordings of each fact of each product of a split.

    The questions about the company, the comparisons and the unanswerable ones come along in
    the one wording they have. With `official=False` all official wordings are left out, so
    that a model trained on the rest can be tested on `company_questions` of the same split.
    """
    company_folder(snapshot, root=root)
    _one_of("split", split, SPLITS)
    return [
        question
        for question, is_official in _questions(_root(root), snapshot)
        if question.split == split and (official or not is_official)
    ]


def translated_questions(language: str) -> list[Question]:
    """Questions about the company in another language, each with the id of its English original.

    `language` is "de", "nl", "es" or "zh"; "en" gives the originals, in the same order. All fields
    but `text` are those of `company_questions`, so answers and gold passages stay English. Raises
    `ValueError` for another language.
    """
    path = data_dir() / "questions_in_other_languages.json"
    texts: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    known = {"en"}.union(*texts.values())
    _one_of("translation into", language, tuple(sorted(known)))
    return [
        replace(question, text={"en": question.text, **texts[question.id]}[language])
        for question in company_questions()
        if question.id in texts
    ]


@lru_cache(maxsize=1)
def python_reference() -> list[Document]:
    """The Python language reference as documents, one a topic, kind "reference".

    The text is that of the running Python. Three topics that mostly gather the text of others
    ("compound" repeats "for", "if", "with" and more) are left out.
    """
    from pydoc_data.topics import topics

    texts = {name: _reference_text(text) for name, text in topics.items()}
    documents = []
    for name in sorted(texts):
        if name in _GATHERING:
            continue
        heading = re.match(r"# (.+)", texts[name])
        documents.append(
            Document(
                id=f"python-{name}",
                title=f"Python reference: {heading.group(1) if heading else name}",
                text=texts[name],
                format="text",
                kind="reference",
                path=f"pydoc_data/topics/{name}",
            )
        )
    return documents


def python_questions() -> list[Question]:
    """The course's own questions on the Python language reference; the answers are spans of it.

    They hold for Python 3.11 to 3.13. All are in the split "test", and `fact` names the topic.
    A passage that stands word for word in a second topic is gold there too.
    """
    import yaml

    path = data_dir() / "python_reference" / "questions.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    chunks = split_into_chunks(python_reference())
    by_document = _by(chunks, "document_id")
    same_body: dict[str, list[str]] = {}
    for chunk in chunks:
        same_body.setdefault(_body(chunk), []).append(chunk.id)

    def gold(row: dict[str, str]) -> tuple[str, ...]:
        topic = by_document.get(f"python-{row['topic']}", [])
        found = [chunk for chunk in topic if contains_answer(_body(chunk), row["answer"])]
        ids = [chunk_id for chunk in found for chunk_id in same_body[_body(chunk)]]
        return tuple(dict.fromkeys(ids))

    return [
        Question(
            id=row["id"],
            text=row["question"],
            answer=row["answer"],
            kind="reference",
            split="test",
            product=None,
            family=None,
            gold_passages=gold(row),
            fact=row["topic"],
        )
        for row in rows
    ]


def _root(root: Path | None) -> Path:
    return root or data_dir() / "company"


def _one_of(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise ValueError(f"There is no {name} {value!r}. Choose one of {', '.join(known)}.")


@lru_cache(maxsize=4)
def _documents(root: Path, snapshot: str) -> tuple[Document, ...]:
    rows = json.loads((root / "documents.json").read_text(encoding="utf-8"))
    return tuple(
        read_document(
            root / snapshot / row["file"],
            id=row["id"],
            kind=row["kind"],
            product=row["product"],
            family=row["family"],
            snapshot=snapshot,
        )
        for row in rows
    )


@lru_cache(maxsize=4)
def _chunks(root: Path, snapshot: str) -> tuple[Chunk, ...]:
    return tuple(split_into_chunks(_documents(root, snapshot)))


@lru_cache(maxsize=4)
def _questions(root: Path, snapshot: str) -> tuple[tuple[Question, bool], ...]:
    """Every wording, with True for the official ones."""
    chunks = _chunks(root, snapshot)
    by_product, by_document = _by(chunks, "product"), _by(chunks, "document_id")
    pairs = []
    for line in (root / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        answer = row["answers"][snapshot]
        if row["kind"] == "multi":
            gold = tuple(
                chunk_id
                for product in row["products"]
                for chunk_id in _holding(row["values"][snapshot][product], by_product[product])[:1]
            )
        elif row["kind"] == "company":
            gold = _holding(answer, by_document.get(row["document"], []))
        else:
            gold = _holding(answer, by_product.get(row["product"], []))
        question = Question(
            id=row["id"],
            text=row["question"],
            answer=answer,
            kind=row["kind"],
            split=row["split"],
            product=row["product"],
            family=row["family"],
            gold_passages=gold,
            fact=row["fact"],
        )
        pairs.append((question, row["official"]))
    return tuple(pairs)


def _holding(answer: str | None, chunks: Iterable[Chunk]) -> tuple[str, ...]:
    if answer is None:
        return ()
    return tuple(chunk.id for chunk in chunks if contains_answer(chunk.text, answer))


def _body(chunk: Chunk) -> str:
    """The chunk's text without the line that names document and section."""
    return chunk.text.partition("\n")[2]


def _by(chunks: Iterable[Chunk], attribute: str) -> dict[str | None, list[Chunk]]:
    groups: dict[str | None, list[Chunk]] = {}
    for chunk in chunks:
        groups.setdefault(getattr(chunk, attribute), []).append(chunk)
    return groups


_GATHERING = frozenset({"compound", "execmodel", "specialnames"})
_UNDERLINE = re.compile(r"^([*=\-~^\"])\1{2,}$")
_LEVELS = '*=-~^"'


def _reference_text(text: str) -> str:
    """Turn the reference's plain text into light Markdown: headings marked, markup removed."""
    lines = text.strip().splitlines()
    kept: list[str] = []
    for line in lines:
        rule = _UNDERLINE.match(line)
        if rule and kept and kept[-1] and not kept[-1].startswith(" "):
            kept[-1] = f"{'#' * (1 + _LEVELS.index(rule.group(1)))} {kept[-1]}"
        elif not rule:
            kept.append(line)
    plain = "\n".join(kept)
    plain = re.sub(r":[a-z:]+:`~?([^`<]+?)(?: <[^`>]*>)?`", r"\1", plain)
    plain = re.sub(r"``([^`]+)``", r"\1", plain)
    return re.sub(r"(?<![\w*])\*{1,2}(\w[^*\n]*?)\*{1,2}(?![\w*])", r"\1", plain)
