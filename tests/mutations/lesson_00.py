"""Right and wrong answers to the exercises of lesson 00."""

from __future__ import annotations

import heapq
import re

import numpy as np
import torch

from mutations import right, wrong

# 00.1 The nearest passage


@right("00.1", "a loop with the best so far")
def nearest_loop(scores):
    best_place = 0
    best_score = scores[0]
    for place in range(len(scores)):
        if scores[place] > best_score:
            best_score = scores[place]
            best_place = place
    return best_place


@right("00.1", "a loop that keeps the last of equals")
def nearest_last(scores):
    best, best_score = None, float("-inf")
    for place, score in enumerate(scores):
        if score >= best_score:
            best, best_score = place, score
    return best


@right("00.1", "recursion")
def nearest_recursive(scores):
    if len(scores) == 1:
        return 0
    rest = nearest_recursive(scores[1:]) + 1
    return 0 if scores[0] >= scores[rest] else rest


right("00.1", "index of the maximum")(lambda scores: scores.index(max(scores)))
right("00.1", "NumPy argmax")(lambda scores: np.argmax(scores))
right("00.1", "NumPy argsort")(lambda scores: np.argsort(scores)[-1])
right("00.1", "a NumPy array without dimensions")(lambda scores: np.array(np.argmax(scores)))
right("00.1", "a torch tensor")(lambda scores: torch.tensor(scores).argmax())
right("00.1", "sorted pairs")(lambda scores: sorted((s, i) for i, s in enumerate(scores))[-1][1])
right("00.1", "a heap")(lambda scores: heapq.nlargest(1, range(len(scores)), scores.__getitem__)[0])


@wrong("00.1", "starts the search at zero", "negative")
def nearest_from_zero(scores):
    best, best_score = 0, 0
    for place, score in enumerate(scores):
        if score > best_score:
            best, best_score = place, score
    return best


@wrong("00.1", "starts the search at minus one", "negative")
def nearest_from_minus_one(scores):
    best, best_score = 0, -1
    for place, score in enumerate(scores):
        if score > best_score:
            best, best_score = place, score
    return best


@wrong("00.1", "returns inside the loop", "first")
def nearest_returns_early(scores):
    best = 0
    for place in range(len(scores)):
        if scores[place] > scores[best]:
            best = place
        return best


@wrong("00.1", "misses the last score", "last")
def nearest_misses_last(scores):
    best = 0
    for place in range(len(scores) - 1):
        if scores[place] > scores[best]:
            best = place
    return best


@wrong("00.1", "compares with the neighbour only", "not with its neighbour")
def nearest_neighbour(scores):
    best = 0
    for place in range(1, len(scores)):
        if scores[place] > scores[place - 1]:
            best = place
    return best


@wrong("00.1", "never updates the best score", "best one so far")
def nearest_never_updates(scores):
    best, best_score = 0, scores[0]
    for place, score in enumerate(scores):
        if score > best_score:
            best = place
    return best


@wrong("00.1", "sorts its input first", "do not sort")
def nearest_sorts(scores):
    scores.sort()
    return scores.index(max(scores))


@wrong("00.1", "prints instead of returning", "return")
def nearest_prints(scores):
    print(scores.index(max(scores)))


@wrong("00.1", "no return unless the first is beaten", "None")
def nearest_some_paths(scores):
    best = max(scores)
    for place in range(1, len(scores)):
        if scores[place] == best:
            return place


@wrong("00.1", "crashes on one score", "IndexError")
def nearest_two(scores):
    best = 0 if scores[0] > scores[1] else 1
    for place in range(2, len(scores)):
        if scores[place] > scores[best]:
            best = place
    return best


wrong("00.1", "the score itself", "that is a score")(lambda scores: max(scores))
wrong("00.1", "the lowest", "lowest")(lambda scores: scores.index(min(scores)))
wrong("00.1", "counts from 1", "from 0")(lambda scores: scores.index(max(scores)) + 1)
wrong("00.1", "the example's answer", "stands at place")(lambda scores: 1)
wrong("00.1", "always the first", "first place")(lambda scores: 0)
wrong("00.1", "always the last", "last place")(lambda scores: len(scores) - 1)
wrong("00.1", "the largest without its sign", "negative")(lambda scores: np.argmax(np.abs(scores)))
wrong("00.1", "text", "text")(lambda scores: str(scores.index(max(scores))))
wrong("00.1", "a list of one", "one number")(lambda scores: [scores.index(max(scores))])
wrong("00.1", "the place and the score", "one number")(
    lambda scores: (scores.index(max(scores)), max(scores))
)
wrong("00.1", "all places, best first", "one number")(lambda scores: np.argsort(scores)[::-1])
wrong("00.1", "counts from the end", "from the end")(
    lambda scores: scores.index(max(scores)) - len(scores)
)

# 00.2 A prompt with a passage


@right("00.2", "adds up line by line")
def prompt_lines(question, passage):
    prompt = "You answer questions.\n"
    prompt += "Use only this text:\n"
    prompt += passage + "\n"
    prompt += "My question is:\n"
    prompt = prompt + question
    return prompt


right("00.2", "nothing but the two")(lambda question, passage: passage + question)
right("00.2", "join")(lambda question, passage: "\n".join([passage, question]))
right("00.2", "format")(
    lambda question, passage: "Context: {}. Question: {}".format(passage, question)  # noqa: UP032
)
right("00.2", "percent")(
    lambda question, passage: "Context: %s Question: %s" % (passage, question)  # noqa: UP031
)
right("00.2", "a long instruction around both")(
    lambda question, passage: (
        f'Answer the question from the passage.\n"""{passage}"""\nQ: {question}\nA:'
    )
)
right("00.2", "two f-strings in a chat form")(
    lambda question, passage: f"<|user|>{passage}\n" + f"{question}<|end|>"
)


@wrong("00.2", "forgets return", "return")
def prompt_no_return(question, passage):
    prompt = f"Context: {passage} Question: {question}"
    print(prompt)


@wrong("00.2", "braces in the passage", "braces")
def prompt_braces(question, passage):
    template = "Context: " + passage + " Question: {}"
    return template.format(question)


@wrong("00.2", "a percent sign in the passage", "ercent")
def prompt_percent(question, passage):
    return ("Context: " + passage + " Question: %s") % question


@wrong("00.2", "only the first line of the passage", "cut")
def prompt_first_line(question, passage):
    return f"Context: {passage.splitlines()[0]} Question: {question}"


wrong("00.2", "question first", "before")(lambda question, passage: f"{question}\n{passage}")
wrong("00.2", "no passage", "passage")(lambda question, passage: f"Question: {question}")
wrong("00.2", "no question", "question")(lambda question, passage: f"Context: {passage}")
wrong("00.2", "not an f-string", "`f` before")(
    lambda question, passage: "Context: {passage} Question: {question}"
)
wrong("00.2", "the example's answer", "example")(
    lambda question, passage: "Context: It takes 45 minutes. Question: How long?"
)
wrong("00.2", "a pair", "string")(lambda question, passage: (passage, question))
wrong("00.2", "a list", "string")(lambda question, passage: [passage, question])
wrong("00.2", "bytes", "string")(lambda question, passage: f"{passage} {question}".encode())
wrong("00.2", "a dictionary", "string")(
    lambda question, passage: {"context": passage, "question": question}
)
wrong("00.2", "lower case", "unchanged")(lambda question, passage: f"{passage} {question}".lower())
wrong("00.2", "cut after 50 characters", "cut")(lambda question, passage: passage[:50] + question)
wrong("00.2", "cut after 500 characters", "cut")(lambda question, passage: passage[:500] + question)
wrong("00.2", "line breaks squeezed", "unchanged")(
    lambda question, passage: " ".join(passage.split()) + "\n" + question
)
wrong("00.2", "spaces at the ends lost", "unchanged")(
    lambda question, passage: passage.strip() + "\n" + question.strip()
)
wrong("00.2", "repr", "unchanged")(lambda question, passage: f"Context: {passage!r} Q: {question}")
wrong("00.2", "the question mark lost", "question")(
    lambda question, passage: f"{passage} {question.rstrip('?')}"
)

# 00.3 Does it name its source?


@right("00.3", "walks back through the text")
def source_walk(answer):
    i = len(answer) - 1
    while i >= 0 and answer[i] == " ":
        i -= 1
    if i < 0 or answer[i] != "]":
        return False
    i -= 1
    digits = 0
    while i >= 0 and answer[i] in "0123456789":
        digits += 1
        i -= 1
    if digits == 0:
        return False
    if i < 0:
        return False
    return answer[i] == "["


@right("00.3", "the last opening bracket")
def source_rfind(answer):
    answer = answer.rstrip(" ")
    if not answer.endswith("]"):
        return False
    start = answer.rfind("[")
    if start == -1:
        return False
    return answer[start + 1 : -1].isdigit()


@right("00.3", "partition and int in a try")
def source_partition(answer):
    before, bracket, inside = answer.strip().rpartition("[")
    if not bracket or not inside.endswith("]"):
        return False
    try:
        int(inside[:-1])
    except ValueError:
        return False
    return True


@right("00.3", "if, then True, else False")
def source_if(answer):
    import re

    if re.search(r"\[[0-9]+\] *$", answer):  # noqa: SIM103
        return True
    else:
        return False


right("00.3", "a full match")(
    lambda answer: bool(re.fullmatch(r".*\[\d+\]\s*", answer, flags=re.DOTALL))
)
right("00.3", "a NumPy bool")(lambda answer: np.bool_(re.search(r"\[\d+\]\s*\Z", answer)))
right("00.3", "findall on the stripped text")(
    lambda answer: len(re.findall(r"\[\d+\]$", answer.rstrip())) > 0
)


@wrong("00.3", "forgets to return False", "None")
def source_one_path(answer):
    if re.search(r"\[\d+\]\s*$", answer):
        return True


@wrong("00.3", "crashes on an empty answer", "IndexError")
def source_last_char(answer):
    answer = answer.rstrip()
    if answer[-1] != "]":
        return False
    return answer[answer.rfind("[") + 1 : -1].isdigit() and "[" in answer


@wrong("00.3", "crashes on a word in brackets", "ValueError")
def source_int(answer):
    answer = answer.rstrip()
    if not answer.endswith("]") or "[" not in answer:
        return False
    return int(answer[answer.rfind("[") + 1 : -1]) >= 0


@wrong("00.3", "takes 2.5 for a whole number", "whole")
def source_float(answer):
    before, bracket, inside = answer.strip().rpartition("[")
    try:
        float(inside.removesuffix("]"))
    except ValueError:
        return False
    return bool(bracket) and inside.endswith("]")


@wrong("00.3", "one digit only", "two digits")
def source_one_digit(answer):
    answer = answer.rstrip()
    return len(answer) > 2 and answer[-3] == "[" and answer[-2].isdigit() and answer[-1] == "]"


wrong("00.3", "anywhere in the answer", "end")(
    lambda answer: re.search(r"\[\d+\]", answer) is not None
)
wrong("00.3", "any brackets anywhere", "number")(lambda answer: "[" in answer and "]" in answer)
wrong("00.3", "any closing bracket", "number")(lambda answer: answer.rstrip().endswith("]"))
wrong("00.3", "spaces at the end count", "spaces")(
    lambda answer: re.search(r"\[\d+\]\Z", answer) is not None
)
wrong("00.3", "the example's number", "two digits")(lambda answer: answer.rstrip().endswith("[2]"))
wrong("00.3", "only at the start", "end")(
    lambda answer: re.match(r"\[\d+\]\s*$", answer) is not None
)
wrong("00.3", "letters count as numbers", "number")(
    lambda answer: re.search(r"\[\w+\]\s*$", answer) is not None
)
wrong("00.3", "empty brackets count", "empty")(
    lambda answer: re.search(r"\[\d*\]\s*$", answer) is not None
)
wrong("00.3", "a number without brackets", "bracket")(
    lambda answer: re.search(r"\d+\]?\s*$", answer) is not None
)
wrong("00.3", "the opening bracket is not needed", "bracket")(
    lambda answer: re.search(r"\d+\]\s*$", answer) is not None
)
wrong("00.3", "the match itself", "True")(lambda answer: re.search(r"\[\d+\]\s*$", answer) or False)
wrong("00.3", "text", "type str")(lambda answer: str(bool(re.search(r"\[\d+\]\s*$", answer))))
wrong("00.3", "the other way round", "False")(lambda answer: not re.search(r"\[\d+\]\s*$", answer))
wrong("00.3", "always True", "no passage number")(lambda answer: True)
wrong("00.3", "always False", "ends with")(lambda answer: False)
wrong("00.3", "a full stop may follow", "end")(
    lambda answer: re.search(r"\[\d+\][\s.]*$", answer) is not None
)
wrong("00.3", "the brackets in the pattern are not escaped", "ends with")(
    lambda answer: re.search(r"[\d+]\s*$", answer) is not None
)
