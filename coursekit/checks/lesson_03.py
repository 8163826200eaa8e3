"""Checks of lesson 03, documents_into_chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coursekit.chunks import split_into_chunks
from coursekit.documents import Document
from coursekit.exercises import Wrong, as_list, as_number, call, exercise
from coursekit.language import t


def _texts(got: Any) -> list[str]:
    """What the learner returned, as a list of texts; anything else is `Wrong`."""
    values = as_list(got)
    for value in values:
        if not isinstance(value, str):
            raise Wrong(
                t(
                    "Your list holds {got}; it should hold texts and nothing else.",
                    got=repr(value)[:80],
                )
            )
    return [str(value) for value in values]


SOFT = "\u00ad"


@exercise(
    "03.1",
    title=lambda: t("Repair the lines of a PDF"),
    hints=lambda: [
        t("Keep the paragraph so far in one text, and decide for each line what joins it."),
        t(
            "What stands at the end of the paragraph so far decides: a soft hyphen is cut off, an "
            "ordinary one stays, and only otherwise does a space come between."
        ),
        t(
            '`if current.endswith("\\u00ad"): current = current[:-1] + line`, '
            '`elif current.endswith("-") and current[-2:-1].isalpha(): current += line`, else '
            '`current = f"{current} {line}".strip()`. At the end of a paragraph a soft '
            "hyphen may be left, and after the loop one paragraph."
        ),
    ],
)
def check_join_lines(join_lines: Callable[..., Any]) -> None:
    cases: list[tuple[list[str], list[str], str]] = [
        (
            ["The decks reach", "273 degrees."],
            ["The decks reach 273 degrees."],
            t("lines of one paragraph are joined by one space"),
        ),
        (
            ["Turn the dial.", "", "Wipe the glass", "when it is cold."],
            ["Turn the dial.", "Wipe the glass when it is cold."],
            t("a blank line ends a paragraph, and the last paragraph counts as well"),
        ),
        (
            ["  Sweep the ledge.  ", "   ", "Sign the", "  card."],
            ["Sweep the ledge.", "Sign the card."],
            t("a line of spaces is blank, and each line is stripped"),
        ),
        (
            ["", "One.", "", "", "Two.", ""],
            ["One.", "Two."],
            t("there are no empty paragraphs"),
        ),
        (
            ["The tempera" + SOFT, "ture of the stone."],
            ["The temperature of the stone."],
            t("a soft hyphen at a line's end goes away, and no space takes its place"),
        ),
        (
            ["A three-", "deck oven on a hand-", "made stand."],
            ["A three-deck oven on a hand-made stand."],
            t("an ordinary hyphen after a letter stays, and no space follows it"),
        ),
        (
            ["Loosen the screws -", "all four."],
            ["Loosen the screws - all four."],
            t("a dash after a space is no hyphen: a space follows it"),
        ),
        (
            ["The code is HR-7-", "12 on the tag."],
            ["The code is HR-7- 12 on the tag."],
            t("the `-` stands after a digit, not after a letter, so a space follows"),
        ),
        (
            ["Take a cup" + SOFT, "", "board."],
            ["Take a cup", "board."],
            t("a blank line ends a paragraph after a hyphen too, and the soft hyphen still goes"),
        ),
        (
            ["A semi-detached" + SOFT, "ness of lids, in a well-", "swept room,", "helps."],
            ["A semi-detachedness of lids, in a well-swept room, helps."],
            t("hyphens inside a line stay as they are"),
        ),
        (
            ["Clean two- and three-", "deck ovens."],
            ["Clean two- and three-deck ovens."],
            t("hyphens inside a line stay as they are"),
        ),
        (
            ["A cup" + SOFT + "board", "of oak."],
            ["A cup" + SOFT + "board of oak."],
            t("only a soft hyphen at the end of a line goes away; one inside a line stays"),
        ),
        (
            ["-", "Wait", "-", "and go."],
            ["- Wait - and go."],
            t("a dash alone on its line stands after no letter, so a space follows"),
        ),
        (
            ["A flamb\u00e9-", "proof lid."],
            ["A flamb\u00e9-proof lid."],
            t("a letter with an accent is a letter too; `isalpha()` knows all of them"),
        ),
        ([], [], t("without lines there are no paragraphs")),
    ]
    for lines, right, fault in cases:
        got = _texts(call(join_lines, list(lines)))
        if got == right:
            continue
        if len(right) > 1 and got == right[:1]:
            fault = t("only the first paragraph came out; look where your `return` stands")
        elif len(got) == 1 and len(right) > 1 and "" in lines:
            fault = t("all came out as one paragraph; a blank line ends a paragraph")
        elif got == right[:-1] and right:
            fault = t("the last paragraph is missing; no blank line has to follow it")
        elif [g for g in got if g] == right:
            fault = t("there is an empty paragraph among them")
        elif "\n" not in "".join(got) and [" ".join(g.split()) for g in got] == right:
            fault = t("there are spaces at an end, or two in a row; strip each line first")
        raise Wrong(
            t(
                "For the lines {lines} you returned {got}, not {right}: {fault}.",
                lines=ascii(lines),
                got=ascii(got)[:160],
                right=ascii(right),
                fault=fault,
            )
        )


def _cut(text: str, size: int, overlap: int) -> list[str]:
    if not text:
        return []
    starts = range(0, max(len(text) - overlap, 1), size - overlap)
    return [text[start : start + size] for start in starts]


@exercise(
    "03.2",
    title=lambda: t("Cut with overlap"),
    hints=lambda: [
        t("The starts are 0, then one step of `size - overlap` after the other."),
        t(
            "A piece is `text[start : start + size]`. Stop after the first piece with "
            "`start + size >= len(text)`."
        ),
        t(
            "A `while start < len(text):` loop that appends the piece, leaves with `break` if "
            "`start + size >= len(text)`, and else adds `size - overlap` to `start`."
        ),
    ],
)
def check_cut(cut: Callable[..., Any]) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for text, size, overlap in (
        (letters[:12], 4, 0),
        (letters[:14], 4, 0),
        (letters[:11], 5, 2),
        (letters[:12], 5, 2),
        (letters[:13], 5, 2),
        (letters, 7, 6),
        (letters[:10], 6, 3),
        (letters[:9], 6, 3),
        (letters[:3], 8, 2),
        (letters[:8], 8, 3),
        (letters[:2], 6, 3),
        (letters[:5], 1, 0),
        ("", 4, 1),
        ("set it at ten", 4, 1),
    ):
        length, step = len(text), size - overlap
        right = _cut(text, size, overlap)
        got = _texts(call(cut, text, size, overlap))
        if got == right:
            continue
        if not text:
            fault = t("an empty text has no pieces")
        elif " " in text and [g.strip() for g in got] == [r.strip() for r in right]:
            fault = t("a space is a character too: each piece keeps its own")
        elif len(right) > 2 and got == right[:1]:
            fault = t("only the first piece came out; look where your `return` stands")
        elif got == right[::-1]:
            fault = t("the pieces are the right ones, but the order is reversed")
        elif got == [text[i : i + size] for i in range(0, length, step)]:
            fault = t(
                "the last piece lies wholly inside the one before it; stop as soon as a piece "
                "ends with the text"
            )
        elif not got:
            fault = t("a text that is shorter than a piece is one piece")
        elif overlap and got == _cut(text, size, 0):
            fault = t("the pieces share nothing; each begins {step} characters on", step=step)
        elif got == [text[i : i + size] for i in range(0, length, size + overlap)]:
            fault = t("the step is size - overlap, and you added the two: text is lost between")
        elif got == right[:-1] or got == [
            text[i : i + size] for i in range(0, length - size + 1, step)
        ]:
            fault = t("the end of the text is missing; the last piece may be shorter than size")
        elif got[: len(right) - 1] == right[:-1] and len(got) == len(right):
            fault = t("the last piece is not what is left of the text; do not fill or shift it")
        elif any(len(g) > size for g in got):
            fault = t("a piece has more than {size} characters", size=size)
        elif "" in got:
            fault = t("there is an empty piece")
        else:
            fault = t(
                "a piece has {size} characters and begins {step} after the one before",
                size=size,
                step=step,
            )
        raise Wrong(
            t(
                "For {text!r}, size {size}, overlap {overlap} you returned {got}, not {right}: "
                "{fault}.",
                text=text,
                size=size,
                overlap=overlap,
                got=repr(got)[:160],
                right=right,
                fault=fault,
            )
        )


@exercise(
    "03.3",
    title=lambda: t("Whole sentences within a budget"),
    hints=lambda: [
        t("Keep the sentences of the chunk in progress in a list, and count its words."),
        t(
            "Before you add a sentence: if the chunk has something in it and would become too "
            "long, put the chunk away and begin an empty one. Then add the sentence in any case."
        ),
        t(
            "After the loop, the chunk in progress is not yet in the result: "
            '`if current: chunks.append(" ".join(current))`.'
        ),
    ],
)
def check_pack_sentences(pack_sentences: Callable[..., Any]) -> None:
    short = ["Wait.", "Open the lid.", "Oil it.", "Close.", "Sign the card now.", "Go."]
    long = ["Stop.", "Wipe the long glass of the upper deck gently.", "Rest.", "Bake."]
    for sentences, budget in (
        (short, 4),
        (short, 5),
        (short, 6),
        (short, 100),
        (long, 4),
        ([long[1]], 3),
        (long[1:], 3),
        (long[:2], 5),
        ([], 5),
        (["A.", "B.", "C.", "D."], 1),
        (["Stones.", "Unbelievably uncomfortably", "hot."], 3),
        (["Sign  the card.", "Go."], 4),
    ):
        right = _packed(sentences, budget)
        got = _texts(call(pack_sentences, list(sentences), budget))
        # Two spaces within a sentence may stay or become one.
        if got in (right, [" ".join(r.split()) for r in right]):
            continue
        words = [len(g.split()) for g in got]
        too_long = [s for s in sentences if len(s.split()) > budget]
        if "" in got:
            fault = t("there is an empty chunk: put away a chunk only if something is in it")
        elif " ".join(got) != " ".join(sentences):
            if got == right[:-1]:
                fault = t("the last chunk is missing: put it away after the loop")
            elif got == right[:1]:
                fault = t("only the first chunk came out; look where your `return` stands")
            elif " ".join(got).split() == " ".join(sentences).split():
                fault = t("join sentences with exactly one space")
            elif "".join(got).replace(" ", "") == "".join(sentences).replace(" ", ""):
                fault = t("the sentences are stuck together; one space belongs between them")
            elif sorted(" ".join(got).split()) == sorted(" ".join(sentences).split()):
                fault = t("the order has changed; only neighbours are joined, none is moved")
            else:
                fault = t("sentences are missing, doubled or changed; each stands there once")
        elif any(not any(g.endswith(s) for s in sentences) for g in got):
            fault = t("a sentence was cut; a sentence that is too long stays whole")
        elif any(s in g and s != g for s in too_long for g in got):
            fault = t("a sentence of more than {n} words stands alone in its chunk", n=budget)
        elif any(n > budget and g not in sentences for n, g in zip(words, got, strict=True)):
            if max(words) == budget + 1:
                fault = t("a chunk has one word too many; at most {n} are allowed", n=budget)
            else:
                fault = t(
                    "a chunk of several sentences has more than {n} words; look *before* you add "
                    "a sentence whether it still fits",
                    n=budget,
                )
        elif len(got) > len(right):
            fault = t(
                "a chunk was closed although the next sentence still fitted; {n} words are "
                "allowed, counted by `split()`",
                n=budget,
            )
        else:
            fault = t("fill each chunk as far as it goes before you begin the next")
        raise Wrong(
            t(
                "For {sentences} and max_words={budget} you returned {got}, not {right}: {fault}.",
                sentences=sentences,
                budget=budget,
                got=repr(got)[:200],
                right=right,
                fault=fault,
            )
        )


def _packed(sentences: list[str], budget: int) -> list[str]:
    chunks: list[str] = []
    for sentence in sentences:
        if chunks and len(f"{chunks[-1]} {sentence}".split()) <= budget:
            chunks[-1] += f" {sentence}"
        else:
            chunks.append(sentence)
    return chunks


@exercise(
    "03.4",
    title=lambda: t("A row as a sentence"),
    hints=lambda: [
        t("`zip(header, row)` gives each column's name with its cell. Skip the empty cells."),
        t(
            "`name[:1].upper() + name[1:]` makes the first letter a capital; `capitalize()` would "
            "make the others small."
        ),
        t(
            "Collect title and `name: cell` in a list, add a full stop to each part that does not "
            'end in `.`, `!` or `?`, and join the parts with `" ".join(parts)`.'
        ),
    ],
)
def check_row_to_sentence(row_to_sentence: Callable[..., Any]) -> None:
    for title, header, row, right, fault in (
        (
            "Shipping",
            ["product", "weight"],
            ["Wren 64", "31 kilograms"],
            "Shipping. Product: Wren 64. Weight: 31 kilograms.",
            t("title and cells follow each other, each with a full stop, one space between"),
        ),
        (
            "Menders",
            ["mender", "telephone days", "town"],
            ["Kofi Mensah", "every weekday", "Tallow Bridge"],
            "Menders. Mender: Kofi Mensah. Telephone days: every weekday. Town: Tallow Bridge.",
            t("only the first letter of a column's name becomes a capital, in the table's order"),
        ),
        (
            "Shelf parts",
            ["part", "fits", "EU code"],
            ["cup rail", "", "HR-3"],
            "Shelf parts. Part: cup rail. EU code: HR-3.",
            t("an empty cell is left out with its name, and 'EU' keeps its capitals"),
        ),
        (
            "Price list",
            ["product", "note"],
            ["Heron Duo", "Made to order."],
            "Price list. Product: Heron Duo. Note: Made to order.",
            t("a cell that ends in a full stop gets no second one"),
        ),
        (
            "Questions",
            ["asked", "answer", "mood"],
            ["Why so hot?", "It is an oven!", "calm"],
            "Questions. Asked: Why so hot? Answer: It is an oven! Mood: calm.",
            t("after `?` and `!` no full stop follows"),
        ),
        (
            "Price list",
            ["product", "price"],
            ["lapwing 1.5", "40"],
            "Price list. Product: lapwing 1.5. Price: 40.",
            t("a mark inside a cell doesn't end it: only its last character decides"),
        ),
        (
            "Price list",
            ["product", "price"],
            ["lapwing", "0"],
            "Price list. Product: lapwing. Price: 0.",
            t("cells stay as they are, and the cell '0' is not empty"),
        ),
        (
            "Stock",
            ["iPad stand", "price"],
            ["yes", "4,310 euros"],
            "Stock. IPad stand: yes. Price: 4,310 euros.",
            t("the first letter becomes a capital and the others stay"),
        ),
        (
            "Colours",
            ["deck", "frame"],
            ["grey (matt)", "white"],
            "Colours. Deck: grey (matt). Frame: white.",
            t("after any last character but `.`, `!` and `?` a full stop follows, after `)` too"),
        ),
        (
            "Stock",
            ["shop", "store"],
            ["yes", "yes"],
            "Stock. Shop: yes. Store: yes.",
            t("two cells may be equal; take names and cells in step, not by searching the row"),
        ),
        (
            "Stock",
            ["shop", "store"],
            ["", ""],
            "Stock.",
            t("all cells are empty, so the title alone is left"),
        ),
    ):
        got = call(row_to_sentence, title, list(header), list(row))
        if not isinstance(got, str):
            raise Wrong(
                t("You returned {got}; join the parts to one text.", got=repr(got)[:80]),
            )
        if got == right:
            continue
        if not got.startswith(title):
            fault = t("the title of the table comes first")
        elif got.split() == right.split():
            fault = t("exactly one space belongs between the parts, and none at the ends")
        elif got.lower() == right.lower():
            fault = t(
                "capitals differ: the first letter of each column's name is a capital, all other "
                "letters and the cells stay"
            )
        elif "".join(got.split()) == "".join(right.split()):
            fault = t("one space belongs after each colon and each part")
        elif missing := [cell for cell in row if cell.rstrip(".!?") not in got]:
            fault = t(
                "the cell {cell} is missing; only an empty cell is left out", cell=repr(missing[0])
            )
        elif any(cell and f"{cell}: {name}" in got for name, cell in zip(header, row, strict=True)):
            fault = t("the column's name comes before its cell")
        raise Wrong(
            t(
                "For the row {row} you returned {got}, not {right}: {fault}.",
                row=row,
                got=repr(got)[:160],
                right=repr(right),
                fault=fault,
            )
        )


@exercise(
    "03.5",
    title=lambda: t("From an id to the line"),
    hints=lambda: [
        t("Find the chunk whose `id` is `chunk_id`, then the document whose `id` it names."),
        t(
            "The line is one more than the number of line breaks before the chunk: look at "
            "`text[:chunk.start]`."
        ),
        t('`document.text.count("\\n", 0, chunk.start) + 1`'),
    ],
)
def check_trace(trace: Callable[..., Any]) -> None:
    steps = "\n\n".join(f"{word}." for word in ("Lift", "Sweep", "Wipe", "Rinse") * 2)
    documents = [
        Document("oven", "Oven: manual", "# Oven: manual\n\n## Heat\n\nWait.\n\nWait.", "md"),
        Document("note", "Note", "Hello\nthere", "txt"),
        Document(
            "steps",
            "Steps",
            f"# Steps\n\n## Day\n\n{steps}\n\n## Eve\n\n{steps}" + 12 * "\n",
            "md",
        ),
        Document("oven-2", "Oven: manual", "\n\n\n\n# Oven: manual\n\n## Doors\nWipe.\n", "md"),
        Document("list", "List", "# List of prices\n\n- A: 1. B: 2.\n- A: 3. B: 4.", "csv"),
    ]
    page = Document("page", "Page", "# Page\n\n## Top\n\nOne.\nTwo.\n\n## End\n\nSix.", "md")
    chunks = [*split_into_chunks(documents, max_words=1), *split_into_chunks([page])]
    documents.append(page)
    mixed = sorted(chunks, key=lambda c: c.id[::-1])  # steps#10 before steps#1
    texts = {d.id: d.text for d in documents}
    for chunk in sorted(chunks, key=lambda c: -c.position):
        text, start = texts[chunk.document_id], chunk.start or 0
        right = (chunk.title, chunk.section, text.count("\n", 0, start) + 1)
        returned = call(trace, chunk.id, list(mixed), documents[::-1])
        single = isinstance(returned, str | dict) or not hasattr(returned, "__iter__")
        got = [returned] if single else as_list(returned)
        if len(got) != 3:
            raise Wrong(
                t(
                    "You returned {got}; a tuple of three values is needed: title, section and "
                    "line.",
                    got=repr(returned)[:80],
                )
            )
        swapped = got[:2] != list(right[:2]) and all(
            any(isinstance(g, str) and g == name for g in got) for name in right[:2]
        )
        line = right[2] if swapped else as_number(got[2])
        if (got[0], got[1], line) == right:
            continue
        before = text[:start].split("\n")[:-1]
        neighbours = {
            text.count("\n", 0, c.start) + 1 for c in chunks if c.document_id == chunk.document_id
        }
        others = [other for other in texts.values() if other != text]
        if got[0] != right[0] or got[1] != right[1]:
            if swapped:
                fault = t("the title comes first, then the section")
            else:
                fault = t(
                    "take title and section from the chunk whose `id` is equal to the whole "
                    "`chunk_id`; chunks may come in any order"
                )
        elif line == right[2] - 1:
            fault = t("lines are counted from 1, line breaks from 0")
        elif line in (start, start + 1):
            fault = t("`start` counts characters; you need lines")
        elif line in (chunk.position, chunk.position + 1):
            fault = t("that is the position of the chunk; count the line breaks before `start`")
        elif line == text.count("\n", 0, chunk.end) + 1:
            fault = t("count the line breaks before `start`, not before `end`")
        elif line == text.count("\n") + 1:
            fault = t("that is the number of lines in the whole document")
        elif line in (sum(map(bool, before)) + 1, text.count("\n\n", 0, start) + 1):
            fault = t("blank lines count as lines too")
        elif line in (text.count("\n", start), text.count("\n", start) + 1):
            fault = t("count the line breaks before `start`, not those behind it")
        elif line in [other.count("\n", 0, start) + 1 for other in others]:
            fault = t(
                "that is a line of another document; take the one whose `id` is equal to "
                "`document_id`"
            )
        elif line in neighbours:
            fault = t(
                "that is the line of another chunk; take the one whose `id` is equal to the whole "
                "`chunk_id`"
            )
        else:
            fault = t("count the line breaks in the document's text before the place `start`")
        raise Wrong(
            t(
                "For {id} you returned {got}, not {right}: {fault}.",
                id=chunk.id,
                got=repr(tuple(got)),
                right=right,
                fault=fault,
            )
        )
