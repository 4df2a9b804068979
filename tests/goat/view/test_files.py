from __future__ import annotations

import re
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from fakes import make_frame, make_instance
from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError
from goat.types import CameraIntrinsics, Goal, ImageGoal, Instance, LanguageGoal, Status, View
from goat.view.report import GoalCard, Report, write_report
from goat.view.storyboard import Outcome
from goat.view.video import VideoWriter

RESULT = {
    "steps": 12, "path_length_m": 3.4, "shortest_m": None, "spl": None, "seconds": 5.0,
    "first_visit": True, "reason": "stands <before> it",
}  # fmt: skip


def test_a_video_has_the_pictures_in_order(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with VideoWriter(path, fps=5) as video:
        for shade in (40, 120, 200):
            video.add(np.full((63, 81, 3), shade, np.uint8), repeat=2)
    video.close()
    with av.open(str(path)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 5
    assert [f.shape for f in frames] == [(62, 80, 3)] * 6
    assert [round(float(f.mean()) / 40) for f in frames] == [1, 1, 3, 3, 5, 5]
    assert path.read_bytes().find(b"moov") < path.read_bytes().find(b"mdat")


def test_a_video_keeps_its_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "v.mp4") as video:
        video.add(np.zeros((64, 64, 3), np.uint8))
        with pytest.raises(ValueError, match="64 x 64, got a picture 32 x 64"):
            video.add(np.zeros((64, 32, 3), np.uint8))


def test_a_video_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the video"):
        VideoWriter(tmp_path / "no" / "v.mp4")


def seen_instance(number: int, label: str) -> Instance:
    crop = cv2.imencode(".jpg", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()
    box = np.array([0, 0, 60, 40], np.float32)
    camera = CameraIntrinsics.from_hfov(640, 480, 1.3)
    view = View(1, 0.0, RigidTransform.identity(), camera, box, box, crop, b"", 1.0)
    base = make_instance(number, label, (0, 0))
    return Instance(
        number, {label: 1.0}, base.points, base.bounds, (view,), 0, 1, 3, True,
        {"color:blue": 0.9, "material:wood": 0.2},
    )  # fmt: skip


def card(goal: Goal, outcome: Outcome) -> GoalCard:
    picture = np.full((60, 80, 3), 99, np.uint8)
    return GoalCard(goal, outcome, RESULT, picture, picture)


def test_a_report_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    photo = ImageGoal(np.full((30, 40, 3), 50, np.uint8), "photo of chair_1")
    report = Report(
        title="GOAT in <home>",
        results={"summary": {"spl": 0.5}, "config": {"a": 1}, "versions": {"goat": "1"}},
        cards=[
            card(LanguageGoal("the <b>blue</b> chair"), Outcome(Status.REACHED, True)),
            card(photo, Outcome(Status.NOT_FOUND, False)),
        ],
        instances=[seen_instance(1, "sofa"), seen_instance(2, "bed")],
        map=np.zeros((60, 80, 3), np.uint8),
        video="video.mp4",
    )
    write_report(tmp_path / "report.html", report)
    page = (tmp_path / "report.html").read_text()
    sources = re.findall(r'(?:src|href|poster)="([^"]*)"', page)
    assert {s for s in sources if not s.startswith(("data:image/jpeg;base64,", "#goal-"))} == {
        "video.mp4"
    }
    assert "<b>blue</b>" not in page
    assert "&lt;b&gt;blue&lt;/b&gt;" in page
    assert "GOAT in &lt;home&gt;" in page
    assert "1 / 2" in page
    assert "stands &lt;before&gt; it" in page
    assert "blue</span>" in page
    assert "wood" not in page
    assert page.index("<b>bed</b>") < page.index("<b>sofa</b>")


def test_a_report_of_nothing_is_a_page_too(tmp_path: Path) -> None:
    report = Report("empty", {}, [], make_frame(instances=()).instances, None, None)
    write_report(tmp_path / "report.html", report)
    assert "0 / 0" in (tmp_path / "report.html").read_text()
