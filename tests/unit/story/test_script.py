from __future__ import annotations

import re
import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_handlers.failures import JobFailed
from gpu_handlers.stages.language import spoken_seconds
from gpu_handlers.stages.manuscript import MAX_TITLE_CHARS
from gpu_handlers.stages.script import Story, tell

WORD = st.text(st.sampled_from(string.ascii_letters + "éßøжя漢字かな안مرह"), min_size=1, max_size=12)
SENTENCE = st.builds(
    lambda words, end: " ".join(words) + end, st.lists(WORD, min_size=2, max_size=40), st.sampled_from(".!?…。؟")
)
PARAGRAPHS = st.lists(
    st.lists(SENTENCE, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5
)  # fmt: skip


def said(story: Story) -> str:
    return "".join("".join(scene.narration for scene in story.scenes).split())


@settings(deadline=None)  # the first text in a foreign language loads the classifier
@given(PARAGRAPHS)
def test_what_is_said_is_the_script_to_the_letter(paragraphs: list[str]) -> None:
    assert said(tell("\n\n".join(paragraphs))) == "".join("".join(paragraphs).split())


@settings(deadline=None)  # the first text in a foreign language loads the classifier
@given(PARAGRAPHS, st.data())
def test_marks_of_the_layout_are_not_said_and_nothing_else_is_lost(paragraphs: list[str], data: st.DataObject) -> None:
    marks = [
        "## Of things to come\n",
        "- ",
        "1. ",
        "INT. CAVE - NIGHT\n\n",
        "Scene 4: The cave\n",
        "<p>",
        "<break/>",
        "> ",
    ]
    script = "\n\n".join(data.draw(st.sampled_from(marks)) + paragraph for paragraph in paragraphs)
    assert said(tell(script)) == "".join("".join(paragraphs).split())


@settings(deadline=None)  # the first text in a foreign language loads the classifier
@given(PARAGRAPHS)
def test_no_scene_reaches_from_one_paragraph_into_the_next(paragraphs: list[str]) -> None:
    # Each paragraph is told apart; a scene with words of two of them would join letters that stand in neither.
    alone = [re.sub(r"\s", "", paragraph) for paragraph in paragraphs]
    for scene in tell("\n\n".join(paragraphs)).scenes:
        assert any(re.sub(r"\s", "", scene.narration) in paragraph for paragraph in alone)


def test_scenes_last_four_to_nine_seconds_where_the_text_allows() -> None:
    text = " ".join(f"The old man number {n} walked slowly along the river and looked at boats." for n in range(20))
    lengths = [spoken_seconds(scene.narration, "en") for scene in tell(text).scenes]
    assert all(4.0 <= seconds <= 9.0 for seconds in lengths), lengths


def test_a_sentence_longer_than_a_scene_is_cut_at_a_joint() -> None:
    text = (
        "When the long winter had finally ended and the ice on the river had broken, the people of the village "
        "came out of their houses, and they carried lanterns and drums down to the old bridge by the mill."
    )
    assert [scene.narration for scene in tell(text).scenes] == [
        "When the long winter had finally ended and the ice on the river had broken,",
        "the people of the village came out of their houses,",
        "and they carried lanterns and drums down to the old bridge by the mill.",
    ]


def test_the_same_script_gives_the_same_story(fable: str) -> None:
    assert tell(fable) == tell(fable)


def test_abbreviations_end_no_sentence() -> None:
    (scene,) = tell("Dr. Smith met Mr. Jones at 3.5 miles from the U.S. border.").scenes
    assert scene.narration.endswith("border.")


def test_a_title_line_is_the_title_and_is_not_said(fable: str) -> None:
    story = tell(fable)
    assert story.title == "The Fox and the Lantern"
    assert story.scenes[0].narration.startswith("On the edge")


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("## The second day", "The second day"),
        ("Scene 2: The second day", "The second day"),
        ("**Chapter Two:** The second day", "The second day"),
        ("EXT. HARBOUR - DAWN", "Harbour"),
    ],
)
def test_headings_open_chapters(line: str, heading: str) -> None:
    story = tell(f"It was a quiet day for everybody.\n\n{line}\n\nThe boats came back from the sea.")
    first, second = story.scenes
    assert (second.heading, second.chapter, second.transition) == (heading, True, "dip")
    assert (first.chapter, first.transition) == (True, "cut")


def test_a_slug_line_sets_place_and_time() -> None:
    story = tell("INT. CAVE - NIGHT\n\nA dragon slept on its gold.\n\nIt snored and dreamed of more gold.")
    assert all("in the cave" in scene.visual and "at night" in scene.visual for scene in story.scenes)


def test_tags_are_neither_said_nor_shown_nor_obeyed() -> None:
    story = tell(
        '<speak>Hello <break time="9999s"/>dear <b>w</b>orld.</speak> <script src="x">Good</script> day to you.'
    )
    text = " ".join(scene.narration for scene in story.scenes)
    assert " ".join(text.split()) == "Hello dear world. Good day to you."
    assert not any("<" in scene.visual for scene in story.scenes)


def test_comparisons_in_formulas_are_no_tags() -> None:
    assert said(tell("If x<y and y>z then x is small.")) == "Ifx<yandy>zthenxissmall."


@pytest.mark.parametrize(
    "script", ["wrote x <b and c> d. if a<b then we go; b>c holds too.", "Here a <p of q and r> s, so u <i or s> t."]
)
def test_a_name_without_attributes_in_angle_brackets_is_mathematics(script: str) -> None:
    assert said(tell(script)) == "".join(script.split())


def test_headings_with_nothing_below_are_said() -> None:
    story = tell("# One thing\n\n## Two things\n\n# Three things")
    assert (story.title, [scene.narration for scene in story.scenes]) == ("One thing", ["Two things", "Three things"])
    story = tell("The fox slept.\n\n## A first\n\n## A second\n\nIt snowed.\n\n## The end of it")
    assert [scene.narration for scene in story.scenes] == ["The fox slept.", "A first", "It snowed.", "The end of it"]
    assert [scene.heading for scene in story.scenes] == ["", "A first", "A second", "The end of it"]


def test_a_heading_as_long_as_a_paragraph_is_said() -> None:
    text = "The fox walked through the forest and sang. " * 20
    assert said(tell(f"# {text}")) == "".join(text.split())
    assert said(tell(f"The {'L' * 7000}\n\nIt was a day.")) == f"The{'L' * 7000}Itwasaday."


@pytest.mark.parametrize("title", ["   ", "\x00", "\u200b", "***"])
def test_a_title_of_nothing_leaves_the_one_in_the_script(fable: str, title: str) -> None:
    assert tell(fable, title=title).title == "The Fox and the Lantern"


@pytest.mark.parametrize(
    "story",
    [tell("It was a day.", title="The\x00 Lan\x1btern\n" * 90), tell(f"# The {'L' * 110}\n\nIt was a day.")],
    ids=["ordered", "found"],
)
def test_titles_are_one_short_line_wherever_they_come_from(story: Story) -> None:
    assert 10 < len(story.title) <= MAX_TITLE_CHARS + 1
    assert story.title.isprintable()


@pytest.mark.parametrize(
    "table",
    ["| Planet | Moons |\n|:---|---:|\n| Earth | 1 |\n| Mars | 2 |", "Planet | Moons\n---|---\nEarth | 1\nMars | 2"],
)
def test_tables_are_said_row_by_row(table: str) -> None:
    assert said(tell(f"{table}\n\nThat is |x| + |y|.")) == "Planet,MoonsEarth,1Mars,2Thatis|x|+|y|."


def test_directions_and_names_of_speakers_are_not_said() -> None:
    script = (
        "FADE IN:\n\nINT. CAVE - NIGHT\n\nA dragon slept.\n\nMIRA:\nWho is there?\n\nTOM (V.O.)\n(whispering)\nOnly me."
        "\n\nMIRA: Come in.\nCUT TO:\n\nEXT. SEA - DAY\n\nThe waves sang.\n\nDISSOLVE TO:\n\nTHE END.\n\nFADE OUT."
    )
    told = " ".join(scene.narration for scene in tell(script).scenes)
    assert told == "A dragon slept. Who is there? Only me. Come in. The waves sang. THE END."
    assert said(tell('Mira looked up.\nMIRA: "Hello there."')) == 'Miralookedup."Hellothere."'


def test_capitals_before_a_colon_are_said_where_they_name_nobody() -> None:
    for script in ("DNA: it holds the plan.", "WARNING: hot water.", "FACT: it is hot.\nFACT: it is wet."):
        assert said(tell(script)) == "".join(script.split())


@pytest.mark.parametrize("script", ["", "  \n\n ", "...", "<speak/>", "😀"])
def test_a_script_without_words_is_refused(script: str) -> None:
    with pytest.raises(JobFailed) as failure:
        tell(script)
    assert failure.value.code == "script_empty"


def test_a_single_word_is_refused() -> None:
    with pytest.raises(JobFailed) as failure:
        tell("Photosynthesis")
    assert failure.value.code == "script_too_short"


@pytest.mark.parametrize(
    ("script", "language"),
    [
        ("你好世界。我们今天学习光合作用。植物吸收阳光。", "zh"),
        ("吾輩は猫である。名前はまだ無い。", "ja"),
        ("كان يا ما كان ثعلب صغير وجد فانوسا. أضاء الفانوس الغابة.", "ar"),
        ("एक छोटी लोमड़ी को जंगल में लालटेन मिली। वह खुश थी।", "hi"),
        ("Ein kleiner Fuchs fand im Wald eine alte Laterne.", "de"),
        ("El pequeño zorro encontró un farol en la nieve.", "es"),
        ("The end of a story.", "en"),
        ("Lisa meets Hana in Paris.", "en"),
    ],
)
def test_scripts_of_all_languages_are_told(script: str, language: str) -> None:
    story = tell(script, title="Title")
    assert story.language == language
    assert said(story) == "".join(script.split())
    assert all(scene.visual for scene in story.scenes)


def test_neighbours_are_filmed_differently_and_directions_alternate(fable: str) -> None:
    scenes = tell(fable).scenes
    moving = [(a.movement, b.movement) for a, b in pairwise(scenes) if a.figure is None]
    assert all(before != after for before, after in moving)
    for movement in ("orbit", "dolly", "pan"):
        turns = [scene.reverse for scene in scenes if scene.movement == movement]
        assert all(a != b for a, b in pairwise(turns))


def test_long_hostile_scripts_are_told_without_blowing_up() -> None:
    for script in (
        "a<!--" * 12_000,
        "the old " * 7_500,
        "[a](" * 15_000,
        "*a " * 20_000,
        "1," * 30_000,
        "(" * 59_000 + "a b",
        "# a" + " " * 60_000 + "b",
        "[" * 60_000 + "a b",
        "[a](/" * 12_000,
        "**a " * 15_000,
        "INT. a" + " " * 60_000 + "b c",
        "<b " + "a" * 60_000 + " b",
        "<b" + " async" * 10_000,
        "MIRA: a\n" * 8_000,
    ):
        assert tell(script).scenes
