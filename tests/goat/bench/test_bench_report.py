from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bench_records import make_goal, make_missed, make_record, make_records

from goat.bench.failures import CAUSES
from goat.bench.folder import Results
from goat.bench.metrics import MetricsConfig, episode_key, measure
from goat.bench.page_tables import percent, signed
from goat.bench.plot_parts import spread_out
from goat.bench.plots import draw_figures, save_figures, svg_of
from goat.bench.records import EpisodeRecord, RunConfig
from goat.bench.report import Page, render
from goat.bench.session import GoalResult
from goat.bench.style import ordered
from goat.bench.summary import document, notes_on
from goat.bench.tables import latex_table, tex_escape
from goat.bench.worst import Film, track_svg, worst_episodes
from goat.types import Status

CONFIG = MetricsConfig(resamples=200)
BLANK = make_goal(
    success=None, strict_success=None, shortest_m=None, spl=None, strict_spl=None,
    agent_ms_median=None, agent_ms_p99=None, targets=(), reached=None, category=None,
    chosen=None, known=None, best=None, trajectory=(), cost_ms={}, status=Status.TIMEOUT,
)  # fmt: skip
"""A goal of which nobody knows anything."""


def results_of(records: Sequence[EpisodeRecord], damaged: tuple[str, ...] = ()) -> Results:
    versions = {"goat": "0.1.0", "python": "3.11"}
    return Results(RunConfig(), tuple(records), "2025-01-01T00:00:00+00:00", versions, damaged)


def page_of(records: Sequence[EpisodeRecord], *damaged: str, plots: bool = False) -> Page:
    results = results_of(records, damaged)
    metrics = measure(records, CONFIG)
    notes = notes_on(results, metrics)
    figures = draw_figures(metrics, CONFIG.baseline) if plots else {}
    return Page(
        title="A <b>bench</b>",
        results=results,
        metrics=metrics,
        config=CONFIG,
        document=document(results, metrics, CONFIG, notes),
        plots={name: svg_of(figure) for name, figure in figures.items()},
        notes=notes,
    )


class Reader(HTMLParser):
    """Checks that elements are closed in order, and notes what the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)
        found = dict(attrs)
        self.sources += [found["src"] or ""] if "src" in found else []
        self.links += [found["href"] or ""] if "href" in found else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name == "src"]

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert "script" not in page
    assert all(source.startswith("data:image/") for source in reader.sources)
    assert not re.search(r"\b(nan|None|inf)\b", reader.text)
    return reader


def test_results_json_has_the_documented_schema() -> None:
    records = make_records(("goat", "no-memory"), episodes=4, goals=6)
    found = json.loads(json.dumps(page_of(records).document))
    assert list(found) == ["schema", "config", "versions", "agents", "notes"]
    assert found["schema"] == 1
    assert found["config"]["run"] == {
        "noise": "none", "camera": "default", "detector": "simulator", "max_steps": 500, "seed": 0,
        "env": "home", "drop_long": False,
    }  # fmt: skip
    goat = found["agents"]["goat"]
    assert list(goat) == [
        "episodes", "strict", "relaxed", "by_modality", "by_index", "by_visit", "by_category",
        "learning", "matching", "failures", "effort", "cost_ms", "episodes_per_hour", "differences",
    ]  # fmt: skip
    for rule in ("strict", "relaxed"):
        assert list(goat[rule]) == ["success", "spl", "ci", "n"]
        low, high = goat[rule]["ci"]["success"]
        assert low <= goat[rule]["success"] <= high
    assert list(goat["by_modality"]) == ["category", "image", "language"]
    assert len(goat["by_index"]) == 6
    assert list(goat["by_index"][0]) == ["strict", "relaxed"]
    assert list(goat["by_visit"]) == ["first", "revisit"]
    assert list(goat["failures"]) == list(CAUSES)
    assert goat["differences"] is None
    gap = found["agents"]["no-memory"]["differences"]
    assert list(gap) == ["against", "episodes", "strict", "relaxed", "by_modality"]
    assert list(gap["strict"]["spl"]) == ["difference", "ci", "excludes_0"]


def test_the_page_is_whole_and_needs_nothing_beside_it() -> None:
    page = page_of(make_records(episodes=4, goals=6), plots=True)
    reader = read(render(page))
    for word in (
        "Learning curve",
        "Why goals were missed",
        "How it was measured",
        "CLIP on Wheels",
    ):
        assert word in reader.text
    assert len(reader.sources) == 7
    assert f"{percent(page.metrics['goat'].strict.success or 0)} %" in reader.text
    assert not [link for link in reader.links if "//" in link]


def test_everything_on_the_page_is_escaped() -> None:
    evil = "<script>alert('&')</script>\"'"
    goal = make_missed(goal=evil, reason=evil, chosen=evil, targets=(evil,), category=evil)
    records = [make_record([goal], evil, evil, scene=evil), make_record([goal], "goat", evil)]
    versions = {evil: evil}
    page = page_of([replace(r, versions=versions) for r in records], evil, plots=True)
    films = {episode_key(records[1]): Film(f"videos/{evil}.mp4", same=False)}
    html = render(replace(page, title=evil, films=films))
    assert "<script" not in html
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert evil in reader.text


@pytest.mark.parametrize(
    "goals", [[BLANK, BLANK], [], [make_missed()], [make_goal()], [BLANK, make_goal(steps=0)]]
)
def test_records_that_say_little_give_dashes(goals: list[GoalResult], tmp_path: Path) -> None:
    records = [make_record(goals), make_record(goals, "stranger")]
    page = page_of(records, plots=True)
    read(render(page))
    save_figures(draw_figures(page.metrics, "goat"), tmp_path)
    assert "nan" not in latex_table(page.metrics)


def test_readers_are_told_what_is_wrong() -> None:
    records = [
        make_record([make_goal()], "goat", "0"),
        make_record([BLANK], "goat", "1"),
        replace(make_record([make_goal()], "random", "0"), versions={"goat": "0.2.0"}),
    ]
    page = page_of(records, "results/goat/x.json: it is not of schema 1")
    told = "\n".join(page.notes)
    assert "Left out: results/goat/x.json: it is not of schema 1." in told
    assert "different sets of episodes (GOAT 2, Random 1)" in told
    assert "1 of 2 goals have no known target" in told
    assert "different versions: goat 0.1.0, 0.2.0" in told
    text = read(render(page)).text
    assert all(note in text for note in page.notes)
    assert page_of(make_records(("goat",), episodes=10, goals=1)).notes == []
    assert "as few as 3 episodes" in page_of(make_records(("goat",), 3, 1)).notes[0]
    assert "From one episode alone" in page_of(make_records(("goat",), 1, 1)).notes[0]


def test_many_damaged_files_are_counted() -> None:
    notes = page_of([make_record([make_goal()])], *(f"file {k}" for k in range(30))).notes
    assert "And 10 more files were left out." in notes


def test_the_worst_episodes_come_first_and_only_those_with_misses() -> None:
    records = [
        make_record([make_goal(), make_goal()], episode="good"),
        make_record([make_missed(), make_goal(strict_spl=0.9)], episode="half, direct"),
        make_record([make_missed(), make_goal(strict_spl=0.1)], episode="half, astray"),
        make_record([make_missed(), make_missed()], episode="none"),
        make_record([], episode="empty"),
    ]
    order = [record.job.episode for record in worst_episodes(records, 9)]
    assert order == ["none", "half, astray", "half, direct"]
    assert len(worst_episodes(records, 1)) == 1


def test_a_card_says_what_was_chosen_and_what_was_wanted() -> None:
    goal = make_missed(
        chosen="chair_07", targets=("chair_01", "chair_02", "chair_03", "chair_04"), steps=77
    )
    record = make_record([make_goal(), goal])
    page = page_of([record])
    films = {episode_key(record): Film("videos/goat-generated_0-0.mp4", same=True)}
    reader = read(render(replace(page, films=films)))
    for word in ("1 of 2 goals missed", "wrong instance", "chair_07", "or 1 more", "77"):
        assert word in reader.text
    assert "videos/goat-generated_0-0.mp4" in reader.links
    assert "did not end the same" not in reader.text
    other = {key: replace(film, same=False) for key, film in films.items()}
    assert "did not end the same" in read(render(replace(page, films=other))).text


def test_a_way_is_drawn_with_y_up_and_ends_at_its_number() -> None:
    goals = [
        make_goal(trajectory=((0.0, 0.0), (0.01, 0.0), (2.0, 1.0))),
        make_missed(trajectory=((2.0, 1.0), (2.0, 3.0))),
    ]
    svg = ElementTree.fromstring(track_svg(goals))
    lines = [line for line in svg.findall("polyline") if line.get("class") != "trail"]
    assert [line.get("class") for line in lines] == ["good", "bad"]
    assert lines[1].get("points") == "2.00,-1.00 2.00,-3.00 2.00,-3.00"
    assert [text.text for text in svg.findall("text")][:2] == ["1", "2"]
    low_x, low_y, width, height = map(float, (svg.get("viewBox") or "").split())
    assert low_x < 0
    assert low_y < -3.0
    assert low_x + width > 2.0
    assert low_y + height > 0.0


def test_a_way_without_places_is_no_picture() -> None:
    assert track_svg([BLANK]) == ""
    odd = make_goal(trajectory=((0.0, 0.0), (float("nan"), 1.0), (1.0, 1.0)))
    assert "nan" not in track_svg([odd, BLANK])


def test_the_latex_table_is_well_formed() -> None:
    table = latex_table(measure(make_records(episodes=4, goals=6), CONFIG))
    for name in ("table*", "tabular"):
        assert table.count(rf"\begin{{{name}}}") == table.count(rf"\end{{{name}}}") == 1
    body = "\n".join(line for line in table.splitlines() if not line.startswith("%"))
    assert body.count("{") == body.count("}")
    assert body.count("$") % 2 == 0
    rows = [line for line in body.splitlines() if line.strip().startswith(("GOAT", "Random"))]
    assert len(rows) == 2 * 5
    assert all(row.count(" & ") == 8 and row.endswith(r"\\") for row in rows)
    assert r"\mathbf" in body
    assert r"\pm" in body


def test_the_latex_table_escapes_names() -> None:
    records = [make_record([make_goal()], "my_agent & 100% #1 {x} ~^\\")]
    assert (
        r"my\_agent \& 100\% \#1 \{x\} \textasciitilde{}\textasciicircum{}\textbackslash{} & "
        in latex_table(measure(records, CONFIG))
    )
    assert tex_escape("$") == r"\$"


def test_figures_are_the_same_every_time_and_are_written_twice(tmp_path: Path) -> None:
    metrics = measure(make_records(("goat", "random"), episodes=3, goals=3), CONFIG)
    first, second = draw_figures(metrics, "goat"), draw_figures(metrics, "goat")
    assert svg_of(first["learning_curve"]) == svg_of(second["learning_curve"])
    assert ElementTree.fromstring(svg_of(first["visits"]).decode()).tag.endswith("svg")
    save_figures({"visits": first["visits"]}, tmp_path / "figures")
    assert (tmp_path / "figures/visits.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figures/visits.png").read_bytes().startswith(b"\x89PNG")


def test_labels_move_apart_but_stay_inside() -> None:
    places = spread_out([0.0, 0.95, 0.96, 0.97], 0.1, 0.0, 1.0)
    assert places == pytest.approx([0.0, 0.8, 0.9, 1.0])
    assert spread_out([0.5] * 20, 0.1, 0.0, 1.0)[-1] == 1.0
    assert spread_out([], 0.1, 0.0, 1.0) == []


def test_agents_stand_in_the_order_of_the_paper_and_strangers_before_bounds() -> None:
    names = ["oracle", "zebra", "random", "no-memory", "goat"]
    assert ordered(names) == ["goat", "no-memory", "zebra", "random", "oracle"]


def test_signs_are_written_out_except_for_nothing() -> None:
    form = signed(percent)
    assert (form(-0.1), form(0.1), form(-0.0001)) == ("&minus;10.0", "+10.0", "0.0")


def test_every_field_of_a_goal_is_known_to_the_blank_one() -> None:
    """A new optional field must be left out by BLANK too, else its absence is not tested."""
    optional = {field.name for field in fields(GoalResult) if "None" in str(field.type)}
    assert all(getattr(BLANK, name) is None for name in optional)
