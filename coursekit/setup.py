"""The one line that every lesson starts with."""

from __future__ import annotations


def setup() -> None:
    """Prepare this session and print one line: device, precision, threads.

    Safe to run twice. The device and the precision are chosen once per process.
    """
    from coursekit.language import t
    from coursekit.profile import detect_profile

    profile = detect_profile()
    print(
        t(
            "Lesson ready: {device}, {dtype}, {threads} threads",
            device=profile.device,
            dtype=str(profile.dtype).removeprefix("torch."),
            threads=profile.threads,
        )
    )
