"""Films have a picture of every episode, last as long as the episodes did, and are whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from made_episodes import made_episodes, task_of

from goat.errors import ConfigError
from goat.view import theme
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.task import Task
from meta_controller.view.film import FilmError, compare, film
from meta_controller.view.render import Pictures

SIZE = (60, 80)


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of("pendulum-swingup")


@pytest.fixture(scope="module")
def episodes(task: Task) -> Demonstrations:
    return made_episodes(task, 5, 12)


def decoded(path: Path) -> tuple[np.ndarray, float]:
    """Return the pictures (N, H, W, 3) of a film and how many there are in a second."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return np.stack(frames), float(container.streams.video[0].average_rate or 0)


def like(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean difference of two pictures."""
    return float(np.abs(a.astype(int) - b).mean())


def test_a_film_shows_every_episode_at_every_decision(
    task: Task, episodes: Demonstrations, tmp_path: Path
) -> None:
    film(tmp_path / "a.mp4", task, episodes, columns=3, size=SIZE)
    frames, rate = decoded(tmp_path / "a.mp4")
    assert rate == 25
    assert frames.shape == (12, 46 + 2 * (60 + 34 + 12), 12 + 3 * (80 + 12), 3)
    with Pictures(task, SIZE) as pictures:
        for k, (column, row) in enumerate([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)]):
            x, y = 12 + 92 * column, 46 + 106 * row
            for decision in (0, 11):
                tile = frames[decision, y : y + 60, x : x + 80]
                wanted = pictures.draw(episodes.qpos[k, decision : decision + 1])[0]
                assert like(tile, wanted) < 5.0
                others = pictures.draw(episodes.qpos[[(k + 1) % 5], decision])[0]
                assert like(tile, others) > 1.5 * like(tile, wanted)
    empty = frames[0, 46 + 106 + 2 : 46 + 166, 12 + 2 * 92 + 2 : -14]
    assert like(empty, np.array(theme.BACKGROUND)) < 3.0


@pytest.mark.parametrize(
    ("name", "rate", "pictures"),
    [("walker-stand", 20, 10), ("cartpole-balance", 25, 5), ("hound-stand", 25, 10)],
)
def test_a_film_lasts_as_long_as_what_it_shows(
    name: str, rate: int, pictures: int, tmp_path: Path
) -> None:
    task, size = task_of(name), (48, 64)
    episodes = made_episodes(task, 1, 10)
    film(tmp_path / "a.mp4", task, episodes, size=size)
    frames, found = decoded(tmp_path / "a.mp4")
    assert (found, len(frames)) == (rate, pictures)
    assert len(frames) / found == pytest.approx(10 * task.repeat * task.body().control_dt)
    with Pictures(task, size) as drawing:
        wanted = drawing.draw(episodes.qpos[0])
    tile = frames[-1, 46:94, 12:76]
    assert np.argmin([like(tile, picture) for picture in wanted]) == 10 - 10 // pictures


def test_a_bar_grows_with_what_was_earned(
    task: Task, episodes: Demonstrations, tmp_path: Path
) -> None:
    rewards = np.zeros((1, 12), np.float32)
    rewards[0, 5:] = 2.0
    short = replace(task, steps=20)
    film(tmp_path / "a.mp4", short, replace(episodes.first(1), rewards=rewards), size=(60, 200))
    frames, _ = decoded(tmp_path / "a.mp4")
    bars = frames[:, 46 + 61 : 46 + 63, 12 : 12 + 200].mean(axis=1)
    lengths = (np.abs(bars - theme.GOOD).mean(axis=2) < 40).sum(axis=1)
    np.testing.assert_allclose(lengths[:5], 0, atol=2)
    np.testing.assert_allclose(lengths[[5, 8, 11]], [20, 80, 140], atol=4)


def test_two_rows_compare_a_policy_with_demonstrations(
    task: Task, episodes: Demonstrations, tmp_path: Path
) -> None:
    shown, done = episodes.first(3), made_episodes(task, 2, 5, seed=4)
    compare(tmp_path / "a.mp4", task, shown, done, (None, ["good", "bad"]), size=SIZE)
    frames, _ = decoded(tmp_path / "a.mp4")
    assert frames.shape == (12, 46 + 2 * (30 + 60 + 34 + 12), 12 + 3 * 92, 3)
    with Pictures(task, SIZE) as pictures:
        first = pictures.draw(shown.qpos[2, -1:])[0]
        assert like(frames[-1, 76:136, 12 + 184 : 12 + 264], first) < 5.0
        ended = pictures.draw(done.qpos[1, -1:])[0]
        assert like(frames[-1, 212:272, 104:184], ended) < 5.0, "what is over stays as it ended"
    for top, color in ((46, theme.ACCENT), (182, theme.TARGET)):
        assert like(frames[0, top + 6 : top + 18, 13:15], np.array(color)) < 40.0


def test_captions_are_seen(task: Task, episodes: Demonstrations, tmp_path: Path) -> None:
    one = episodes.first(1).take(slice(0, 1))
    for name, caption in (("a", "start 1   return 12"), ("b", ""), ("c", None)):
        captions = None if caption is None else [caption]
        film(tmp_path / f"{name}.mp4", task, one, captions, size=(60, 200))
    strips = [decoded(tmp_path / f"{n}.mp4")[0][0, 46 + 66 : 46 + 94] for n in "abc"]
    assert strips[0].max() > 180
    assert strips[1].max() < 90
    assert like(strips[0], strips[2]) < 1.0, "the number and the return, if nothing is said"


def test_what_cannot_be_filmed_is_named_and_nothing_is_lost(
    task: Task, episodes: Demonstrations, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"kept")
    twelve = made_episodes(task, 12, 3)
    with pytest.raises(FilmError, match="1 to 9 episodes, got 12"):
        film(path, task, twelve)
    with pytest.raises(FilmError, match="1 to 9 episodes, got 0"):
        film(path, task, twelve.take(slice(0, 0)))
    with pytest.raises(FilmError, match="1 to 9 columns, got 0"):
        film(path, task, episodes, columns=0)
    with pytest.raises(FilmError, match="5 episodes need as many captions, got 1"):
        film(path, task, episodes, ["one"])
    with pytest.raises(FilmError, match="row of a film shows 1 to 5 episodes, got 12"):
        compare(path, task, episodes, twelve)
    with pytest.raises(FilmError, match="have no decisions"):
        film(path, task, made_episodes(task, 1, 0))
    with pytest.raises(FilmError, match=r"an \.mp4 file, got 'a\.gif'"):
        film(tmp_path / "a.gif", task, episodes)
    with pytest.raises(DemonstrationError, match="another body than cartpole"):
        film(path, task_of("cartpole-balance"), episodes)
    with pytest.raises(ConfigError, match="cannot write the video"):
        film(tmp_path / "no" / "a.mp4", task, episodes)
    assert path.read_bytes() == b"kept"
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_an_old_film_outlives_an_error_in_the_middle(
    task: Task, episodes: Demonstrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    film(path, task, episodes.first(1), size=SIZE)
    before = path.read_bytes()

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Pictures, "draw", broken)
    with pytest.raises(KeyboardInterrupt):
        film(path, task, episodes, size=SIZE)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
