"""Measuring memory and time in one way everywhere."""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from contextlib import suppress
from types import TracebackType


class MemoryMeter:
    """The highest resident memory of this process inside a `with` block.

    In gigabytes (10**9 bytes); samples every 20 ms. Where the course computes on an NVIDIA GPU, it
    reports the device's peak of allocated memory instead.
    """

    def __enter__(self) -> MemoryMeter:
        import psutil
        import torch

        from coursekit.profile import detect_profile

        self._process = psutil.Process()
        self._gpu = detect_profile().device == "cuda"
        if self._gpu:
            torch.cuda.reset_peak_memory_stats()
        self.start_gb = self.peak_gb = self._now()
        self._running = True
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def _now(self) -> float:
        return self._process.memory_info().rss / 1e9

    def _sample(self) -> None:
        while self._running:
            self.peak_gb = max(self.peak_gb, self._now())
            time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running = False
        self._thread.join()
        if self._gpu:
            import torch

            self.peak_gb = torch.cuda.max_memory_allocated() / 1e9


def give_back_memory() -> None:
    """Return freed memory to the system, so that what grows afterwards is seen."""
    gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL("libc.so.6").malloc_trim(0)
