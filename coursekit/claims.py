"""The ten claims on trial, and what the reader guesses about them before any experiment.

Lesson 01 shows the cards and asks for guesses; lesson 11 puts the verdicts beside them. Guesses
are kept in the state folder, like the progress of the exercises.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.language import t
from coursekit.paths import locked, state_dir, write_atomically

VERDICTS = ("supported", "refuted", "it depends")


@dataclass(frozen=True)
class Claim:
    """One claim: its number, its text (a function, so that it follows the language of the moment)
    and the lessons that test it."""

    id: str
    text: Callable[[], str]
    lessons: tuple[str, ...]


CLAIMS: dict[str, Claim] = {
    claim.id: claim
    for claim in (
        Claim(
            "C1",
            lambda: t(
                "RAG is retrieval plus generation: the retrieved content becomes the context of "
                "the answer."
            ),
            ("05",),
        ),
        Claim(
            "C2",
            lambda: t(
                "Structured and unstructured company data can live side by side in the vector "
                "store."
            ),
            ("03", "05"),
        ),
        Claim(
            "C3",
            lambda: t(
                "Fine-tuning improves an existing model without starting from the architecture, "
                "but data must keep coming."
            ),
            ("08", "09"),
        ),
        Claim(
            "C4",
            lambda: t("For precise terminology and wording, fine-tuning is the better choice."),
            ("10", "11"),
        ),
        Claim(
            "C5",
            lambda: t("When the data changes often, fine-tuning gets complicated."),
            ("11",),
        ),
        Claim(
            "C6",
            lambda: t("When the answer must contain external data, RAG is the best choice."),
            ("11",),
        ),
        Claim(
            "C7",
            lambda: t(
                "For stable and precise domain knowledge fine-tuning is good; RAG finds relevant "
                "content but may miss specialised nuance."
            ),
            ("10", "11"),
        ),
        Claim(
            "C8",
            lambda: t(
                "Fine-tuning needs a high-quality data set; with little data it makes little "
                "difference."
            ),
            ("10",),
        ),
        Claim(
            "C9",
            lambda: t("Fine-tuning is a black box whose inner workings are hard to understand."),
            ("08", "11"),
        ),
        Claim(
            "C10",
            lambda: t(
                "RAG makes the source of an answer easy to find, so errors can be traced and "
                "corrected."
            ),
            ("07", "11"),
        ),
    )
}


def claim_cards() -> None:
    """Show the ten claims and the lessons that test them, as a table."""
    from IPython.display import display

    header = (t("claim"), t("what it says"), t("tested in lesson"))
    rows = [(claim.id, claim.text(), ", ".join(claim.lessons)) for claim in CLAIMS.values()]
    style = ' style="text-align: left"'
    lines = ["".join(f"<th{style}>{html.escape(name)}</th>" for name in header)]
    lines += ["".join(f"<td{style}>{html.escape(cell)}</td>" for cell in row) for row in rows]
    table = "\n".join(f"<tr>{line}</tr>" for line in lines)
    plain = "\n".join(f"{name:4} {text} ({lessons})" for name, text, lessons in rows)
    display({"text/html": f"<table>\n{table}\n</table>", "text/plain": plain}, raw=True)


def guess(claim: str, verdict: Any = None, because: str = "") -> None:
    """Keep your guess about a claim, before you have measured anything. Never raises.

    Args:
        claim: "C1" to "C10".
        verdict: "supported", "refuted" or "it depends"; None and `...` mean "not yet", and leave
            an earlier guess as it was.
        because: your reason, in your own words.
    """
    name = str(claim).strip().upper()
    if name not in CLAIMS:
        print(
            t(
                "There is no claim {name}. Take one of {known}.",
                name=_short(claim),
                known=", ".join(CLAIMS),
            )
        )
        return
    before = guesses().get(name)
    if verdict is None or verdict is Ellipsis or _key(verdict) in ("", "..."):
        if before is None:
            print(t("… {name} not yet", name=name))
        else:
            print(t("✓ {name} {verdict}, as before", name=name, verdict=_word(before["verdict"])))
        return
    known = {_key(spelling): word for word in VERDICTS for spelling in (word, _word(word))}
    chosen = known.get(_key(verdict))
    if chosen is None:
        print(
            t(
                "{name}: {verdict} is no verdict. Write one of {known}.",
                name=name,
                verdict=_short(verdict),
                known=", ".join(f'"{_word(word)}"' for word in VERDICTS),
            )
        )
        return
    print(t("✓ {name} {verdict}", name=name, verdict=_word(chosen)))
    _keep(name, {"verdict": chosen, "because": str(because or "").strip()})


def guesses() -> dict[str, dict[str, str]]:
    """What you guessed so far: for each claim its "verdict" (in English) and "because"."""
    try:
        entries = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or damaged: start again rather than stop the lesson
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entries[name] for name in CLAIMS if _is_whole(entries.get(name))}


def print_guesses() -> None:
    """Print your guesses, one line each; nothing if there are none."""
    kept = guesses()
    if not kept:
        return
    print(t("Your guesses about the claims:"))
    for name, entry in kept.items():
        print(f"{name:4} {_word(entry['verdict']):12} {entry['because']}".rstrip())


def _word(verdict: str) -> str:
    words = {"supported": t("supported"), "refuted": t("refuted"), "it depends": t("it depends")}
    return words[verdict]


def _key(verdict: Any) -> str:
    return " ".join(str(verdict).lower().split()) if isinstance(verdict, str) else repr(verdict)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_whole(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("verdict") in VERDICTS
        and isinstance(entry.get("because"), str)
    )


def _file() -> Path:
    return state_dir() / "guesses.json"


def _keep(name: str, entry: dict[str, str]) -> None:
    # A guess is no reason to stop a lesson: a folder that cannot be written costs the guess only.
    try:
        with locked(_file(), timeout=5):
            entries = guesses() | {name: entry}
            text = json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False)
            write_atomically(_file(), text.encode("utf-8", "replace"))
    except Exception as error:
        print(t("(Your guess could not be saved: {error})", error=error))
