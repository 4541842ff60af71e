from __future__ import annotations

import html
import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from gpu_handlers.engines.speech.speech import Speech
from gpu_handlers.stages import captions
from gpu_handlers.stages.captions import Cue, cues, srt, vtt, width
from gpu_handlers.stages.script import tell
from gpu_handlers.stages.timeline import Timeline, lay
from tests.unit.story.conftest import FABLE, speech_of

Spoken = Callable[..., tuple[Speech, ...]]

SCRIPTS = {
    "en": FABLE,
    "zh": "从前有一只小狐狸住在森林里。它每天晚上都看着村庄的灯光，想知道那里住着谁。有一天，它在雪地里发现了灯笼。",
    "ar": "كان يا ما كان في قديم الزمان ثعلب صغير وجد فانوسا في الغابة. كان الفانوس يضيء كل ليلة، وكان الثعلب سعيدا.",
    "hi": "एक छोटी लोमड़ी को जंगल में एक पुरानी लालटेन मिली। वह बहुत खुश थी और उसे गाँव तक ले गई।",
    "list": "A plant needs four things:\n- light\n- water from the soil\n- air\n- a place to grow and time to do so",
    "fast": "Quick words rush by " * 12 + "and stop.",
}


def timeline_of(script: str) -> Timeline:
    story = tell(script)
    return lay(story, [speech_of(scene.narration, story.language) for scene in story.scenes], opening=2, closing=1)


@pytest.fixture(params=SCRIPTS)
def timeline(request: pytest.FixtureRequest) -> Timeline:
    return timeline_of(SCRIPTS[request.param])


@pytest.mark.parametrize("columns", [captions.COLUMNS, captions.PORTRAIT_COLUMNS])
def test_cues_have_two_lines_that_fit(timeline: Timeline, columns: int) -> None:
    for cue in cues(timeline, columns=columns):
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < width(line) <= columns for line in cue.lines)


def test_cues_say_everything_that_is_said(timeline: Timeline) -> None:
    shown = "".join("".join(cue.lines) for cue in cues(timeline))
    said = "".join(beat.scene.narration for beat in timeline.beats)
    assert "".join(shown.split()) == "".join(said.split())


def test_cues_follow_each_other_with_two_frames_between(timeline: Timeline) -> None:
    found = cues(timeline, fps=25)
    for before, after in pairwise(found):
        assert after.start - before.end >= 2 / 25 - 1e-9


def test_cues_stay_for_a_readable_time(timeline: Timeline) -> None:
    for cue in cues(timeline):
        assert 5 / 6 - 0.1 <= cue.end - cue.start <= 7.0


def test_no_cue_reaches_into_the_next_scene(timeline: Timeline) -> None:
    for cue in cues(timeline):
        home = [beat for beat in timeline.beats if beat.start <= cue.start < beat.start + beat.seconds]
        assert len(home) == 1
        assert cue.end <= home[0].start + home[0].seconds + 1e-9


def test_a_cue_begins_with_its_first_word(timeline: Timeline) -> None:
    spoken = {round(beat.start + word.start, 6) for beat in timeline.beats for word in beat.words}
    starts = [cue.words[0].start for cue in cues(timeline)]
    assert [cue.start for cue in cues(timeline)] == starts
    assert all(round(start, 6) in spoken for start in starts) or tell(SCRIPTS["zh"]).language == "zh"


def test_words_of_a_cue_are_found_in_its_lines(timeline: Timeline) -> None:
    for cue in cues(timeline):
        said = "".join(cue.lines[word.line][word.begin : word.end] for word in cue.words)
        assert "".join(said.split()) == "".join("".join(cue.lines).split())


def test_lines_break_where_one_would_pause() -> None:
    found = cues(timeline_of("The little fox ran down the long hill, and the old owl watched him from a tree."))
    assert [cue.lines for cue in found] == [
        ("The little fox ran down the long hill,",),
        ("and the old owl watched him from a tree.",),
    ]


def test_items_of_a_list_do_not_share_a_line() -> None:
    for cue in cues(timeline_of(SCRIPTS["list"])):
        assert all("light water" not in line and "air a place" not in line for line in cue.lines)


def test_files_parse_back() -> None:
    found = cues(timeline_of('A & B are <i>not</i> "tags" --> they say. Is 3 < 4 and 5 > 2? Nobody knows for sure.'))
    blocks = srt(found).decode().strip().split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [str(n) for n in range(1, len(found) + 1)]
    for block, cue in zip(blocks, found, strict=True):
        _, times, *lines = block.split("\n")
        assert [_seconds(time, ",") for time in times.split(" --> ")] == pytest.approx([cue.start, cue.end], abs=0.001)
        assert [line.replace("→", "-->") for line in lines] == list(cue.lines)
    header, *blocks = vtt(found).decode().strip().split("\n\n")
    assert header == "WEBVTT"
    for block, cue in zip(blocks, found, strict=True):
        times, *lines = block.split("\n")
        assert [_seconds(time, ".") for time in times.split(" --> ")] == pytest.approx([cue.start, cue.end], abs=0.001)
        assert not any("<" in line or "-->" in line or re.search(r"&(?!\w+;)", line) for line in lines)
        assert [html.unescape(line) for line in lines] == list(cue.lines)


def test_right_to_left_lines_are_marked() -> None:
    cue = Cue(0, 1, ("مرحبا بالعالم.", "Hello"))
    lines = srt([cue]).decode().split("\n")[2:4]
    assert lines == ["\u200fمرحبا بالعالم.", "Hello"]


def test_clocks_go_beyond_a_minute() -> None:
    assert "00:01:02,500 --> 01:00:00,000" in srt([Cue(62.5, 3600, ("x",))]).decode()


def _seconds(clock: str, point: str) -> float:
    hours, minutes, seconds = clock.replace(point, ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
