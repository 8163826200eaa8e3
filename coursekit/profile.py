"""What this machine is good for: device, precision and batch sizes, found by a short probe.

Two overrides exist: `COURSEKIT_DEVICE` (cpu, cuda, mps) and `COURSEKIT_DTYPE` (float32,
bfloat16, float16).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.paths import CacheError, cache_path, locked, write_atomically

if TYPE_CHECKING:
    import torch

DEFAULT_LM = "smollm2-135m-instruct"
LARGE_LM = "HuggingFaceTB/SmolLM2-1.7B-Instruct"
LARGE_LM_MEMORY_GB = 12.0
BF16_MUST_BE_FASTER_BY = 1.5
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Profile:
    """How this machine runs the course.

    Attributes:
        device: "cpu", "cuda" or "mps"; pass it to `.to(...)`.
        device_name: what a person calls it, such as the name of the GPU.
        dtype: precision of the weights, whether a model answers or is tuned.
        lm: name of the language model that `load_lm()` takes.
        micro_batch: number of training examples held in memory at a time.
        threads: number of CPU threads that torch uses.
        memory_gb: memory of the device, in 10^9 bytes.
        bf16_speedup: how many times as fast as fp32 the bf16 matrix products ran; 0.0 where
            nothing was measured.
    """

    device: str
    device_name: str
    dtype: torch.dtype
    lm: str
    micro_batch: int
    threads: int
    memory_gb: float
    bf16_speedup: float


@cache
def detect_profile() -> Profile:
    """Look at this machine once per process, and say how to run the course on it.

    On a CPU, bf16 is chosen where its matrix products run at least 1.5 times as fast as those
    in fp32. The outcome is kept per machine, so that two notebooks never decide differently.
    On a GPU, bf16 is chosen where the hardware has it, and else fp16.

    Raises:
        ValueError: `COURSEKIT_DEVICE` or `COURSEKIT_DTYPE` names something this machine lacks.
    """
    import torch

    device = _device()
    forced = _forced_dtype()
    speedup = 0.0
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        name, memory = properties.name, properties.total_memory / 1e9
        has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
        dtype = forced or (torch.bfloat16 if has_bf16 else torch.float16)
    else:
        name, memory = _processor_name(), total_memory() / 1e9
        dtype = forced or torch.float32
        if device == "cpu" and forced is None:
            speedup = _stored_speedup(name)
            if speedup >= BF16_MUST_BE_FASTER_BY:
                dtype = torch.bfloat16
    wants_large = os.environ.get("COURSEKIT_GPU_MODEL", "").strip().lower() == "large"
    fits_large = device == "cuda" and memory >= LARGE_LM_MEMORY_GB
    return Profile(
        device=device,
        device_name=name,
        dtype=dtype,
        lm=LARGE_LM if wants_large and fits_large else DEFAULT_LM,
        micro_batch=2 if device == "cpu" else 8,
        threads=torch.get_num_threads(),
        memory_gb=round(memory, 1),
        bf16_speedup=round(speedup, 2),
    )


def total_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or less where that is limited."""
    import psutil

    return min([psutil.virtual_memory().total, *(most for most, _ in memory_limits())])


def free_memory() -> int:
    """Bytes of memory that this process may still take without swapping."""
    import psutil

    available = psutil.virtual_memory().available
    return max(0, min([available, *(most - used for most, used in memory_limits())]))


def memory_limits(system: Path = Path("/")) -> list[tuple[int, int]]:
    """The memory limits that hold for this process, and how much of each is used, in bytes.

    They come from the control groups of Linux, where a container, a service or a group above it
    may have one, and from `MEM_LIMIT`, by which JupyterHub tells the share of one learner.

    Args:
        system: root of the file system; tests give a folder.
    """
    import psutil

    limits = []
    for group, most, used, spare in _memory_groups(system):
        limit, now = _bytes_in(group / most), _bytes_in(group / used)
        if limit is not None and now is not None:
            limits.append((limit, now - _cached_bytes(group / "memory.stat", spare)))
    share = os.environ.get("MEM_LIMIT", "").strip()
    if share.isdigit():
        limits.append((int(share), psutil.Process().memory_info().rss))
    return limits


def _memory_groups(system: Path) -> list[tuple[Path, str, str, str]]:
    """The memory groups of this process up to the root, each with the names of its numbers."""
    try:
        lines = (system / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    groups = []
    for line in lines:
        _, kinds, place = line.split(":", 2)
        if not kinds:  # version 2: one tree for all kinds
            root, names = "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in kinds.split(","):
            root = "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # A container may see its own group at the root while `place` names it as the host does.
        below = Path(place.lstrip("/"))
        groups += [(system / root / one, *names) for one in (below, *below.parents)]
    return groups


def _bytes_in(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cached_bytes(path: Path, name: str) -> int:
    """Bytes of files that the system keeps in memory and gives back when a program needs them."""
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return 0
    return next((int(row[1]) for row in rows if row[0] == name), 0)


def _device() -> str:
    import torch

    present = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    forced = os.environ.get("COURSEKIT_DEVICE", "").strip().lower()
    if not forced:
        return next(name for name, is_there in present.items() if is_there())
    if forced not in present:
        raise ValueError(
            f"COURSEKIT_DEVICE is {forced!r}, which is no device: set it to one of "
            f"{', '.join(present)}, or remove it."
        )
    if not present[forced]():
        raise ValueError(
            f"COURSEKIT_DEVICE asks for {forced!r}, which torch does not find on this machine: "
            "set it to 'cpu', or remove it."
        )
    return forced


def _forced_dtype() -> torch.dtype | None:
    import torch

    forced = os.environ.get("COURSEKIT_DTYPE", "").strip().lower()
    if not forced:
        return None
    if forced not in DTYPES:
        raise ValueError(
            f"COURSEKIT_DTYPE is {forced!r}, which is no precision of this course: set it to "
            f"one of {', '.join(DTYPES)}, or remove it."
        )
    return getattr(torch, forced)


def _processor_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _stored_speedup(processor: str) -> float:
    """The bf16 speed-up of this machine, measured once and kept in the cache."""
    import torch

    from coursekit.cache import digest

    key = digest(processor, torch.__version__, torch.get_num_threads())[:16]
    path = cache_path("profile", f"{key}.json")
    stored = _read_speedup(path)
    if stored is not None:
        return stored
    try:
        with locked(path, timeout=60):
            stored = _read_speedup(path)
            if stored is None:
                stored = measure_bf16_speedup()
                write_atomically(path, json.dumps({"bf16_speedup": stored}))
            return stored
    except CacheError:
        return measure_bf16_speedup()


def _read_speedup(path: Path) -> float | None:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["bf16_speedup"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def measure_bf16_speedup(repeats: int = 5) -> float:
    """How many times as fast as in fp32 the matrix products of the model run in bf16 here.

    Two products of the sizes in SmolLM2-135M: a layer's (128, 576) by (576, 1536), and the
    output's (32, 576) by (576, 49152). The two precisions take turns, so that other work on
    the machine slows both; the medians are compared.
    """
    import torch

    sizes = [(128, 576, 1536), (32, 576, 49152)]
    seconds: dict[torch.dtype, list[float]] = {torch.float32: [], torch.bfloat16: []}
    with torch.inference_mode():
        pairs = {
            dtype: [
                (torch.ones(n, k, dtype=dtype), torch.ones(m, k, dtype=dtype)) for n, k, m in sizes
            ]
            for dtype in seconds
        }
        for turn in range(repeats + 1):
            for dtype, operands in pairs.items():
                start = time.perf_counter()
                for rows, weights in operands:
                    torch.nn.functional.linear(rows, weights)
                if turn > 0:
                    seconds[dtype].append(time.perf_counter() - start)
    return statistics.median(seconds[torch.float32]) / statistics.median(seconds[torch.bfloat16])
