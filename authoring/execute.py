"""Run a lesson's solutions, and know when that is needed.

The fingerprint of a lesson covers all that its outputs depend on: its code, the modules of
`coursekit` that it reaches, the data, the English figures it shows, and the pins of the packages
that lessons need.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from authoring.generated import setup_source
from authoring.lesson import Lesson, place, tags_of
from authoring.project import AuthoringError, Project

TIMEOUT = 1800
QUIET = {
    "TQDM_DISABLE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONHASHSEED": "0",
    "COLUMNS": "80",
    "NO_COLOR": "1",
}
NOT_INPUT = ("fonts", "locales", "images", "minutes.json", "recorded.json")
VERDICTS = "coursekit.verdicts"  # a lesson that reaches it depends on recorded.json as well
TOOLS = "# Building and testing"  # below this line of requirements.txt, no lesson needs a package
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Run:
    """What running a lesson left: outputs and counts per code cell, records, minutes on CPU."""

    fingerprint: str
    outputs: tuple[list[NotebookNode], ...]
    counts: tuple[int | None, ...]
    records: dict[str, dict]
    minutes: dict[str, float]


def fingerprint(project: Project, lesson: Lesson) -> str:
    """Hash of everything that the outputs of a lesson depend on, 16 hex digits."""
    root = project.root
    digest = hashlib.sha256()
    sources = [cell.source for cell in lesson.code_cells()]
    for source in sources:
        digest.update(f"code {source}\n".encode())
    modules = _modules(root)
    roots = [*sources, "from coursekit import setup"]
    if f"coursekit.checks.lesson_{lesson.number}" in modules:
        roots.append(f"import coursekit.checks.lesson_{lesson.number}")
    reached = reached_modules(root, roots)
    recorded = root / "coursekit" / "data" / "recorded.json"
    if VERDICTS in reached and recorded.exists():
        digest.update(b"recorded " + recorded.read_bytes())
    for module in sorted(reached):
        digest.update(f"module {module}\n".encode() + modules[module].read_bytes())
    benchmarks = _benchmarks_of(lesson)
    for path in _data_files(root):
        if path.parent.name == "benchmarks" and path.stem not in benchmarks:
            continue
        digest.update(f"data {path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    for name in figures_of(lesson):
        path = root / "images" / f"{name}.svg"
        digest.update(f"figure {name}\n".encode() + (path.read_bytes() if path.exists() else b""))
    requirements = root / "requirements.txt"
    if requirements.exists():
        for line in requirements.read_text(encoding="utf-8").splitlines():
            if line.startswith(TOOLS):
                break
            if line.split("#")[0].strip():
                digest.update(f"pin {line.split('#')[0].strip()}\n".encode())
    return digest.hexdigest()[:16]


def figures_of(lesson: Lesson) -> list[str]:
    """The names that the lesson's code hands to `figure("...")`."""
    return [
        name
        for cell in lesson.code_cells()
        for name in re.findall(r"""\bfigure\(\s*["']([\w-]+)["']""", cell.source)
    ]


def _benchmarks_of(lesson: Lesson) -> set[str]:
    """The names that the lesson's code hands to `load_benchmark("...")` or `load_runs("...")`."""
    sources = (cell.source for cell in lesson.code_cells())
    loads = re.compile(r"""\bload_(?:benchmark|runs)\(\s*["'](\w+)["']""")
    return {name for source in sources for name in loads.findall(source)}


def _data_files(root: Path) -> list[Path]:
    data = root / "coursekit" / "data"
    return sorted(
        path
        for path in data.rglob("*")
        if path.is_file()
        and path.relative_to(data).parts[0] not in NOT_INPUT
        and not any(part.startswith(".") for part in path.relative_to(data).parts)
    )


def _modules(root: Path) -> dict[str, Path]:
    """Every module of coursekit by dotted name, packages by their `__init__.py`."""
    found = {}
    for path in sorted((root / "coursekit").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def reached_modules(root: Path, sources: list[str]) -> set[str]:
    """The modules of coursekit that the sources import, directly or through one another.

    A name imported from `coursekit` itself leads to the module that `coursekit/__init__.py`
    takes it from, be that an import or an entry of a table of names.
    """
    modules = _modules(root)
    reached: set[str] = set()
    waiting = [name for source in sources for name in _imports(source, modules)]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name != "coursekit":
            waiting += _imports(modules[name].read_text(encoding="utf-8"), modules, name)
    return reached


def _imports(source: str, modules: dict[str, Path], inside: str = "") -> Iterator[str]:
    try:
        tree = ast.parse(_without_magics(source))
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in modules:
                    yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = inside if _is_package(modules, inside) else inside.rpartition(".")[0]
                for _ in range(node.level - 1):
                    package = package.rpartition(".")[0]
                base = f"{package}.{base}".rstrip(".")
            if base not in modules:
                continue
            yield base
            for alias in node.names:
                if base == "coursekit":
                    yield from _home_of(alias.name, modules)
                elif f"{base}.{alias.name}" in modules:
                    yield f"{base}.{alias.name}"


def _is_package(modules: dict[str, Path], name: str) -> bool:
    return name in modules and modules[name].name == "__init__.py"


def _home_of(name: str, modules: dict[str, Path]) -> Iterator[str]:
    """Where `from coursekit import name` leads, read off `coursekit/__init__.py`."""
    if f"coursekit.{name}" in modules:
        yield f"coursekit.{name}"
    if "coursekit" not in modules:
        return
    for node in ast.walk(ast.parse(modules["coursekit"].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if name in {alias.asname or alias.name for alias in node.names}:
                base = node.module or ""
                home = f"coursekit.{base}".rstrip(".") if node.level else base
                yield from (home,) if home in modules else ()
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if not isinstance(key, ast.Constant):
                    continue
                texts = [n.value for n in ast.walk(value) if isinstance(n, ast.Constant)]
                if name == key.value:
                    homes = texts
                elif name in texts:
                    homes = [key.value]
                else:
                    continue
                for home in homes:
                    for spelled in (str(home), f"coursekit.{str(home).lstrip('.')}"):
                        if spelled in modules:
                            yield spelled


def _without_magics(source: str) -> str:
    lines = source.splitlines()
    return "\n".join("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def run_lesson(
    project: Project, lesson: Lesson, print_line: Callable[[str], object] = print
) -> Run:
    """Execute the solutions of a lesson in a fresh kernel and an empty folder.

    Raises:
        AuthoringError: a cell fails, writes to stderr, shows a path of this machine, or takes
            longer than 30 minutes; the message names lesson and cell.
    """
    mark = fingerprint(project, lesson)
    notebook = nbformat.v4.new_notebook(metadata=kernel_metadata())
    notebook.cells = [_runnable(project, cell) for cell in lesson.cells]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        (folder / "work").mkdir()
        environment = kernel_environment(project, folder) | {"COURSEKIT_LESSON": lesson.stem}
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            extra_arguments=["--log-level=40"],
            resources={"metadata": {"path": str(folder / "work")}},
        )
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise AuthoringError(_failure(lesson, notebook, error)) from None
        records_file = folder / "records" / f"{lesson.stem}.json"
        records = (
            json.loads(records_file.read_text(encoding="utf-8")) if records_file.exists() else {}
        )
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell, source in zip(code, lesson.code_cells(), strict=True):
            cell.outputs = [_normalised(output) for output in cell.outputs]
            _check_outputs(place(lesson.stem, source), cell, [str(project.root), temporary])
    minutes = (time.monotonic() - started) / 60
    print_line(f"{lesson.stem}: ran in {minutes:.1f} minutes")
    return Run(
        fingerprint=mark,
        outputs=tuple(cell.outputs for cell in code),
        counts=tuple(cell.execution_count for cell in code),
        records=records,
        minutes={"cpu": coarse_minutes(minutes)},
    )


def kernel_environment(project: Project, folder: Path) -> dict[str, str]:
    """Environment variables for kernels that run lessons quietly, as on no particular machine.

    Records, progress and IPython's own files go to folders that are made in `folder`.
    """
    for name in ("records", "state", "ipython"):
        (folder / name).mkdir(parents=True)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLAB_RELEASE_TAG", "COURSEKIT_LESSON")
    }
    path = os.pathsep.join(filter(None, (str(project.root), os.environ.get("PYTHONPATH"))))
    return {
        **inherited,
        **QUIET,
        "PYTHONPATH": path,
        "COURSEKIT_RECORDS": str(folder / "records"),
        "COURSEKIT_STATE": str(folder / "state"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def coarse_minutes(minutes: float) -> int:
    """A measured time as a promise: the next of 1, 2, 3, 5, 8, 10, 15, 20, 25, 30, ... minutes."""
    for step in (1, 2, 3, 5, 8, 10):
        if minutes <= step:
            return step
    return -5 * int(-minutes // 5)


def kernel_metadata() -> dict:
    """The same kernel and language lines in every notebook, without versions."""
    return {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }


def _runnable(project: Project, cell: NotebookNode) -> NotebookNode:
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=cell.id)
    source = setup_source(project) if "setup" in tags_of(cell) else cell.source
    return nbformat.v4.new_code_cell(source, id=cell.id, metadata=dict(cell.metadata))


def _failure(lesson: Lesson, notebook: NotebookNode, error: Exception) -> str:
    cells = dict(zip((c.id for c in lesson.cells), lesson.cells, strict=True))
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        failed = [out for out in outputs if out.output_type == "error"]
        if failed and "raises-exception" not in tags_of(cell):
            trace = COLOUR.sub("", "\n".join(failed[0].traceback))
            tail = "\n".join(trace.splitlines()[-12:])
            return f"{place(lesson.stem, cells[cell.id])} fails:\n{tail}"
    begun = [c for c in notebook.cells if c.get("execution_count") or c.get("outputs")]
    where = place(lesson.stem, cells[begun[-1].id]) if begun else f"lessons/{lesson.stem}.py"
    if isinstance(error, CellTimeoutError):
        return f"The cell after {where}, or that cell, runs for over {TIMEOUT} s: make it cheaper."
    return f"The kernel died at {where} or in the cell after it: {str(error)[-300:]}"


def _normalised(output: NotebookNode) -> NotebookNode:
    output = NotebookNode(output)
    if "metadata" in output:
        output.metadata = NotebookNode({k: v for k, v in output.metadata.items() if "/" in k and v})
    if "traceback" in output:
        output.traceback = []
    return output


def _check_outputs(where: str, cell: NotebookNode, private: list[str]) -> None:
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            raise AuthoringError(
                f"{where} writes to stderr, which a stored notebook may not hold: "
                f"{output.text.strip()[:300]!r}. Mend the cause or silence that warning."
            )
    shown = json.dumps([dict(output) for output in cell.outputs])
    for path in [*private, str(Path.home()) + os.sep]:
        if len(path) > 3 and json.dumps(path)[1:-1] in shown:
            raise AuthoringError(
                f"{where} shows a path of this machine ({path}): print the file's name only."
            )
