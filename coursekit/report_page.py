"""The report as a page: one HTML file that needs nothing beside it, and the same as JSON."""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.language import format_number, language, t
from coursekit.paths import make_folder, write_atomically

if TYPE_CHECKING:
    import numpy as np

    from coursekit.corpus import Question
    from coursekit.report import Recommendation, Results


def write_report(
    results: Results, recommendation: Recommendation, out: str | Path, title: str | None = None
) -> tuple[Path, Path]:
    """Write `report.html`, which needs nothing beside it, and `report.json`; return both paths.

    Each file is written whole or not at all.
    """
    out = make_folder(Path(out).expanduser())
    page = _page(results, recommendation, title or t("Prompt, RAG, LoRA or both?"))
    return (
        write_atomically(out / "report.html", page),
        write_atomically(
            out / "report.json", json.dumps(as_dict(results, recommendation), indent=1)
        ),
    )


def as_dict(results: Results, recommendation: Recommendation) -> dict[str, Any]:
    """Everything that the report shows, as plain lists and dicts for `report.json`."""
    from coursekit.report import share_interval

    systems = {}
    for name, right in results.right.items():
        low, high = share_interval(right)
        systems[name] = {
            "share_right": float(right.mean()),
            "interval": [low, high],
            "right": right.astype(int).tolist(),
            "answers": results.answers[name],
            "cost": asdict(results.costs[name]),
        }
    return {
        "recommendation": {
            "system": recommendation.system,
            "text": recommendation.text,
            "points": list(recommendation.points),
            "numbers": recommendation.numbers,
        },
        "facts": results.facts,
        "recall": {str(k): value for k, value in results.recall.items()},
        "notes": results.notes,
        "systems": systems,
        "questions": [
            {
                "id": question.id,
                "question": question.text,
                "answer": question.answer,
                "document": question.family,
                "source": question.fact,
                "gold_passages": list(question.gold_passages),
                "fold": int(fold),
            }
            for question, fold in zip(results.questions, results.fold_of, strict=True)
        ],
    }


def _page(results: Results, recommendation: Recommendation, title: str) -> str:
    import jinja2

    from coursekit.systems import PASSAGES

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    systems = list(results.right)
    without = [question.answer is None for question in results.questions]
    rows = []
    for name in systems:
        cost, interval = results.costs[name], interval_in_words(results.right[name])
        cells = [
            format_number(results.right[name].mean(), ".0%"),
            t("{low} to {high}", **interval),
            _part(results.right[name], without, False),
            _part(results.right[name], without, True),
            str(PASSAGES[name]) if name in PASSAGES else "-",
            f"{cost.training_seconds:.0f} s" if cost.training_seconds else "-",
            f"{cost.seconds_per_question:.2f} s",
            f"{cost.prompt_tokens:.0f}",
        ]
        rows.append({"name": name, "cells": cells})
    questions = [
        {
            "text": question.text,
            "gold": question.answer or t("(no answer: a refusal is right)"),
            "document": question.family,
            "answers": [
                {"text": results.answers[name][i], "right": bool(results.right[name][i])}
                for name in systems
            ],
        }
        for i, question in _telling_first(results)
    ]
    points = recommendation.points or (recommendation.text,)
    return environment.from_string(_TEMPLATE).render(
        title=title,
        language=language(),
        about=_about(results),
        verdict=points[0],
        points=points[1:],
        rows=rows,
        plot=_svg(results),
        questions=questions,
        systems=systems,
        notes=results.notes,
        how=_how(results),
        limits=_limits(results),
        right=t("right"),
        wrong=t("wrong"),
        headings={
            "verdict": t("Recommendation"),
            "measured": t("What was measured"),
            "caption": t("Share of right answers, with its 95 % interval"),
            "data": t("Your data: look at these"),
            "how": t("How it was measured"),
            "limits": t("What this report cannot say"),
            "each": t("Each question"),
            "order": t(
                "First those that some systems have right and others wrong, then those that all "
                "have wrong, then the rest."
            ),
        },
        columns=[
            t("system"),
            t("right"),
            t("95 % interval"),
            t("right, of those with an answer"),
            t("refused, of those without"),
            t("passages read"),
            t("training, all folds"),
            t("per question"),
            t("tokens in the prompt"),
        ],
        question_columns=[t("question"), t("answer in your file"), t("document"), *systems],
    )


def _about(results: Results) -> str:
    """What was read and when, as far as the facts know it."""
    facts = results.facts
    if "folder" not in facts or "questions_file" not in facts:
        return facts.get("date", "")
    return t(
        "Documents: {folder}. Questions: {file}. Made on {date}.",
        folder=facts["folder"],
        file=facts["questions_file"],
        date=facts.get("date", "?"),
    )


def _telling_first(results: Results) -> list[tuple[int, Question]]:
    """The questions with their numbers: where the systems disagree, all wrong, all right."""
    counts = sum(right.astype(int) for right in results.right.values())

    def place(number: int) -> int:
        if 0 < counts[number] < len(results.right):
            return 0
        return 1 if counts[number] == 0 else 2

    numbers = sorted(range(len(results.questions)), key=place)
    return [(number, results.questions[number]) for number in numbers]


def _part(right: np.ndarray, without: list[bool], wanted: bool) -> str:
    """How many are right among the questions with or without an answer, as "12 of 30"."""
    chosen = [bool(value) for value, flag in zip(right, without, strict=True) if flag is wanted]
    return t("{some} of {all}", some=sum(chosen), all=len(chosen)) if chosen else "-"


def _svg(results: Results) -> str:
    """The bars of the report, as SVG without any address outside it."""
    import matplotlib
    from matplotlib.figure import Figure

    from coursekit.plots import bars_with_intervals, font_families
    from coursekit.report import share_interval

    with matplotlib.rc_context(
        {"svg.hashsalt": "report", "font.size": 10, "font.family": font_families()}
    ):
        figure = Figure(figsize=(7.2, 2.6), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        bars_with_intervals(
            axes,
            list(results.right),
            [right.mean() for right in results.right.values()],
            [share_interval(right) for right in results.right.values()],
        )
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def _how(results: Results) -> list[str]:
    from coursekit.report import comparison_level

    facts, count = results.facts, len(results.questions)
    size = {"documents": facts.get("documents", "?"), "chunks": facts.get("chunks", "?")}
    lines = [
        t(
            "{documents} documents became {chunks} chunks; {cut} of them are longer than the "
            "embedding model reads, and their end was not searched.",
            cut=facts.get("cut", "?"),
            **size,
        )
        if facts.get("cut") != 0
        else t("{documents} documents became {chunks} chunks, and none was too long.", **size),
        t(
            "{count} questions about {sources} documents, in {folds} folds, which are groups of "
            "whole documents with their questions. Trained systems answered each fold with an "
            "adapter that had seen the questions of the other folds only.",
            count=count,
            sources=len({question.family for question in results.questions}),
            folds=int(results.fold_of.max()) + 1,
        ),
        t(
            "Intervals of shares are at 95%. The best system was picked from the same answers, so "
            "the {pairs} pairs of systems share a chance of 5% for a false alarm, and the "
            "intervals of differences are at {level}.",
            pairs=math.comb(len(results.right), 2),
            level=format_number(comparison_level(len(results.right)), ".1%"),
        ),
        t(
            "An answer counts as right if it contains the words of your answer, in their order; "
            "where your file has no answer, a refusal counts as right."
        ),
    ]
    if results.recall:
        lines.append(
            t(
                "A passage with the answer is the first hit for {first} of the questions that "
                "have one, and among the first five for {five}.",
                first=format_number(results.recall[1], ".0%"),
                five=format_number(results.recall[5], ".0%"),
            )
        )
    unnamed = sum(q.answer is not None and not q.fact for q in results.questions)
    if unnamed:
        lines.append(
            t(
                "{count} questions with an answer name no source. For these, what retrieval found "
                "first decides which passage is taken for the right one, so the shares of "
                "retrieval look better than they are.",
                count=unnamed,
            )
        )
    if "index_seconds" in facts:
        lines.append(
            t(
                "Indexing took {seconds} s. Seconds are those of this machine, when the work was "
                "done; questions were answered in groups, and one alone takes longer.",
                seconds=f"{facts['index_seconds']:.1f}",
            )
        )
    peak = max((cost.memory_gb for cost in results.costs.values()), default=0)
    if peak:
        lines.append(
            t(
                "The whole process, with all that it held, took {memory} GB of memory at most.",
                memory=f"{peak:.1f}",
            )
        )
    if "lm" in facts:
        lines.append(
            t(
                "Models: {lm} and {embedder}, on {device}. Trained: {closed} steps for LoRA and "
                "{reading} for RAG+LoRA in each fold.",
                **{k: facts[k] for k in ("lm", "embedder", "device", "closed", "reading")},
            )
        )
    return lines


def _limits(results: Results) -> list[str]:
    return [
        t(
            "It holds for questions like these {count}, for these models and these settings. A "
            "larger model may turn the order around.",
            count=len(results.questions),
        ),
        t(
            "LoRA alone was asked about documents that it was not trained on. It can know a fact "
            "only if a question of the training told it, so it can hardly win in this report."
        ),
        t(
            "A right answer in other words counts as wrong, and a sentence that holds the right "
            "words by chance counts as right. Read the answers below before you believe a share."
        ),
        t("If you wrote the questions while you read the documents, real ones will be harder."),
    ]


_TEMPLATE = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 "DejaVu Sans", Helvetica, Arial, sans-serif; color: #1f2a37;
  background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; color: #1b4965; }
.verdict { background: #f7f5f0; border-left: 6px solid #2a7f9e; padding: .8rem 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem;
  border-bottom: 1px solid #d5dbe0; overflow-wrap: break-word; }
.each { table-layout: fixed; min-width: 50rem; }
th { color: #1b4965; overflow-wrap: normal; } tr { break-inside: avoid; }
.right::before { content: "\\2713\\00a0"; color: #1b6b3a; font-weight: bold; }
.wrong::before { content: "\\2717\\00a0"; color: #a63d40; font-weight: bold; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
.said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media print { .each { min-width: 0; } body { margin: 0; max-width: none; font-size: 11px; }
  h2 { break-after: avoid; } .verdict { border: 1px solid #1f2a37; } }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% if about %}
<p>{{ about }}</p>
{% endif %}
<h2>{{ headings.verdict }}</h2>
<div class="verdict"><p><strong>{{ verdict }}</strong></p>
{% if points %}
<ul>{% for point in points %}<li>{{ point }}</li>
{% endfor %}</ul>
{% endif %}
</div>
<h2>{{ headings.measured }}</h2>
<figure role="img" aria-label="{{ headings.caption }}">{{ plot | safe }}
<figcaption>{{ headings.caption }}</figcaption></figure>
<div class="wide"><table>
<tr>{% for column in columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr>
{% for row in rows %}
<tr><th scope="row">{{ row.name }}</th>
{% for cell in row.cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
{% if notes %}
<h2>{{ headings.data }}</h2>
<ul>{% for note in notes %}<li>{{ note }}</li>
{% endfor %}</ul>
{% endif %}
<h2>{{ headings.how }}</h2>
<ul>{% for line in how %}<li>{{ line }}</li>
{% endfor %}</ul>
<h2>{{ headings.limits }}</h2>
<ul>{% for line in limits %}<li>{{ line }}</li>
{% endfor %}</ul>
<h2>{{ headings.each }}</h2>
<p>{{ headings.order }}</p>
<div class="wide"><table class="each">
<tr>{% for column in question_columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr>
{% for question in questions %}
<tr><td>{{ question.text }}</td><td>{{ question.gold }}</td>
<td>{{ question.document or "-" }}</td>
{% for answer in question.answers %}
<td class="{{ 'right' if answer.right else 'wrong' }}">\
<span class="said">{{ right if answer.right else wrong }}: </span>{{ answer.text }}</td>
{% endfor %}</tr>
{% endfor %}
</table></div>
</body>
</html>
"""


def interval_in_words(values: np.ndarray) -> dict[str, str]:
    from coursekit.report import share_interval

    low, high = share_interval(values)
    return {"low": format_number(low, ".0%"), "high": format_number(high, ".0%")}
