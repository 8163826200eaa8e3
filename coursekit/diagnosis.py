"""Name the fault of a broken system, and see the proof: `diagnose` and `treat` of lesson 12.

A diagnosis is free text. It is compared with the names of the faults by keywords, in any order;
the number of a name in the list counts as well. A part of a sentence that calls something sound
("it is not the padding") names nothing, and a sentence with two faults gets no verdict.

Like `check`, nothing here raises: whatever the reader writes, the notebook goes on. A diagnosis is
kept beside the exercises, as "12.A" to "12.H".
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from coursekit.exercises import Verdict, _load, _remember, _update, call_in_time, is_stub
from coursekit.language import t

if TYPE_CHECKING:
    from coursekit.faults import Patient

LETTERS = "ABCDEFGH"
_named: set[str] = set()  # in this session, for a home folder that cannot be written


@dataclass(frozen=True)
class Fault:
    """One fault: its name, what it would show, and the words that mean it.

    Each entry of `words` is a weight and patterns that must all occur; the heaviest entry counts.
    A part of a sentence in which `sound` occurs does not speak of this fault, or denies it.
    """

    name: Callable[[], str]
    sign: Callable[[], str]
    words: tuple[tuple[int, tuple[str, ...]], ...]
    sound: str = r"\A\Z"


_TEXT = r"context|passage|retrieved|hits?\b|document|evidence"
_NOT = r"(?:\b(?:no|not|never|without|isnt|arent|doesnt|dont|wasnt)\b|n't\b)"
_LOST = (
    rf"{_NOT}|nothing|missing|lost|lose|drop|discard|empty|left out|absent|lack|truncat|"
    r"too low|too small|(?:cut|fall|falls|fell) out"
)

FAULTS: dict[str, Fault] = {
    "context": Fault(
        lambda: t("the context never reaches the prompt"),
        lambda: t("the answers would come from nowhere, and the prompts would be very short"),
        (
            (3, (_TEXT, _LOST, r"prompt|model|reach|arriv|generat")),
            (2, (r"context|passages?", _LOST)),
            (3, (r"prompt", r"\bonly\b|alone|nothing but", r"question")),
            (4, (r"budget",)),
        ),
        rf"{_NOT} (?:missing|lost|empty|lack|drop)",
    ),
    "models": Fault(
        lambda: t("query and index come from different models"),
        lambda: t("even a chunk's own text would not find that chunk"),
        (
            (
                2,
                (
                    r"differ|other|\btwo\b|wrong|mismatch|mixed|swap|\bold(?:er)?\b|\bnewer\b|"
                    rf"{_NOT} .*\b(?:same|share|match|the one|that)\b",
                    r"model|embedder|encoder|embedding",
                ),
            ),
            (2, (r"quer|question", r"index|chunk|passage|document", r"mismatch|differ|space")),
        ),
        rf"{_NOT} (?:\w+ ){{0,3}}(?:differ|two|other)|differ\w* models (?:are|is) not|"
        r"\btraining\b|\btrained on\b",
    ),
    "padding": Fault(
        lambda: t("prompts are padded on the right at generation"),
        lambda: t("a prompt would be answered well alone and badly in a batch"),
        (
            (3, (r"\bpad",)),
            (3, (r"attention mask",)),
            (3, (r"\bfill", r"right|behind|\bend|after|wrong")),
        ),
        rf"{_NOT} padding(?: problem)?$|\bpad\w* (?:is|are) {_NOT} wrong|"
        rf"{_NOT} (?:right pad|padding on the right|padded (?:on the )?right)|\bloss\b|\blabel|"
        # on the left is where it belongs, unless that is said to be missing
        rf"^(?!.*(?:{_NOT}|right|wrong|should|must|instead|missing|lack)).*\bleft\b",
    ),
    "cut": Fault(
        lambda: t("the chunks are cut in mid-sentence"),
        lambda: t("many chunks would end without a full stop, and some answers in no chunk"),
        (
            (
                3,
                (
                    r"chunk|passage|sentence|\bwords?\b|text|document",
                    r"\bcuts?\b|cutting|split|broken|break|torn|chop|middle|\bmid|border|boundar|"
                    r"half",
                ),
            ),
            (3, (r"answers?\b", r"split|broken|torn|in half|in two|in pieces")),
            (2, (r"chunking|chunks? of characters|fixed (?:chunk )?size",)),
            (2, (r"sentence", rf"chunk|{_NOT}|ignor|respect|inside|within|across|through")),
        ),
        r"\bno (?:sentence|chunk)s? (?:is|are|was|were|gets?) (?:cut|split|broken)|"
        rf"{_NOT} (?:cut|split|broken|torn|chopped)(?: (?:in|up|apart|off)\b|$)|"
        r"(?:question|prompt)s? (?:is|are|was|were|get|gets) (?:cut|split)|"
        # cut at the ends of sentences is well cut, unless that is said to be missing
        rf"^(?!.*(?:{_NOT}|should|must|instead|missing|lack|ignor|rather)).*"
        r"(?:\bat (?:the )?(?:ends? of )?(?:a |the |each |every )?sentences?\b|"
        r"cut (?:well|correctly)|\b(?:whole|full|complete) sentence)",
    ),
    "whole_loss": Fault(
        lambda: t("the loss is computed on the prompt too"),
        lambda: t("far more tokens would have a label than an answer has"),
        (
            (
                4,
                (r"\bloss\b|label|mask", r"prompt|question|input|all |every|whole|context|passage"),
            ),
            (
                2,
                (
                    r"train|learn",
                    r"prompt|whole|everything|all token|every token|input|manual",
                ),
            ),
            (3, (r"\bloss\b|label", _NOT, r"restrict|limited|\bonly\b")),
            (3, (_NOT, r"\b100\b")),
            (2, (r"\bmask|label", rf"{_NOT}|missing|lack|forg|too many")),
        ),
        r"prompts?(?: tokens)? (?:is|are|was|were|has been|have been) (?:\w+ly |already )?masked|"
        r"prompts?(?: tokens)? (?:has|have|gets?|carr\w+) no (?:label|loss)|"
        rf"\bloss (?:\w+ )?{_NOT} (?!masked|only|just)(?:\w+ )?"
        r"(?:on|over|includ|comput|count|cover|taken|calculat)|"
        rf"\bloss\w*{_NOT} includ|{_NOT} (?:loss|labels?) (?:on|over|for) the prompt|"
        r"(?:ignores|skips|leaves out) the prompt|prompt (?:lost|format)",
    ),
    "lengths": Fault(
        lambda: t("the vectors are not normalised"),
        lambda: t("the vectors would have many lengths, and long texts would win"),
        (
            (3, (r"normali[sz]|\bnormed",)),
            (3, (r"\bunit\b", r"vector|length|embedding")),
            (3, (r"norms?\b", r"vector|embedding")),
            (2, (r"length|norms?\b|\blong", r"vector|embedding|cosine|dot")),
            (2, (r"dot product", r"cosine|instead")),
        ),
        rf"{_NOT} un ?normali|\banswers? .*normali|"
        rf"^(?!.*(?:{_NOT}|\bun ?normal|\bnon|should|must|need|instead|missing|lack|forg|skip)).*"
        r"(?:normali[sz]ed|normed|same length|length (?:1|one)|unit (?:length|vector|norm))\b",
    ),
    "leak": Fault(
        lambda: t("test questions leaked into training"),
        lambda: t("the test would look better than other questions on the same job"),
        (
            (3, (r"leak|leek|contaminat|duplicat|memori[sz]|cheat",)),
            (3, (r"train", r"\btest")),
            (2, (r"seen|known|same", r"\btest|question")),
            (2, (r"learn|by heart", r"\btest")),
            (2, (r"\bseen|\bsaw", r"train")),
        ),
        rf"{_NOT} (?:\w+ )?(?:leak|contaminat|overlap|duplicat|seen|memori[sz])|memory leak|"
        rf"leak\w* (?:in|into|to) the prompt|{_NOT} (?:in|part of) (?:the )?train|"
        rf"{_NOT} (?:contain|hold|includ)|"
        rf"^(?!.*{_NOT}).*\b(?:separate|independent|disjoint)\b|"
        rf"{_NOT} test question|format|template|\broles?\b|differ",
    ),
    "template": Fault(
        lambda: t("the chat template is missing"),
        lambda: t("the prompts would lack the marks that the training prompts have"),
        (
            (4, (r"template|chatml|chat format|chat marks?|im_?start|im start",)),
            (3, (r"special tokens?|\broles?\b|\bmarks?\b", _LOST)),
            (3, (r"prompt format|format of the prompt",)),
            (2, (r"\bchat\b", r"format|mark|role|turn|prompt")),
        ),
        rf"{_NOT} missing|template (?:is|was|are|were) (?:\w+ly |already )?"
        r"(?:there|present|applied|used)|"
        rf"training(?: prompts?)? (?:ha\w+|with|lacks?|miss\w*)(?: no| not)? (?:the )?template|"
        rf"missing (?:in|from) (?:the )?training|"
        rf"^(?!.*(?:{_NOT}|lack|missing|left out|should|must|forg|train)).*"
        r"(?:prompts? (?:have|has|holds?|contains?|uses?) .*template|template present)",
    ),
    "unloaded": Fault(
        lambda: t("the adapter was saved but not loaded"),
        lambda: t("the answers with the adapter would be those without it, long and chatty"),
        ((3, (r"adapter|\blora\b", rf"{_NOT}|missing|forg|\boff\b|unload|disabl")),),
    ),
    "rate": Fault(
        lambda: t("the learning rate is too high"),
        lambda: t("the loss would jump up and stay high"),
        ((4, (r"learning rate|\blr\b|step size|diverg",)),),
    ),
    "few": Fault(
        lambda: t("too few passages are retrieved"),
        lambda: t("the right passage would stand close behind the first hits"),
        (
            (4, (r"too few|\bfewer|more (passages|hits|chunks)|not enough",)),
            (3, (r"\bk\b",)),
            (3, (r"top.?k",)),
        ),
    ),
}


@dataclass(frozen=True)
class Case:
    """What is known of a patient: its fault, what speaks for it, and where to look next.

    `against` answers the wrong names that are most plausible; `facts` speaks against the others.
    """

    fault: str
    facts: Callable[[], str]
    look: Callable[[], str]
    why: Callable[[], str]
    needs_function: bool
    against: Callable[[], dict[str, str]]


CASES: dict[str, Case] = {
    "A": Case(
        "context",
        lambda: t(
            "Here retrieval finds the gold passage, nothing was trained, and yet the "
            "answers know nothing of it"
        ),
        lambda: t("Compare the tokens of a prompt with the tokens of its passage."),
        lambda: t(
            "Retrieval is right, and the prompts are shorter than the passages that should "
            "stand in them. The token budget is so small that no passage fits, and the "
            "prompt is built without one, in silence."
        ),
        False,
        lambda: {
            "few": t(
                "One passage is retrieved, and it is the right one most of the time: more "
                "of them would not help. Compare the tokens of a prompt with the tokens of "
                "its passage."
            ),
            "template": t(
                "The prompt has its marks. Compare its tokens with those of its passage."
            ),
        },
    ),
    "B": Case(
        "models",
        lambda: t(
            "Here all vectors have length 1, the chunks are the course's own, and no "
            "language model takes part; still, even the best scores are low"
        ),
        lambda: t(
            "Ask with a chunk's own text. What score should its own row have, and what "
            "score does it have?"
        ),
        lambda: t(
            "A text compared with itself has a cosine of 1, if one model made both vectors. "
            "Here a chunk's own text lies far from its row. The dimensions agree, so "
            "nothing complained."
        ),
        False,
        lambda: {
            "lengths": t(
                "The lengths were printed: every vector has length 1. Ask with a "
                "chunk's own text, and look at the score of its own row."
            ),
            "few": t(
                "More hits find more in every system, and here the first ones are off. Ask with a "
                "chunk's own text, and look at the score of its own row."
            ),
        },
    ),
    "C": Case(
        "padding",
        lambda: t(
            "Here the loss fell as it should, prompts and template are those of the "
            "training, and the same prompts are answered well one at a time"
        ),
        lambda: t(
            "Compare the answers in a batch with those alone, and ask what a batch adds "
            "to a short prompt."
        ),
        lambda: t(
            "Alone, a prompt is answered well; in a batch only the longest one is, since it "
            "needs no filling. The others end in padding, and the model continues after "
            "that, not after the prompt."
        ),
        True,
        lambda: {
            "unloaded": t(
                "Alone, the prompts get short answers in the trained format: the "
                "adapter is at work. What does a batch add to a short prompt?"
            ),
            "template": t(
                "The prompts are letter for letter those that are answered well alone. "
                "What does a batch add to a short prompt?"
            ),
        },
    ),
    "D": Case(
        "cut",
        lambda: t(
            "Here query and chunk vectors are of length 1 and from one model, a chunk finds "
            "itself, and no language model takes part"
        ),
        lambda: t("Read a few chunks from their first word to their last."),
        lambda: t(
            "Chunks begin and end anywhere, often inside a sentence or a word. Subject and "
            "value get separated, and some answers stand whole in no chunk."
        ),
        True,
        lambda: {
            "few": t(
                "More hits help somewhat, and an answer that stands in no chunk is never "
                "found. Read a few chunks from their first word to their last."
            ),
        },
    ),
    "E": Case(
        "whole_loss",
        lambda: t(
            "Here the gold passage stands in every prompt, the loss fell smoothly, and the "
            "prompts are those of the training"
        ),
        lambda: t("Count the tokens that have a label in one example, and those of its target."),
        lambda: t(
            "The number of labelled tokens is that of the whole example. Most of the loss "
            "comes from guessing manuals and instructions, so most of the training goes "
            "into that, and little into the answer."
        ),
        False,
        lambda: {
            "rate": t(
                "Too large steps would make the loss jump; this one falls from step to step. "
                "Count the tokens that have a label in one example."
            ),
            "unloaded": t(
                "The untouched model chats in whole sentences, as lesson 09 shows, and E answers "
                "with a word or a number: its adapter is on. Count the tokens that have a label "
                "in one example."
            ),
        },
    ),
    "F": Case(
        "lengths",
        lambda: t(
            "Here chunks and queries come from one model, the chunks are the course's own, "
            "and no language model takes part; the first hits are longer texts than usual"
        ),
        lambda: t("Print the smallest and the largest length of the vectors."),
        lambda: t(
            "The lengths of the vectors grow with the number of tokens. The dot product "
            "rewards length, so long chunks win without pointing the right way."
        ),
        True,
        lambda: {
            "models": t(
                "Divided by their lengths, these vectors find their own chunk with a "
                "cosine of 1, so one model made all. Print the lengths themselves."
            ),
            "cut": t(
                "These are the course's own chunks, cut at the ends of sentences. Print the "
                "lengths of the vectors."
            ),
        },
    ),
    "G": Case(
        "leak",
        lambda: t(
            "Here the symptom is a result that is too good: no passage stands in the "
            "prompts, so nothing but memory can answer them"
        ),
        lambda: t("Find the nearest training question of each test question, and read the pairs."),
        lambda: t(
            "Many test questions ask for a fact that a training question asked for in "
            "other words. The model repeats what it saw, and on the other questions it "
            "knows nothing. An exact comparison of texts finds no pair."
        ),
        True,
        lambda: {
            "context": t(
                "There is no passage in the prompts, and that is meant: this model "
                "should know the facts by itself. Its score is too good, not too bad. "
                "Find the nearest training question of each test question."
            ),
        },
    ),
    "H": Case(
        "template",
        lambda: t(
            "Here adapter and training are sound, and each prompt is asked alone and has "
            "its gold passage"
        ),
        lambda: t(
            "Put a prompt beside a training prompt, and compare their first and last characters."
        ),
        lambda: t(
            "The training prompts begin and end with the marks of the chat template; the "
            "test prompts hold the user's words alone. For the model nobody has finished "
            "speaking, and its turn has not begun."
        ),
        False,
        lambda: {
            "unloaded": t(
                "With the adapter off, most answers are others: compare `h.answers` with "
                "`h.answers_off`. So it is loaded. Put a prompt beside a training prompt."
            ),
            "padding": t(
                "Padding stands on the left here, where it does no harm. Put a prompt beside a "
                "training prompt."
            ),
            "context": t(
                "Each prompt holds its gold passage. What else do the training prompts "
                "hold? Compare the first and last characters."
            ),
        },
    ),
}


def letter_of(name: object) -> str | None:
    """The letter of a patient: "c", "C", "12.C" and "patient C" are the same; None for others."""
    try:
        found = re.fullmatch(r"(?:.*[\s.])?([A-Ha-h])", str(name).strip())
    except Exception:  # an object without a text
        return None
    return found.group(1).upper() if found else None


def fault_names() -> list[str]:
    """The names of all faults, those that no patient has among them, in alphabetical order."""
    return sorted(fault.name() for fault in FAULTS.values())


_PARTS = re.compile(r"[,;:.!?\n()]+|\bbut\b", re.IGNORECASE)
_MORE_PARTS = re.compile(r"\b(?:or|and)\b|/")
_NUMBER = re.compile(r"(?:(?:it is|it's|the|fault|number|no|nr)[\s.:]+)*#?(\d{1,3})[\s.)]*")
_SOUND = re.compile(
    # "the padding is not the problem", "it is not the padding", "the padding is fine"
    rf"{_NOT} (?:the |a |an |my )?(?:problem|fault|cause|issue|reason|trouble|culprit)\b"
    r"|^(?:(?:it|this|that|the fault|the problem|the cause)(?:'s| is| was)? ?)?(?:not|n't)"
    r" (?:because of |due to |about )?(?:the|a|an)\b"
    r"(?! (?:same|right|correct|proper|unit|chat (?:prompt|format)))"
    r"|^(?:(?:it|this|that|the fault|the problem|the cause) )?(?:isn't|wasn't|can't be|cannot be)"
    r" (?:the|a|an)\b(?! (?:same|right|correct|proper|unit))"
    r"|\b(?:is|are|was|were|seems?|looks?) (?:\w+ly |all |quite )?"
    r"(?:fine|ok|okay|correct|sound|good|in order|innocent)\b"
)
# Words that are put right when they are nearly spelled so.
_SPELLINGS = (
    "adapter",
    "chunks",
    "computed",
    "contamination",
    "context",
    "different",
    "embedding",
    "generation",
    "index",
    "leaked",
    "leakage",
    "masked",
    "middle",
    "missing",
    "model",
    "models",
    "normalisation",
    "normalise",
    "normalised",
    "normalization",
    "normalize",
    "normalized",
    "padded",
    "padding",
    "passage",
    "passages",
    "prompt",
    "prompts",
    "sentence",
    "sentences",
    "template",
    "training",
    "unnormalised",
    "unnormalized",
)


def _plain(text: str) -> str:
    """Small letters and single spaces; of the marks, only apostrophes stay."""
    return " ".join(re.sub(r"[^\w']+", " ", text).split())


def _spelled(word: str) -> str:
    close = difflib.get_close_matches(word, _SPELLINGS, n=1, cutoff=0.86) if len(word) > 4 else []
    return close[0] if close and close[0][:2] == word[:2] else word


def matching_faults(text: str, *, denials: bool = True) -> list[str]:
    """The keys of the faults that a free text names; several if it cannot be told.

    `denials=False` takes what the text denies for named.
    """
    text = unicodedata.normalize("NFKC", text[:2000]).casefold().replace("’", "'").strip()
    number = _NUMBER.fullmatch(text)
    if number:
        names = fault_names()
        place = int(number.group(1))
        chosen = names[place - 1] if 1 <= place <= len(names) else None
        return [key for key, fault in FAULTS.items() if fault.name() == chosen]
    for key, fault in FAULTS.items():
        if _plain(text) == _plain(fault.name().casefold()):
            return [key]
    parts = [part for part in map(_plain, _PARTS.split(text)) if part]
    best = _heaviest(_weights(parts, denials))
    # A second fault may stand in the same sentence: "the padding or the template".
    smaller = [_plain(piece) for part in _PARTS.split(text) for piece in _MORE_PARTS.split(part)]
    for part in smaller:
        weights = _weights([part], denials)
        others = [key for key in _heaviest(weights) if weights[key] > 2]
        if best and others and not set(best) & set(others):
            best += others
    return best


def _heaviest(weights: dict[str, int]) -> list[str]:
    heaviest = max(weights.values())
    return [key for key, weight in weights.items() if weight == heaviest > 0]


def _weights(parts: list[str], denials: bool) -> dict[str, int]:
    """How much the parts of a text speak for each fault."""
    spelled = [" ".join(map(_spelled, part.split())) for part in parts]
    if denials:
        spelled = [part for part in spelled if not _SOUND.search(part)]
    weights = {}
    for key, fault in FAULTS.items():
        said = " ".join(p for p in spelled if not (denials and re.search(fault.sound, p)))
        found = [
            weight
            for weight, patterns in fault.words
            if all(re.search(pattern, said) for pattern in patterns)
        ]
        named = said and _plain(fault.name().casefold()) in said
        weights[key] = 10 if named else max(found, default=0)
    return weights


def judge(name: object, answer: Any) -> Verdict:
    """Judge a diagnosis without printing or keeping anything. Never raises.

    `answer` is a text, the number of a name in the list, or a function without arguments that
    returns one of these.
    """
    letter = letter_of(name)
    if letter is None:
        return Verdict(
            "wrong", t("There is no such patient. The patients are A to H: write a letter.")
        )
    not_yet = Verdict("not yet", t("Write the name of the fault in the cell above, and run it."))
    try:
        if callable(answer) and not is_stub(answer):
            answer = call_in_time(answer)
        if is_stub(answer) or not str(answer).strip():
            return not_yet
        text = str(answer)
        found = matching_faults(text)
        denied = not found and bool(matching_faults(text, denials=False))
    except (Exception, SystemExit) as error:  # the reader's own code, or an object without a text
        return Verdict(
            "wrong",
            t(
                "Your diagnosis could not be read ({error}). Return a text, such as a name from "
                'the list that diagnose("{letter}") prints.',
                error=type(error).__name__,
                letter=letter,
            ),
        )
    case = CASES[letter]
    names = t(" or ").join(FAULTS[key].name() for key in found)
    if denied:
        message = t(
            "That says what is sound, or how it should be. Name what is broken. {look}",
            look=case.look(),
        )
        return Verdict("wrong", message)
    if not found:
        message = t(
            'No fault of the list has these words. diagnose("{letter}") prints the names. {look}',
            letter=letter,
            look=case.look(),
        )
        return Verdict("wrong", message)
    if len(found) > 1:
        message = t("That can mean {names}. Name one of them.", names=names)
        return Verdict("wrong", message)
    if found[0] == case.fault:
        return Verdict("right", t("{name}. {why}", name=_sentence(names), why=case.why()))
    special = case.against().get(found[0])
    if special is not None:
        return Verdict("wrong", special)
    message = t(
        'If the fault were "{name}", {sign}. {facts}. {look}',
        name=names,
        sign=FAULTS[found[0]].sign(),
        facts=case.facts(),
        look=case.look(),
    )
    return Verdict("wrong", message)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def diagnose(name: object, answer: Any = ...) -> None:
    """Say whether that is a patient's fault, and why or why not; without an answer, list names.

    Args:
        name: the patient's letter.
        answer: free text, a number of the list, or a function that returns one of them. None,
            `...` or a function that is still empty means "not yet".
    """
    letter = letter_of(name)
    if answer is ... and letter is not None:
        print(t("Patient {letter} has one of these:", letter=letter))
        for number, fault in enumerate(fault_names(), 1):
            print(f"{number:3}  {fault}")
        return
    verdict = judge(name, answer)
    marks = {"right": "✓", "wrong": "✗", "not yet": "…"}
    words = {"right": t("right"), "wrong": t("wrong"), "not yet": t("not yet")}
    shown = letter or "?"
    print(f"{marks[verdict.status]} {shown} {words[verdict.status]}: {verdict.message}")
    if letter is None:
        return
    if verdict.status == "right":
        _named.add(letter)
    _remember(f"12.{letter}", verdict.status)
    title = t("Patient {letter}", letter=letter)
    _update(f"12.{letter}", lambda entry: entry.update(title=title))


def is_named(letter: str) -> bool:
    """Whether the fault of that patient has been named, in this session or before."""
    return letter in _named or _load().get(f"12.{letter}", {}).get("status") == "right"


def treat(name: object, mend: Any = None) -> None:
    """Mend a patient, once its fault is named, and draw the metric before and after. Never raises.

    Args:
        name: the patient's letter.
        mend: the reader's function, for the patients whose mend is an exercise.
    """
    letter = letter_of(name)
    if letter is None:
        print(judge(name, None).message)
    elif not is_named(letter):
        print(t('… {letter}: name the fault first, with diagnose("{letter}", ...).', letter=letter))
    elif CASES[letter].needs_function and is_stub(mend):
        print(t("… {letter}: write the function that mends it, and run its cell.", letter=letter))
    else:
        from coursekit.faults import mended, patient

        in_time = partial(call_in_time, mend)
        try:
            after = mended(letter, in_time if CASES[letter].needs_function else None)
        except (Exception, SystemExit) as error:  # the reader's own code
            print(
                t(
                    "✗ {letter}: with your function the system stopped: {kind}: {error} Run the "
                    "check of that exercise; it says what is missing.",
                    letter=letter,
                    kind=type(error).__name__,
                    error=str(error)[:200],
                )
            )
            return
        before_and_after(patient(letter), after)


def before_and_after(before: Patient, after: Patient) -> None:
    """Two bars: the metric of a patient before and after the mend, with 95 % intervals."""
    import matplotlib.pyplot as plt

    from coursekit.plots import PALETTE, bars_with_intervals, use_course_style
    from coursekit.scoring import bootstrap_interval

    use_course_style()
    _, ax = plt.subplots(figsize=(7.2, 1.7))
    both = (before.right, after.right)
    bars_with_intervals(
        ax,
        [t("{letter}, before", letter=before.letter), t("{letter}, after", letter=after.letter)],
        [values.mean() if len(values) else 0.0 for values in both],
        [bootstrap_interval(values) if len(values) else (0.0, 0.0) for values in both],
        [PALETTE["alarm"], PALETTE["sea"]],
    )
    ax.set_xlabel(before.metric)
    plt.show()
