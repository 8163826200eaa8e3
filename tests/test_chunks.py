"""Chunks by characters and by tokens, their spans, and what counts as holding an answer.

The splitter by structure has its first tests in test_documents.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from coursekit.chunks import (
    answer_found,
    holds_answer,
    split_by_characters,
    split_by_tokens,
    split_into_chunks,
    with_titles,
)
from coursekit.corpus import Question, company_chunks, company_documents, company_questions
from coursekit.documents import Document, read_document
from coursekit.rag import Hit

TEXT = "# Oven\n\nHello there.\n\n## Heat\n\nWait 44 minutes.\n\n## Doors\n\nWipe the glass. Heat"


def document(text: str = TEXT, **changes: str) -> Document:
    fields = {"id": "d", "title": "Oven", "text": text, "format": "md"} | changes
    return Document(**fields)


@pytest.fixture(scope="module")
def tokenizer():
    """One token a word or mark; a window of 12, of which 2 are for special tokens."""
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=12, unk_token="[UNK]")
    fast.num_special_tokens_to_add = lambda pair=False: 2
    return fast


@pytest.mark.parametrize(
    ("size", "overlap", "pieces"),
    [
        (4, 1, ["abcd", "defg", "ghij"]),
        (4, 0, ["abcd", "efgh", "ij"]),
        (5, 0, ["abcde", "fghij"]),
        (6, 3, ["abcdef", "defghi", "ghij"]),
        (10, 9, ["abcdefghij"]),
        (99, 50, ["abcdefghij"]),
    ],
)
def test_characters_with_overlap(size, overlap, pieces):
    chunks = split_by_characters([document("abcdefghij")], size, overlap)
    assert [chunk.text for chunk in chunks] == pieces
    assert [chunk.id for chunk in chunks] == [f"d#{i}" for i in range(len(pieces))]


def test_an_empty_document_gives_no_chunks(tokenizer):
    assert split_by_characters([document("")], 5) == []
    assert split_by_tokens([document("")], tokenizer, 5) == []
    assert split_into_chunks([document("")]) == []
    assert split_by_characters([], 5) == []


def test_tokens_keep_the_text_between_them(tokenizer):
    chunks = split_by_tokens([document("One two,\n three four")], tokenizer, size=3, overlap=1)
    assert [chunk.text for chunk in chunks] == ["One two,", ",\n three four"]


def test_spans_lead_back_to_the_text(tokenizer):
    source = document()
    for chunks in (
        split_by_characters([source], 9, 2),
        split_by_tokens([source], tokenizer, 4, 1),
    ):
        assert all(source.text[c.start : c.end] == c.text for c in chunks)
        assert (chunks[0].start, chunks[-1].end) == (0, len(source.text))


def test_spans_of_chunks_by_structure(tmp_path):
    bodies = [TEXT[c.start : c.end] for c in split_into_chunks([document()])]
    assert bodies == ["Hello there.", "Wait 44 minutes.", "Wipe the glass. Heat"]
    file = tmp_path / "list.csv"
    file.write_text("a,b\n1,2\n1,2\n", encoding="utf-8")
    table = read_document(file)
    chunks = split_into_chunks([table])
    assert [table.text[c.start : c.end] for c in chunks] == ["A: 1. B: 2."] * 2
    assert chunks[0].end < chunks[1].start


def test_a_span_is_found_where_white_space_changed():
    words = [f"w{number}" for number in range(9)]
    source = document("# T\n\n" + "   ".join(words))
    chunks = split_into_chunks([source], max_words=4)
    assert [source.text[c.start : c.end].split() for c in chunks] == [
        words[:4],
        words[4:8],
        words[8:],
    ]


def test_every_span_of_the_company_gives_the_body_of_its_chunk():
    texts = {d.id: d.text for d in company_documents()}
    for chunk in company_chunks():
        assert chunk.text.endswith(texts[chunk.document_id][chunk.start : chunk.end])


def test_the_section_is_the_one_a_piece_begins_in():
    chunks = split_by_characters([document()], TEXT.index("## Doors") - 1)
    assert [(c.section, c.text[:9]) for c in chunks] == [
        ("", "# Oven\n\nH"),
        ("Doors", "\n## Doors"),
    ]
    assert [c.section for c in split_by_characters([document()], TEXT.index("44"))][:2] == [
        "",
        "Heat",
    ]
    inside_the_heading = split_by_characters([document()], TEXT.index("ors\n"))
    assert [c.section for c in inside_the_heading] == ["", "Doors"]


def test_titles_in_front():
    chunks = split_by_characters([document()], TEXT.index("Wait"))
    lines = [c.text.partition("\n")[0] for c in with_titles(chunks)]
    assert lines == ["Oven", "Oven · Heat", "Oven · Doors"]
    assert with_titles(chunks)[1].text.endswith(f"\n{chunks[1].text}")
    assert with_titles(chunks)[1].start == chunks[1].start


# Sizes that make no sense: each message says what and what to do


@pytest.mark.parametrize("size", [0, -3])
def test_size_must_leave_room(tokenizer, size):
    with pytest.raises(ValueError, match=f"size is {size}.*Give 1 or more"):
        split_by_characters([document()], size)
    with pytest.raises(ValueError, match="Give 1 or more"):
        split_by_tokens([document()], tokenizer, size)


@pytest.mark.parametrize("overlap", [4, 9, -1])
def test_overlap_must_be_below_the_size(tokenizer, overlap):
    with pytest.raises(ValueError, match=f"overlap is {overlap} and size is 4.*from 0 to 3"):
        split_by_characters([document()], 4, overlap)
    with pytest.raises(ValueError, match="from 0 to 3"):
        split_by_tokens([document()], tokenizer, 4, overlap)


def test_tokens_must_fit_the_window(tokenizer):
    assert split_by_tokens([document()], tokenizer, 10)
    with pytest.raises(ValueError, match="size is 11 tokens.*reads 12.*at most 10"):
        split_by_tokens([document()], tokenizer, 11)


# What holds an answer


def question(**changes) -> Question:
    fields = {
        "id": "q",
        "text": "How long?",
        "answer": "44 minutes",
        "kind": "prose",
        "split": "dev",
        "product": "kestrel-2",
        "family": "kestrel",
        "gold_passages": ("d#7",),
    }
    return Question(**(fields | changes))


def test_the_answer_must_stand_whole_and_in_the_right_document():
    chunks = split_into_chunks([document()])
    assert [holds_answer(chunk, question()) for chunk in chunks] == [False, True, False]
    assert not any(holds_answer(c, question()) for c in split_into_chunks([document(id="e")]))
    assert not any(holds_answer(c, question(answer="4 minutes")) for c in chunks)
    assert not any(holds_answer(c, question(answer=None, gold_passages=())) for c in chunks)
    halves = split_by_characters([document()], TEXT.index("4 minutes"))
    assert not any(holds_answer(half, question()) for half in halves)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Price list. Product: Kestrel 2. Weight: 183 kilograms.", True),
        ("Kestrel 2,183 kilograms,pallet", True),
        ('Kestrel 2,"183 kilograms",pallet', True),
        ("Kestrel 3,183 kilograms,pallet\nKestrel 2,190 kilograms,pallet", False),
        ("Kestrel 2\n183 kilograms", False),
        ("183 kilograms,pallet", False),
        ("Kestrel 2,1183 kilograms,pallet", False),
    ],
)
def test_in_a_table_one_line_holds_product_and_answer(text, held):
    (chunk,) = split_by_characters([document(text)], 1000)
    assert holds_answer(chunk, question(kind="table", answer="183 kilograms")) is held


def test_the_rule_names_the_stored_gold_passages():
    chunks = company_chunks()
    for asked in company_questions():
        if asked.kind in ("prose", "table", "company"):
            held = tuple(chunk.id for chunk in chunks if holds_answer(chunk, asked))
            assert held == asked.gold_passages


def test_answer_found_has_one_row_a_question():
    chunks = split_into_chunks([document()])
    hits = [Hit(chunks[1], 0.9, 1), Hit(chunks[0], 0.8, 2)]
    rows = answer_found([hits, hits[::-1]], [question(), replace(question(), answer="Hello")])
    assert rows.tolist() == [[True, False], [True, False]]
