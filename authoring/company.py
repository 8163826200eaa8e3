"""Make the company's data from its fact base: `python -m authoring.company`.

Sources are the hand-written files in `authoring/company/`: one folder a product family, one
folder of company documents, and `tables.yaml`. Made is `coursekit/data/company/`: the documents
of both snapshots, `documents.json`, `facts.json` and `questions.jsonl`. The same sources give the
same bytes. `python -m authoring.company --check` changes nothing, compares, and names each fault.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import yaml
from fpdf import FPDF
from markdown_it import MarkdownIt

from coursekit import corpus
from coursekit.chunks import Chunk
from coursekit.documents import slug
from coursekit.paths import data_dir, write_atomically
from coursekit.scoring import contains_answer, normalise

SOURCE = Path(__file__).resolve().parent / "company"
SNAPSHOTS = corpus.SNAPSHOTS
FAMILIES = {
    "train": ("heron", "wren", "otter", "tern", "badger", "rook"),
    "dev": ("curlew", "hare"),
    "test": ("plover", "kestrel", "marten", "lapwing"),
}
TABLE_FACTS = {"price": ("price-list", "harbour price"), "weight": ("shipping", "shipping weight")}
EDITIONS = {"2025-03": "spring 2025", "2025-09": "autumn 2025"}
HISTORY = (("incident", "incident"), ("release-notes", "release notes"))


class SourceError(ValueError):
    """A source file can't be used: the message names the file and the place."""


def render(source: Path = SOURCE) -> dict[str, bytes]:
    """Render all files of the company: path below `coursekit/data/company/` -> content.

    Raises `SourceError` when a source file is missing or does not fit its schema.
    """
    families = _families(source)
    company = _company(source)
    files: dict[str, bytes] = {}
    rows: list[dict[str, Any]] = []
    for snapshot in SNAPSHOTS:
        rows = []
        for row, markdown in [
            *_family_documents(source, families, snapshot),
            *_company_documents(source, company, snapshot),
        ]:
            rows.append(row)
            files[f"{snapshot}/{row['file']}"] = _as_format(markdown, row["file"], snapshot)
        for row, table in _tables(source, families, snapshot):
            rows.append(row)
            files[f"{snapshot}/{row['file']}"] = table
    facts = [*_family_facts(families), *_company_facts(source, company)]
    questions = [*_family_questions(families), *_company_questions(source, company)]
    files["documents.json"] = _json_lines_list(rows)
    files["facts.json"] = _json_lines_list(facts)
    files["questions.jsonl"] = "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in questions
    ).encode()
    return files


def write(target: Path | None = None) -> int:
    """Render into `target` (default: the package's data), drop files no longer made, and
    return how many files changed."""
    target = target or data_dir() / "company"
    files = render()
    changed = 0
    for name, content in files.items():
        path = target / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            changed += 1
    for path in _files_below(target):
        if path.relative_to(target).as_posix() not in files:
            path.unlink()
            changed += 1
    return changed


def problems(source: Path = SOURCE, target: Path | None = None) -> list[str]:
    """Check sources and rendered files; one sentence a fault, none when all is well."""
    target = target or data_dir() / "company"
    try:
        files = render(source)
    except SourceError as error:
        return [str(error)]
    found = [*_drift(files, target)]
    families = _families(source)
    for family in families:
        found += _family_faults(source, family)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        found += _corpus_faults(root, families)
    return found


def _drift(files: dict[str, bytes], target: Path) -> Iterator[str]:
    remedy = "run `python -m authoring.company`"
    for name, content in files.items():
        path = target / name
        if not path.is_file():
            yield f"coursekit/data/company/{name} is missing: {remedy}."
        elif path.read_bytes() != content:
            yield (
                f"coursekit/data/company/{name} differs from its source in "
                f"authoring/company/: edit the source and {remedy}."
            )
    for path in _files_below(target):
        name = path.relative_to(target).as_posix()
        if name not in files:
            yield f"coursekit/data/company/{name} is made from no source: {remedy}."


def _files_below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file())


# Sources


def _load(path: Path) -> Any:
    if not path.is_file():
        raise SourceError(f"{_name(path)} is missing: write it.")
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SourceError(f"{_name(path)} is no valid YAML: {error}") from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise SourceError(f"{_name(path)} is missing: write it.")
    return path.read_text(encoding="utf-8")


def _name(path: Path) -> str:
    """The file's name from the repository's root, as a contributor knows it."""
    if path.parent.parent.name == "families":
        return f"authoring/company/families/{path.parent.name}/{path.name}"
    if path.parent.parent.name == "company":
        return f"authoring/company/company/{path.name}"
    return f"authoring/company/{path.name}"


def _families(source: Path) -> list[dict[str, Any]]:
    families = []
    for split, names in FAMILIES.items():
        for name in names:
            path = source / "families" / name / "family.yaml"
            family = _load(path)
            wanted = {"family", "kind", "split", "manual_format", "service_format"}
            wanted |= {"products", "facts", "unanswerable", "compare"}
            missing = wanted - set(family)
            if missing:
                raise SourceError(f"{_name(path)} has no {', '.join(sorted(missing))}: add it.")
            if (family["family"], family["split"]) != (name, split):
                raise SourceError(f"{_name(path)}: family must be {name} and split {split}.")
            ids = [product["id"] for product in family["products"]]
            for product in family["products"]:
                if product["id"] != slug(product["name"]):
                    raise SourceError(
                        f"{_name(path)}: the id of {product['name']} must be "
                        f"{slug(product['name'])}, not {product['id']}."
                    )
            for fact in family["facts"]:
                place = f"{_name(path)}, fact {fact.get('key')}"
                lacking = {"key", "label", "in", "values", "questions"} - set(fact)
                if lacking:
                    raise SourceError(f"{place}, has no {', '.join(sorted(lacking))}: add it.")
                if list(fact["values"]) != ids:
                    raise SourceError(f"{place}: values must name {', '.join(ids)} in this order.")
                if len(fact["questions"]) != len(ids):
                    raise SourceError(f"{place}: give {len(ids)} wordings of the question.")
                for product, values in fact["values"].items():
                    if not 1 <= len(values) <= len(SNAPSHOTS) or not all(
                        isinstance(value, str) for value in values
                    ):
                        raise SourceError(
                            f"{place}: the value of {product} must be a list of one or two texts."
                        )
            families.append(family)
    return families


def _company(source: Path) -> dict[str, dict[str, list[str]]]:
    """The slugs of the company documents, each with its facts."""
    folder = source / "company"
    slugs = sorted(path.stem for path in folder.glob("*.md"))
    facts = _load(folder / "facts.yaml") or {}
    unknown = set(facts) - set(slugs)
    if unknown:
        raise SourceError(
            f"{_name(folder / 'facts.yaml')} has facts for {', '.join(sorted(unknown))}, "
            "and no such document stands beside it."
        )
    return {name: facts.get(name, {}) for name in slugs}


def _value(values: list[str], snapshot: str) -> str:
    return values[min(SNAPSHOTS.index(snapshot), len(values) - 1)]


def _by_snapshot(values: list[str]) -> dict[str, str]:
    return {snapshot: _value(values, snapshot) for snapshot in SNAPSHOTS}


# Documents: source text -> Markdown -> file


_JINJA = jinja2.Environment(
    undefined=jinja2.StrictUndefined,
    autoescape=False,
)


# A line of a paragraph, and the line break before the paragraph goes on.
_WRAP = re.compile(r"(?m)^(?![#|>-]|\d+\. )(.+)\n(?=[\w\"'“(](?!\. ))")


def _rendered(path: Path, template: str, **variables: Any) -> str:
    try:
        text = _JINJA.from_string(template).render(**variables)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f"{_name(path)}, line {line}" if line else _name(path)
        raise SourceError(f"{place}, can't be rendered: {error}") from error
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    lines = [re.sub(r"(?<=\S) {2,}", " ", line).rstrip() for line in text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
    return _WRAP.sub(r"\1 ", text)


def _family_documents(
    source: Path, families: list[dict[str, Any]], snapshot: str
) -> Iterator[tuple[dict[str, Any], str]]:
    """Each family document as (row of documents.json, Markdown)."""
    for family in families:
        name = family["family"]
        folder = source / "families" / name
        products = [product["id"] for product in family["products"]]
        for part, subfolder in (("manual", "manuals"), ("service", "service")):
            path = folder / f"{part}.md"
            for product_id in products:
                file = f"{subfolder}/{product_id}-{part}.{family[f'{part}_format']}"
                row = _row(f"{product_id}-{part}", file, part, product_id, name)
                yield row, _rendered(path, _text(path), **_variables(family, product_id, snapshot))
        path = folder / "faq.md"
        shared = {key: family[key] for key in ("products", "kind")}
        yield (
            _row(f"{name}-faq", f"faq/{name}-faq.html", "faq", None, name),
            _rendered(path, _text(path), **shared, snapshot=snapshot),
        )
        path = folder / "history.md"
        parts = _text(path).split("---8<---")
        if len(parts) != len(HISTORY):
            raise SourceError(f"{_name(path)} must hold two documents with ---8<--- between.")
        for (suffix, document_kind), part in zip(HISTORY, parts, strict=True):
            marked = re.search(r"<!--\s*product:\s*([\w-]+)\s*-->", part)
            if not marked or marked.group(1) not in products:
                raise SourceError(
                    f"{_name(path)}: the {document_kind} must begin with a line "
                    "<!-- product: id --> that names a product of the family."
                )
            product_id = marked.group(1)
            yield (
                _row(
                    f"{product_id}-{suffix}",
                    f"history/{product_id}-{suffix}.md",
                    document_kind,
                    product_id,
                    name,
                ),
                _rendered(path, part, **_variables(family, product_id, snapshot)),
            )


def _variables(family: dict[str, Any], product_id: str, snapshot: str) -> dict[str, Any]:
    """What a template about one product can use: p, f.<key>, kind and snapshot."""
    return {
        "p": next(product for product in family["products"] if product["id"] == product_id),
        "f": {
            fact["key"]: _value(fact["values"][product_id], snapshot)
            for fact in family["facts"]
            if fact["in"] != "table"
        },
        "kind": family["kind"],
        "snapshot": snapshot,
    }


def _company_documents(
    source: Path, company: dict[str, dict[str, list[str]]], snapshot: str
) -> Iterator[tuple[dict[str, Any], str]]:
    for name, facts in company.items():
        path = source / "company" / f"{name}.md"
        values = {key: _value(value, snapshot) for key, value in facts.items()}
        row = _row(name, f"company/{name}.md", "company", None, None)
        yield row, _rendered(path, _text(path), f=values, snapshot=snapshot)


def _row(
    id: str, file: str, kind: str, product: str | None, family: str | None
) -> dict[str, str | None]:
    return {"id": id, "file": file, "kind": kind, "product": product, "family": family}


def _as_format(markdown: str, file: str, snapshot: str) -> bytes:
    suffix = Path(file).suffix
    if suffix == ".md":
        return markdown.encode()
    if suffix == ".html":
        return _html(markdown, snapshot).encode()
    if suffix == ".pdf":
        return _pdf(markdown, snapshot)
    raise SourceError(f"{file}: there is no renderer for {suffix}. Use md, html or pdf.")


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title} | Larkspur Kitchen Works</title>
<style>body {{ max-width: 42rem; margin: auto; font-family: serif }} nav {{ display: flex }}</style>
</head>
<body>
<header><p>Larkspur Kitchen Works, Port Ellery. Built to be mended.</p></header>
<nav>
<ul>
<li><a href="/">Home</a></li>
<li><a href="/machines">Machines</a></li>
<li><a href="/menders">Find a mender</a></li>
<li><a href="/shelf-parts">Shelf parts</a></li>
<li><a href="/net-loft">The net loft</a></li>
</ul>
</nav>
<main>
{body}</main>
<footer>
<p>Larkspur Kitchen Works, The Old Net Loft, Port Ellery. Edition of {edition}.</p>
<p><a href="/privacy">Privacy</a> <a href="/imprint">Imprint</a> <a href="#top">Back to top</a></p>
</footer>
<script>document.documentElement.dataset.ready = "yes";</script>
</body>
</html>
"""


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _html(markdown: str, snapshot: str) -> str:
    body = _markdown().render(markdown)
    title = html.escape(_title(markdown))
    return _PAGE.format(title=title, body=body, edition=EDITIONS[snapshot])


def _title(markdown: str) -> str:
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    if not heading:
        raise SourceError(f"A document has no title line: {markdown[:60]!r}. Start it with '# '.")
    return heading.group(1).strip()


_LATIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


class _Pdf(FPDF):
    """A5 pages with a running footer; what a reader of PDFs has to strip."""

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("helvetica", size=8)
        self.cell(0, 6, f"Larkspur Kitchen Works, service papers, page {self.page_no()}")


def _pdf(markdown: str, snapshot: str) -> bytes:
    """Lay out Markdown as a PDF with bookmarks; no date, id or compression that could vary."""
    pdf = _Pdf(format=(148, 210))  # A5, in millimetres
    # Different builds of zlib compress differently: plain streams are the same bytes anywhere.
    pdf.set_compression(False)
    pdf.set_creation_date(datetime.strptime(f"{snapshot}-01", "%Y-%m-%d").replace(tzinfo=UTC))
    pdf.set_producer("Larkspur Kitchen Works")
    pdf.set_creator("Larkspur Kitchen Works")
    pdf.set_lang("en-GB")
    pdf.set_title(_title(markdown).translate(_LATIN))
    pdf.set_auto_page_break(True, margin=18)
    pdf.add_page()
    level, in_list, ordered = 0, 0, 0
    for token in _markdown().parse(markdown):
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            in_list, ordered = 1, int(token.type.startswith("ordered"))
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            in_list = 0
            pdf.ln(2)
        elif token.type == "inline":
            text = "".join(
                " " if child.type in {"softbreak", "hardbreak"} else child.content
                for child in token.children or []
            ).translate(_LATIN)
            if level:
                # Keep a heading with the lines below it.
                if pdf.will_page_break(30):
                    pdf.add_page()
                pdf.start_section(text, level=level - 1)
                pdf.set_font("helvetica", style="B", size=15 if level == 1 else 11)
                pdf.multi_cell(0, 7, text, align="L", new_x="LMARGIN", new_y="NEXT")
                level = 0
            else:
                mark = ""
                if in_list:
                    mark = f"{ordered}. " if ordered else "- "
                    ordered += 1 if ordered else 0
                pdf.set_font("times", size=11)
                pdf.multi_cell(0, 5, mark + text, align="L", new_x="LMARGIN", new_y="NEXT")
                pdf.ln(0 if in_list else 2)
    return bytes(pdf.output())


def _tables(
    source: Path, families: list[dict[str, Any]], snapshot: str
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The tables as CSV. Rows by product get their fact from the fact base."""
    for name, table in _load(source / "tables.yaml").items():
        rows = [table["columns"]]
        fact_of = {label: key for key, (where, label) in TABLE_FACTS.items() if where == name}
        if isinstance(table["rows"], list):
            rows += table["rows"]
        else:
            for family in families:
                for product in family["products"]:
                    cells = dict(table["rows"].get(product["id"], {}))
                    cells[table["columns"][0]] = product["name"]
                    for fact in family["facts"]:
                        if fact["key"] in fact_of.values():
                            label = TABLE_FACTS[fact["key"]][1]
                            cells[label] = _value(fact["values"][product["id"]], snapshot)
                    missing = [column for column in table["columns"] if column not in cells]
                    if missing:
                        raise SourceError(
                            f"authoring/company/tables.yaml, {name}: {product['id']} has no "
                            f"{', '.join(missing)}."
                        )
                    rows.append([cells[column] for column in table["columns"]])
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        yield _row(name, f"tables/{name}.csv", "table", None, None), out.getvalue().encode()


# Fact base and questions


def _family_facts(families: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for family in families:
        for product in family["products"]:
            for fact in family["facts"]:
                in_table = fact["in"] == "table"
                yield {
                    "key": fact["key"],
                    "label": fact["label"],
                    "product": product["id"],
                    "name": product["name"],
                    "family": family["family"],
                    "split": family["split"],
                    "told_in": fact["in"],
                    "document": fact["table"] if in_table else f"{product['id']}-{fact['in']}",
                    "values": _by_snapshot(fact["values"][product["id"]]),
                }


def _company_facts(
    source: Path, company: dict[str, dict[str, list[str]]]
) -> Iterator[dict[str, Any]]:
    questions = _load(source / "company" / "questions.yaml")
    splits = {row["document"]: row["split"] for row in questions}
    for name, facts in company.items():
        for key, values in facts.items():
            yield {
                "key": key,
                "label": key.replace("_", " "),
                "product": None,
                "name": "Larkspur Kitchen Works",
                "family": None,
                "split": splits.get(name, "train"),
                "told_in": "company",
                "document": name,
                "values": _by_snapshot(values),
            }


def _json_lines_list(rows: Iterable[Any]) -> bytes:
    """JSON with one row a line, so that a changed fact is a changed line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n".encode()


def _question(
    id: str,
    question: str,
    kind: str,
    split: str,
    *,
    product: str | None = None,
    family: str | None = None,
    fact: str | None = None,
    official: bool = True,
    answers: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "id": id,
        "question": question,
        "kind": kind,
        "split": split,
        "product": product,
        "family": family,
        "fact": fact,
        "official": official,
        "answers": answers or dict.fromkeys(SNAPSHOTS),
        **more,
    }


def _family_questions(families: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for family in families:
        shared = {"split": family["split"], "family": family["family"]}
        names = {product["id"]: product["name"] for product in family["products"]}
        for fact in family["facts"]:
            for number, (product, name) in enumerate(names.items()):
                for wording, text in enumerate(fact["questions"]):
                    official = wording == number
                    suffix = "" if official else f".wording-{wording + 1}"
                    yield _question(
                        f"{product}.{fact['key']}{suffix}",
                        text.replace("{name}", name),
                        "table" if fact["in"] == "table" else "prose",
                        product=product,
                        fact=fact["key"],
                        official=official,
                        answers=_by_snapshot(fact["values"][product]),
                        **shared,
                    )
        facts = {fact["key"]: fact for fact in family["facts"]}
        for number, compare in enumerate(family["compare"], start=1):
            values = {
                snapshot: {
                    product: _value(facts[compare["fact"]]["values"][product], snapshot)
                    for product in compare["products"]
                }
                for snapshot in SNAPSHOTS
            }
            best = max if compare["want"] == "max" else min
            answers = {
                snapshot: names[best(told, key=lambda product: _number(told[product]))]
                for snapshot, told in values.items()
            }
            yield _question(
                f"{family['family']}.compare-{number}",
                compare["question"],
                "multi",
                fact=compare["fact"],
                answers=answers,
                products=compare["products"],
                values=values,
                **shared,
            )
        numbers: Counter[str] = Counter()
        for row in family["unanswerable"]:
            numbers[row["product"]] += 1
            yield _question(
                f"{row['product']}.unanswerable-{numbers[row['product']]}",
                row["question"].replace("{name}", names[row["product"]]),
                "unanswerable",
                product=row["product"],
                **shared,
            )


def _company_questions(
    source: Path, company: dict[str, dict[str, list[str]]]
) -> Iterator[dict[str, Any]]:
    path = source / "company" / "questions.yaml"
    for row in _load(path):
        if row["document"] not in company:
            raise SourceError(f"{_name(path)}, {row['id']}: no document {row['document']}.")
        if row.get("unanswerable"):
            yield _question(
                row["id"],
                row["question"],
                "unanswerable",
                row["split"],
                document=row["document"],
            )
            continue
        values = company[row["document"]].get(row["fact"])
        if values is None:
            raise SourceError(
                f"{_name(path)}, {row['id']}: {row['document']} has no fact {row['fact']} "
                "in facts.yaml."
            )
        yield _question(
            row["id"],
            row["question"],
            "company",
            row["split"],
            fact=row["fact"],
            answers=_by_snapshot(values),
            document=row["document"],
        )


def _number(value: str) -> float:
    found = re.search(r"\d+(?:\.\d+)?", value.replace(",", ""))
    if not found:
        raise SourceError(f"The value {value!r} holds no number, so it can't be compared.")
    return float(found.group())


# Rules


def _family_faults(source: Path, family: dict[str, Any]) -> Iterator[str]:
    """Rules that one family's sources must keep."""
    file = f"authoring/company/families/{family['family']}/family.yaml"
    names = {product["id"]: product["name"] for product in family["products"]}
    facts = {fact["key"]: fact for fact in family["facts"]}
    in_prose = [fact for fact in family["facts"] if fact["in"] != "table"]
    if len(facts) != 10 or len(in_prose) != 8:
        yield f"{file}: a family has 8 facts in prose and 2 in tables, all with different keys."
    for key, (table, label) in TABLE_FACTS.items():
        fact = facts.get(key, {})
        if (fact.get("in"), fact.get("table"), fact.get("label")) != ("table", table, label):
            yield f"{file}: fact {key} must be in table {table} under the label {label!r}."
    if sum(fact["in"] == "service" for fact in in_prose) < 3:
        yield f"{file}: at least 3 facts must be told in the service procedure."
    numeric = sum(
        all(re.search(r"\d", value) for values in fact["values"].values() for value in values)
        for fact in in_prose
    )
    if numeric < 6:
        yield f"{file}: {numeric} of the facts in prose are numbers; at least 6 must be."
    changing = sum(
        len(set(values)) > 1 for fact in family["facts"] for values in fact["values"].values()
    )
    if changing < 4:
        yield f"{file}: {changing} facts change in the second snapshot; at least 4 must."
    for key, fact in facts.items():
        for snapshot in SNAPSHOTS:
            told = [_value(values, snapshot) for values in fact["values"].values()]
            if len(set(told)) < len(told):
                yield f"{file}, fact {key}: two siblings share a value in {snapshot}."
        for text in fact["questions"]:
            if "{name}" not in text:
                yield f"{file}, fact {key}: the question {text!r} does not say {{name}}."
            for values in fact["values"].values():
                for value in values:
                    if contains_answer(text, value):
                        yield f"{file}, fact {key}: the question {text!r} gives {value!r} away."
    if len(family["unanswerable"]) < 7 or len(family["compare"]) != 2:
        yield f"{file}: a family has 7 unanswerable questions and 2 comparisons."
    for row in family["unanswerable"]:
        if row.get("product") not in names or "{name}" not in row["question"]:
            yield f"{file}, unanswerable: {row['question']!r} needs a product and {{name}}."
    for row in family["compare"]:
        if row["fact"] not in facts or not set(row["products"]) <= set(names):
            yield f"{file}, compare: {row['question']!r} names an unknown fact or product."
            continue
        for snapshot in SNAPSHOTS:
            told = [
                _number(_value(facts[row["fact"]]["values"][product], snapshot))
                for product in row["products"]
            ]
            if len(set(told)) < len(told):
                yield f"{file}, compare: {row['question']!r} is a draw in {snapshot}."
        if not all(names[product] in row["question"] for product in row["products"]):
            yield f"{file}, compare: {row['question']!r} must name both products."
    yield from _slot_faults(source, family)


def _slot_faults(source: Path, family: dict[str, Any]) -> Iterator[str]:
    """A prose fact has its home in one section, and may come back once in the history."""
    folder = source / "families" / family["family"]
    texts = {part: _text(folder / f"{part}.md") for part in ("manual", "service", "faq", "history")}
    for fact in family["facts"]:
        slot = re.compile(r"\bf\." + re.escape(fact["key"]) + r"\b")
        for part, text in texts.items():
            sections = [s for s in re.split(r"(?m)^## ", text) if slot.search(s)]
            home = part == fact["in"]
            place = f"{_name(folder / f'{part}.md')}, slot f.{fact['key']}"
            if home and len(sections) != 1:
                yield f"{place}: its home must be exactly one section, not {len(sections)}."
            if not home and sections and part != "history":
                yield f"{place}: its home is {fact['in']}, so it can't stand here."
            if part == "history" and len(sections) > 1:
                yield f"{place}: it may come back in one section of the history only."


LENGTHS = {"faq": (28, 62)}
_UNITS = (
    "seconds?|minutes?|hours?|days?|weeks?|months?|years?|litres?|millilitres?|grams?|kilograms?"
    "|watts?|kilowatts?|volts?|amps?|bar|degrees?|millimetres?|centimetres?|metres?|euros?"
    "|percent|decibels?|cups?|loaf|loaves|trays?|plates?|glass(?:es)?|slices?|portions?"
)
_LOOSE = re.compile(rf"\b\d[\d.,]*[ -](?:{_UNITS})\b")


def _corpus_faults(root: Path, families: list[dict[str, Any]]) -> Iterator[str]:
    """Rules about the rendered documents, facts and questions together."""
    facts = corpus.company_facts(root=root)
    documents = {snapshot: corpus.company_documents(snapshot, root=root) for snapshot in SNAPSHOTS}
    chunks = {snapshot: corpus.company_chunks(snapshot, root=root) for snapshot in SNAPSHOTS}
    for snapshot, texts in documents.items():
        for name, count in Counter(document.id for document in texts).items():
            if count > 1:
                yield f"{snapshot}: {count} documents have the id {name}."
    if len(documents[SNAPSHOTS[0]]) < 120:
        yield f"There are {len(documents[SNAPSHOTS[0]])} documents; at least 120 are wanted."
    changed = sum(fact.changes for fact in facts)
    if not 0.12 <= changed / len(facts) <= 0.18:
        yield (
            f"{changed} of {len(facts)} facts change between the snapshots "
            f"({changed / len(facts):.1%}); 12 to 18 % are wanted."
        )
    yield from _value_faults(facts, chunks)
    for snapshot, passages in chunks.items():
        yield from _passage_faults(snapshot, passages, facts)
    yield from _question_faults(root)


def _place(fact: corpus.Fact) -> str:
    if fact.product is None:
        return f"authoring/company/company/facts.yaml, {fact.document}, {fact.key}"
    file = f"authoring/company/families/{fact.family}/family.yaml"
    return f"{file}, fact {fact.key}, {fact.product}"


def _value_faults(facts: list[corpus.Fact], chunks: dict[str, list[Chunk]]) -> Iterator[str]:
    """Every value is told where it belongs, when it holds, and nowhere else."""
    owners: dict[tuple[str, ...], str] = {}
    lengths = set()
    for fact in facts:
        for value in dict.fromkeys(fact.values.values()):
            tokens = tuple(normalise(value))
            lengths.add(len(tokens))
            if tokens in owners:
                yield f"{_place(fact)}: the value {value!r} is taken by {owners[tokens]}."
            owners.setdefault(tokens, _place(fact))
    for snapshot, passages in chunks.items():
        found: dict[tuple[str, ...], list[Chunk]] = {}
        for chunk in passages:
            tokens = normalise(chunk.text)
            grams = {
                tuple(tokens[start : start + length])
                for length in lengths
                for start in range(len(tokens) - length + 1)
            }
            for gram in grams & owners.keys():
                found.setdefault(gram, []).append(chunk)
        for fact in facts:
            for when, value in fact.values.items():
                holding = found.get(tuple(normalise(value)), [])
                if when != snapshot and value == fact.values[snapshot]:
                    continue
                if when != snapshot:
                    for chunk in holding:
                        yield (
                            f"{_place(fact)}: {value!r} holds in {when} and still stands in "
                            f"{chunk.id} ({chunk.section}) of {snapshot}."
                        )
                    continue
                home = [chunk for chunk in holding if chunk.document_id == fact.document]
                if fact.told_in == "table":
                    home = [chunk for chunk in home if chunk.product == fact.product]
                if len(home) != 1:
                    yield (
                        f"{_place(fact)}: {value!r} stands in {len(home)} passages of "
                        f"{fact.document} in {snapshot}; it must stand in one."
                    )
                for chunk in holding:
                    told_again = (
                        chunk.kind in {"incident", "release notes"}
                        and chunk.product == fact.product
                        and fact.told_in != "table"
                    )
                    if chunk not in home and not told_again:
                        yield (
                            f"{_place(fact)}: {value!r} also stands in {chunk.id} "
                            f"({chunk.section}) of {snapshot}; change the value or that text."
                        )


def _passage_faults(
    snapshot: str, passages: list[Chunk], facts: list[corpus.Fact]
) -> Iterator[str]:
    """Length of sections, and numbers with units that no fact gives."""
    told: dict[str | None, set[str]] = {}
    for fact in facts:
        told.setdefault(fact.product or fact.document, set()).add(fact.values[snapshot])
    for chunk in passages:
        if chunk.kind == "table":
            continue
        body = chunk.text.partition("\n")[2]
        place = f"{snapshot}, {chunk.id}, section {chunk.section!r}"
        low, high = LENGTHS.get(chunk.kind, (38, 78))
        words = len(body.split())
        if not low <= words <= high:
            yield f"{place}, has {words} words; {low} to {high} are wanted."
        values = told.get(chunk.product or chunk.document_id, set())
        for value in values:
            body = re.sub(rf"(?<![\w.,]){re.escape(value)}(?!\w)", " ", body)
        for loose in _LOOSE.finditer(body):
            yield f"{place}, says {loose.group()!r}, which is no fact: write it without a number."
        if chunk.product and chunk.kind in {"manual", "service"}:
            name = next((fact.name for fact in facts if fact.product == chunk.product), "")
            if name not in body:
                yield f"{place}, does not name the {name}."


def _question_faults(root: Path) -> Iterator[str]:
    questions = corpus.company_questions(root=root)
    if len(questions) < 300:
        yield f"There are {len(questions)} questions; at least 300 are wanted."
    unanswerable = sum(question.answer is None for question in questions)
    if unanswerable < 0.15 * len(questions):
        yield f"{unanswerable} of {len(questions)} questions are unanswerable; 15 % are wanted."
    every = [
        question
        for split in corpus.SPLITS
        for question in corpus.training_questions(split=split, root=root)
    ]
    for name, count in Counter(question.id for question in every).items():
        if count > 1:
            yield f"questions.jsonl: {count} questions have the id {name}."
    for text, count in Counter(question.text for question in every).items():
        if count > 1:
            yield f"questions.jsonl: {count} questions ask {text!r}."
    for snapshot in SNAPSHOTS:
        for question in corpus.company_questions(snapshot, root=root):
            if question.answer and not question.gold_passages:
                yield f"questions.jsonl, {question.id}: no gold passage in {snapshot}."


def main(arguments: list[str] | None = None) -> int:
    """Command line: write the data, or with `--check` name every fault."""
    parser = argparse.ArgumentParser(prog="python -m authoring.company", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, name each fault")
    options = parser.parse_args(arguments)
    if options.check:
        faults = problems()
        for fault in faults:
            print(fault)
        print(f"{len(faults)} faults" if faults else "The company's data are in order.")
        return 1 if faults else 0
    try:
        changed = write()
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{changed} files changed in coursekit/data/company/")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
