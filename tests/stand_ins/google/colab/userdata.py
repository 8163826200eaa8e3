"""Secrets, which only Colab's own page can give."""


class SecretNotFoundError(Exception):
    """There is no secret of that name."""


class TimeoutException(Exception):
    """The page did not answer."""


def get(key: str) -> str:
    """Raise, as outside Colab's own page."""
    raise TimeoutException(f"Requesting secret {key} timed out.")
