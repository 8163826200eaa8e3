"""Reading of documents and questions that nobody prepared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_models import tiny_lm

from coursekit.chunks import split_into_chunks
from coursekit.corpus import Question
from coursekit.documents import Document, read_folder
from coursekit.intake import (
    Draft,
    ReportError,
    answer_spans,
    decode,
    draft_questions,
    guess_language,
    language_notes,
    load_questions,
    progress_bar,
    read_documents,
    save_questions,
    write_example,
)
from coursekit.report import _row_name

GERMAN = "Die Maschine ist nicht für den Betrieb mit Gas und der Ofen ist auch nicht dicht. "
ENGLISH = "The oven is on the left of the door and it must not be moved. "


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


# ---------------------------------------------------------------- documents


def test_a_folder_of_all_formats_is_read_in_the_order_of_its_paths(tmp_path):
    write(tmp_path / "b.md", "# Oven\n\n" + ENGLISH)
    write(tmp_path / "a" / "c.html", f"<h1>Mill</h1><p>{ENGLISH}</p>")
    write(tmp_path / "prices.csv", "Product,Price\nOven,9 euros\n")
    write(tmp_path / ".hidden" / "x.md", "secret")
    write(tmp_path / "picture.png", b"\x89PNG")
    documents, notes = read_documents(tmp_path)
    assert [document.path for document in documents] == ["a/c.html", "b.md", "prices.csv"]
    assert documents[0].title == "Mill" and notes == []


def test_files_with_one_stem_get_different_ids(tmp_path):
    write(tmp_path / "a" / "index.md", ENGLISH)
    write(tmp_path / "b" / "index.md", ENGLISH)
    documents, _ = read_documents(tmp_path)
    assert [document.id for document in documents] == ["a-index-md", "b-index-md"]


def test_files_whose_names_differ_in_signs_only_get_different_ids(tmp_path):
    for name in ("C.md", "C++.md", "C#.md"):
        write(tmp_path / name, ENGLISH)
    assert sorted(d.id for d in read_documents(tmp_path)[0]) == ["c-md", "c-md-2", "c-md-3"]
    assert sorted(d.id for d in read_folder(tmp_path)) == ["c-md", "c-md-2", "c-md-3"]


def test_an_empty_folder_is_refused_with_the_known_formats(tmp_path):
    with pytest.raises(ReportError, match=r"holds no document: the readers know .md"):
        read_documents(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ReportError, match="is not a folder"):
        read_documents(tmp_path / "nowhere")


def test_a_bad_file_is_left_out_by_name_and_the_rest_is_read(tmp_path):
    write(tmp_path / "good.md", ENGLISH)
    write(tmp_path / "empty.txt", "")
    write(tmp_path / "huge.txt", ENGLISH * 50)
    write(tmp_path / "broken.pdf", b"%PDF-1.4 no pdf at all")
    write(tmp_path / "picture.txt", bytes(range(256)) * 3)
    write(tmp_path / "ragged.csv", "a,b\n1,2,3\n")
    documents, notes = read_documents(tmp_path, limit=2000)
    assert [document.id for document in documents] == ["good"]
    assert len(notes) == 5
    for name, reason in (
        ("empty.txt", "no text"),
        ("huge.txt", "Split it, or pass a larger limit"),
        ("broken.pdf", "can't be read as a PDF"),
        ("picture.txt", "no text file"),
        ("ragged.csv", "has 3 cells and the header has 2"),
    ):
        assert any(note.startswith(f"{name} was left out") and reason in note for note in notes)


def test_a_broken_pdf_prints_nothing(tmp_path, caplog):
    write(tmp_path / "broken.pdf", b"%PDF-1.4")
    write(tmp_path / "good.md", ENGLISH)
    read_documents(tmp_path)
    assert not caplog.records


def test_a_folder_without_one_readable_file_is_refused_with_the_first_reason(tmp_path):
    write(tmp_path / "empty.txt", "")
    with pytest.raises(ReportError, match=r"No file .* can be read.*empty\.txt was left out"):
        read_documents(tmp_path)


def test_a_file_that_may_not_be_opened_is_left_out(tmp_path, monkeypatch):
    write(tmp_path / "good.md", ENGLISH)
    locked = write(tmp_path / "locked.md", ENGLISH)
    read_bytes = Path.read_bytes

    def refuse(path):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    documents, notes = read_documents(tmp_path)
    assert len(documents) == 1 and "locked.md was left out" in notes[0]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("cp1252", b""),
    ],
)
def test_encodings_are_recognised(encoding, mark):
    text = "Crème brûlée costs 4 euros in the café – twice."
    got, name = decode(mark + text.encode(encoding))
    assert got == text
    assert name.replace("-", "")[:5] == encoding.replace("-", "")[:5]


def test_a_converted_file_is_named(tmp_path):
    write(tmp_path / "old.txt", ("The café is on the left. " * 5).encode("cp1252"))
    documents, notes = read_documents(tmp_path)
    assert "café" in documents[0].text
    assert "old.txt was read as cp1252" in notes[0]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "German"),
        (ENGLISH, "English"),
        ("De machine is niet voor het bakken van een brood en dat is ook te zien. ", "Dutch"),
        ("La machine est dans la cuisine et elle ne fait pas de pain pour les enfants. ", "French"),
        ("机器不能移动。这个烤箱很大。", "another script"),
        ("12 34 56 78", "unknown"),
    ],
)
def test_languages_are_told_by_their_frequent_words(text, language):
    assert guess_language(text * 3) == language


def test_documents_in_another_language_give_one_warning(tmp_path):
    write(tmp_path / "a.md", GERMAN * 3)
    write(tmp_path / "b.md", ENGLISH * 3)
    _, notes = read_documents(tmp_path)
    assert len(notes) == 1 and "1 of 2 documents look like German" in notes[0]
    assert "load_embedder" in notes[0]


def test_thousands_of_documents_are_read(tmp_path):
    for number in range(2000):
        write(tmp_path / f"{number % 40}" / f"note-{number}.txt", f"{ENGLISH} Number {number}.")
    documents, _ = read_documents(tmp_path)
    assert len({document.id for document in documents}) == 2000


def test_a_build_sees_no_progress_bar(monkeypatch, capsys):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert list(progress_bar(range(3), "work")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("TQDM_DISABLE", "0")
    assert list(progress_bar(range(3), "work")) == [0, 1, 2]
    assert "work" in capsys.readouterr().err


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize(
    "text",
    [
        "question,answer,source\nHow hot?,99 degrees,oven.md\n",
        "\ufeffQuestion ; Answer;SOURCE\r\nHow hot?;99 degrees;oven.md\r\n",
        'question\tanswer\tsource\n"How hot?"\t"99 degrees"\toven.md\n',
        "\n\nsource,question,answer\n\noven.md, How  hot? ,99 degrees\n,,\n\n",
    ],
)
def test_csv_in_every_dress_gives_the_same_question(tmp_path, text):
    questions, _ = load_questions(write(tmp_path / "q.csv", text))
    assert [(q.text, q.answer, q.fact) for q in questions] == [
        ("How hot?", "99 degrees", "oven.md")
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_question_files_may_have_other_encodings(tmp_path, encoding):
    path = write(tmp_path / "q.csv", "question;answer\nWo ist das Café?;Köln\n".encode(encoding))
    assert load_questions(path)[0][0].answer == "Köln"


def test_quotes_keep_separators_and_line_breaks(tmp_path):
    text = 'question,answer\n"Who, if\nanyone?","the ""mender"", Gasket"\n'
    questions, _ = load_questions(write(tmp_path / "q.csv", text))
    assert questions[0].text == "Who, if anyone?"
    assert questions[0].answer == 'the "mender", Gasket'


def test_json_lines_are_read(tmp_path):
    rows = [{"Question": "How hot?", "answer": 99}, {"question": "Why?", "answer": None}]
    text = "\n".join(json.dumps(row) for row in rows)
    questions, notes = load_questions(write(tmp_path / "q.jsonl", text + "\n\n"))
    assert [(q.text, q.answer) for q in questions] == [("How hot?", "99"), ("Why?", None)]
    assert "1 of 2 questions have no answer" in notes[0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "q.csv",
            "frage,antwort\nWarum?,Darum\n",
            "lacks: question, answer. Its columns are: antwort",
        ),
        ("q.csv", "question\nWhy?\n", "lacks: answer"),
        ("q.csv", "", "lacks: question, answer. Its columns are: none"),
        ("q.csv", "question,answer\n\n , \n", "holds no question"),
        ("q.csv", 'question,answer\n"Why?,42\n', "no clean CSV"),
        ("q.jsonl", '{"question": "Why?"\n', "line 1, is no JSON"),
        ("q.jsonl", "[1, 2]\n", "holds a list, not an object"),
        ("q.xlsx", "PK", "ends in .xlsx"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, text, message):
    with pytest.raises(ReportError, match=message):
        load_questions(write(tmp_path / name, text))


def test_a_missing_file_says_what_to_write(tmp_path):
    with pytest.raises(ReportError, match="a CSV with the columns question, answer and source"):
        load_questions(tmp_path / "none.csv")


def test_rows_that_cannot_be_used_are_named_and_the_rest_is_kept(tmp_path):
    rows = [
        "question,answer",
        "How hot?,99 degrees",
        "how hot,99 Degrees",
        "HOW HOT?,12 degrees",
        ",lonely answer",
        "What, then?,this, that",
        "word " * 151 + ",long",
        "Why?,",
    ]
    questions, notes = load_questions(write(tmp_path / "q.csv", "\n".join(rows)))
    assert [q.text for q in questions] == ["How hot?", "Why?"]
    text = "\n".join(notes)
    for part in (
        "Row 3 repeats row 2",
        "Row 4 asks what row 2 asks (HOW HOT?) and gives another answer",
        "Row 5 has no question",
        "Row 6 has 4 cells and the header has 2",
        "Row 7 has 151 words",
        "1 of 2 questions have no answer",
    ):
        assert part in text


# ---------------------------------------------------------------- drafts and examples


def test_answer_spans_are_numbers_with_a_unit_and_names():
    document = Document(
        "a", "Oven", "# Oven\n\nIt takes 45 minutes to bake, says Mara Lindqvist.", "md"
    )
    spans = answer_spans(split_into_chunks([document])[0])
    assert "45 minutes" in spans and "Mara Lindqvist" in spans


def test_drafts_come_from_different_documents_and_load_again(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    texts = {
        name: f"# {name}\n\nIt takes {n} minutes.\n\n## More\n\nIt weighs {n} kilograms."
        for n, name in enumerate(("oven", "mill", "mixer"), start=5)
    }
    chunks = split_into_chunks(Document(name, name, text, "md") for name, text in texts.items())
    drafts = draft_questions(chunks, tiny_lm(), count=3)
    assert {draft.source for draft in drafts} == set(texts)
    assert all(draft.answer in draft.passage for draft in drafts)
    path = save_questions([Draft("Why, so?", "5 minutes", "oven", "a\nb")], tmp_path / "q.csv")
    assert [(q.text, q.answer, q.fact) for q in load_questions(path)[0]] == [
        ("Why, so?", "5 minutes", "oven")
    ]


def test_names_of_languages_and_rows_follow_the_language_of_the_course(monkeypatch):
    monkeypatch.setattr("coursekit.intake.t", lambda text, **values: f"<{text.format(**values)}>")
    documents = [Document("a", "A", GERMAN * 3, "md")]
    assert "look like <German>" in language_notes(documents)[0]
    monkeypatch.setattr("coursekit.report.t", lambda text, **values: f"<{text.format(**values)}>")
    question = Question("row-7", "Why?", None, "own", "test", None, None, ())
    assert _row_name(question) == "<Row 7>"
    assert _row_name(replace(question, id="kestrel-3-012")) == "kestrel-3-012"


@pytest.mark.parametrize(("corpus", "fewest"), [("company", 40), ("python", 90)])
def test_examples_are_whole(tmp_path, corpus, fewest):
    folder, path = write_example(tmp_path, corpus)
    documents, _ = read_documents(folder)
    questions, _ = load_questions(path)
    assert len(questions) >= fewest
    assert {q.fact for q in questions if q.fact} <= {d.id for d in documents}


def test_an_unknown_example_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no example 'moon'"):
        write_example(tmp_path, "moon")


def test_json_may_hold_a_line_separator_of_unicode(tmp_path):
    row = json.dumps({"question": "Which\u2028one?", "answer": "a\u2028b"}, ensure_ascii=False)
    questions, _ = load_questions(write(tmp_path / "q.jsonl", f"{row}\r\n"))
    assert [question.answer for question in questions] == ["a b"]
