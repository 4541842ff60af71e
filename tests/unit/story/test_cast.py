from __future__ import annotations

from gpu_handlers.stages.entities import Cast
from gpu_handlers.stages.script import tell

FOX = "a small red fox named Rusty"
GIRL = "a little girl in a blue coat"


def test_a_character_has_the_same_words_in_every_picture(fable: str) -> None:
    subjects = {scene.subject for scene in tell(fable).scenes}
    assert subjects == {FOX, GIRL}
    for scene in tell(fable).scenes:
        assert scene.subject in scene.visual


def test_names_nouns_and_pronouns_mean_the_last_who_fits(fable: str) -> None:
    about = {scene.narration.split()[0]: scene.subject for scene in tell(fable).scenes}
    assert about["Every"] == FOX  # "Every evening he watched"
    assert about["One"] == FOX  # "Rusty found"
    assert about["Hana"] == GIRL  # "Hana had lost her lantern", after a girl without a name


def test_it_is_not_somebody_who_was_called_he() -> None:
    cast = Cast("")
    cast.read("A fox found a lantern and he took it.")
    assert not cast.read("It glowed.")


def test_they_are_the_last_two_in_the_order_they_came() -> None:
    cast = Cast("")
    cast.read("A wizard met a young princess.")
    (both,) = cast.read("They laughed.")
    assert both.entity.description == "a wizard and a young princess"


def test_an_apposition_describes_a_name() -> None:
    cast = Cast("")
    cast.read("Old Tom, a bearded lighthouse keeper in a yellow coat, climbed the stairs.")
    assert [entity.description for entity in cast.entities] == [
        "a bearded lighthouse keeper in a yellow coat named Tom"
    ]  # fmt: skip


def test_ordinary_capitals_are_nobody() -> None:
    text = "Photosynthesis is a process. Plants need light. In Paris it rained on Monday. Water was everywhere."
    cast = Cast(text)
    assert not cast.read(text)


def test_place_and_time_are_carried_on_until_they_change() -> None:
    scenes = tell(
        "The ship sailed on the stormy sea at night.\n\nA captain held the wheel and sang.\n\n"
        "In the morning he walked into a small village.\n\nHe asked for bread and drank a cup of water."
    ).scenes
    assert "at night" in scenes[1].visual
    assert "in a small village" in scenes[3].visual
    assert "in the morning" in scenes[3].visual
    assert "night" not in scenes[3].visual


def test_titles_and_names_belong_together() -> None:
    text = "Captain Mira loved the stars. A young scribe named Ahmes watched her robot Bolt and a baby dragon."
    cast = Cast(text)
    cast.read(text)
    assert [entity.description for entity in cast.entities] == [
        "a captain named Mira",
        "a young scribe named Ahmes",
        "a robot named Bolt",
        "a baby dragon",
    ]


def test_a_lesson_has_no_weather() -> None:
    scenes = tell(
        "Rain falls on the mountains and fills the rivers.\n\nFresh water is stored in wells and pipes."
    ).scenes
    assert "rain" not in scenes[1].visual


def test_a_wizard_of_whom_the_story_says_she_is_a_woman_from_the_first_picture_on() -> None:
    scenes = tell(
        "In a magical forest, a young wizard named Mira discovered an ancient book.\n\n"
        "She opened it under an old oak tree.\n\nMira read the last page aloud."
    ).scenes
    assert [scene.subject for scene in scenes] == ["a young female wizard named Mira"] * 3


def test_a_doctor_may_turn_out_to_be_the_young_woman() -> None:
    cast = Cast(text := "A doctor found a lantern. The young woman lit it.")
    assert {mention.entity.description for mention in cast.read(text)} == {"a female doctor"}
    cast = Cast(text := "Mira, a young wizard, lived in a tower. Her cat slept.")
    assert cast.read(text)[0].entity.description == "a young female wizard named Mira"


def test_she_may_be_somebody_else_than_the_wizard() -> None:
    for text in (
        "A wizard named Oz met Anna. She smiled.",
        "A wizard met a girl. She laughed.",
        "A wizard walked home. He slept.",
        "A wizard gave her a book.",
    ):
        cast = Cast(text)
        cast.read(text)
        assert "female" not in cast.entities[0].description, text
