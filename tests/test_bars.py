"""Progress bars: shown to people, silent in a build."""

from __future__ import annotations

import pytest

from coursekit.bars import progress_bar


@pytest.mark.parametrize("value", ["1", "true"])
def test_a_build_shows_no_bar(monkeypatch, capfd, value):
    monkeypatch.setenv("TQDM_DISABLE", value)
    assert list(progress_bar(range(3), "reading")) == [0, 1, 2]
    with progress_bar(None, "training", total=2, unit="step") as bar:
        bar.update()
        bar.set_postfix(loss="0.1")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("value", ["", "0"])
def test_a_person_sees_what_is_done_and_how_much_there_is(monkeypatch, capfd, value):
    monkeypatch.setenv("TQDM_DISABLE", value)
    assert sum(progress_bar([1, 2], "reading")) == 3
    assert "reading" in capfd.readouterr().err
