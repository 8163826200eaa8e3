"""The one line that every lesson starts with."""

from __future__ import annotations


def setup() -> None:
    """Prepare this session and print one line: device, precision, threads.

    Safe to run twice. The device and the precision are chosen once per process. Where torch does
    not load, the line says so instead, so that the check of the machine can still run.
    """
    from coursekit.language import t
    from coursekit.preflight import torch_sentence
    from coursekit.profile import detect_profile

    try:
        profile = detect_profile()
    except (ImportError, OSError) as error:
        print(torch_sentence(error))
        return
    print(
        t(
            "Lesson ready: {device}, {dtype}, {threads} threads",
            device=profile.device,
            dtype=str(profile.dtype).removeprefix("torch."),
            threads=profile.threads,
        )
    )
