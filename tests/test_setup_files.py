"""What installs, tests and publishes the course: pins, ranges, workflow, and a light import."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
BROUGHT_ALONG = {"scipy", "scikit-learn"}  # sentence-transformers needs them
BROUGHT_ALONG |= {"jsonschema", "requests", "websocket-client"}  # jupyterlab and its server do
BROUGHT_ALONG |= {"ipython"}  # ipykernel needs it
OWN = {"coursekit", "authoring", "proving", "workshop", "google"} | {
    path.stem for path in (ROOT / "tests").iterdir()
}
MUST = {
    "faiss-cpu",
    "jupyterlab",
    "matplotlib",
    "nbval",
    "peft",
    "sentence-transformers",
    "torch",
    "transformers",
}


def lines_of(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def pins() -> dict[str, Version]:
    found = {}
    for line in lines_of("requirements.txt"):
        requirement = Requirement(line)
        found[canonicalize_name(requirement.name)] = Version(str(requirement.specifier)[2:])
    return found


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def ranges() -> dict[str, Requirement]:
    listed = [Requirement(text) for text in pyproject()["project"]["dependencies"]]
    return {canonicalize_name(requirement.name): requirement for requirement in listed}


def imported(*folders: str) -> dict[str, str]:
    """Distribution of each third-party import, with a file that imports it."""
    homes = importlib.metadata.packages_distributions()
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module]
                for name in {name.split(".")[0] for name in names}:
                    if name in sys.stdlib_module_names or name in OWN:
                        continue
                    assert name in homes, f"{path.name} imports {name}, which is not installed"
                    where = path.relative_to(ROOT).as_posix()
                    found[canonicalize_name(homes[name][0])] = where
    return found


# ---------------------------------------------------------------- pins and ranges


def test_every_line_of_the_requirements_is_an_exact_pin():
    for line in lines_of("requirements.txt"):
        assert re.fullmatch(r"[A-Za-z0-9._-]+==\d+(\.\d+)+([a-z]+\d+)?", line), line
    assert len(pins()) == len(lines_of("requirements.txt")), "a package is pinned twice"


def test_the_requirements_hold_what_the_course_is_made_of():
    assert pins().keys() >= MUST
    assert str(pins()["torch"]) == "2.13.0"


@pytest.mark.parametrize("name", sorted(ranges()))
def test_each_range_holds_its_pin(name):
    assert name in pins(), f"pyproject.toml asks for {name}, and requirements.txt has no pin"
    assert ranges()[name].specifier.contains(pins()[name])


def test_the_installed_packages_are_the_pinned_ones():
    wrong = {
        name: installed
        for name, pin in pins().items()
        if (installed := Version(importlib.metadata.version(name))).public != str(pin)
    }
    assert not wrong, "run make again: requirements.txt has changed"


def test_what_coursekit_imports_is_declared():
    missing = {name: where for name, where in imported("coursekit").items() if name not in ranges()}
    # IPython shows figures; whoever opens a notebook has it.
    missing.pop("ipython", None)
    assert not missing, "add it to the dependencies in pyproject.toml"


def test_what_the_build_and_the_tests_import_is_pinned():
    missing = {
        name: where
        for name, where in imported("authoring", "proving", "tests", "benchmarks").items()
        if name not in pins() and name not in BROUGHT_ALONG
    }
    assert not missing, "add it to requirements.txt"


# ---------------------------------------------------------------- one command


def test_ci_and_the_workflow_run_make_test():
    assert lines_of(".ci/run")[-1] == "make test"
    steps = workflow()["jobs"]["course"]["steps"]
    assert any(step.get("run", "").startswith("make test") for step in steps)


def workflow() -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))


def test_make_test_runs_the_steps_of_the_course():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test: models\n\t\$\(PY\) -m authoring test$", text, re.MULTILINE)


def test_the_workflow_covers_every_python_and_three_systems():
    jobs = workflow()["jobs"]
    matrix = jobs["course"]["strategy"]["matrix"]["include"]
    assert {entry["os"].split("-")[0] for entry in matrix} == {"ubuntu", "macos"}
    tested = {entry["python"] for entry in matrix if entry["os"].startswith("ubuntu")}
    needed = Requirement(f"python{pyproject()['project']['requires-python']}").specifier
    assert tested == {f"3.{minor}" for minor in range(20) if needed.contains(f"3.{minor}.0")}
    assert jobs["windows"]["runs-on"].startswith("windows")


def test_the_windows_job_installs_with_the_lines_of_the_makefile():
    lines = [step["run"] for step in workflow()["jobs"]["windows"]["steps"] if "run" in step]
    assert lines[-1] == "python -m pytest tests/"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    makefile = makefile.replace(" --quiet --disable-pip-version-check", "")
    for line in lines[:-1]:
        assert line.removeprefix("python ") in makefile


def test_every_job_caches_pip_and_the_models():
    for name, job in workflow()["jobs"].items():
        if name == "audit":  # it installs nothing of the course
            continue
        uses = {step["uses"].split("@")[0]: step.get("with", {}) for step in job["steps"][:3]}
        assert uses["actions/setup-python"]["cache"] == "pip"
        assert uses["actions/cache"]["path"] == ".course-cache/models"
        assert job["env"]["COURSEKIT_CACHE"].endswith("/.course-cache")


# ---------------------------------------------------------------- a light import


def test_importing_coursekit_imports_no_model_library():
    script = "import sys, coursekit; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    heavy = {"torch", "transformers", "sentence_transformers", "peft", "faiss", "matplotlib"}
    assert not heavy & set(done.stdout.split())
