"""What a prompt is understood to say."""

from __future__ import annotations

import pytest

from gpu_handlers.engines.sketch.plan import plan_of
from gpu_handlers.engines.sketch.words import read


def subjects(prompt: str) -> list[str]:
    return [mention.subject for mention in read(prompt).mentions]


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("three cats", 3),
        ("a cat", 1),
        ("two dogs", 2),
        ("seven birds", 7),
        ("a pair of owls", 2),
        ("a flock of sheep", 7),
    ],
)
def test_numbers_count_the_noun_that_follows(prompt: str, count: int) -> None:
    assert [mention.count for mention in read(prompt).mentions] == [count]


def test_a_plural_without_a_number_is_several() -> None:
    assert read("cats").mentions[0].count > 1


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("a bike", "bicycle"),
        ("a puppy", "dog"),
        ("a spaceship", "flying-saucer"),
        ("a lighthouse", "lighthouse"),
        ("a couch", "sofa"),
        ("a cherry tree", "blossom-tree"),
        ("a racing car", "racing-car"),
        ("wolves", "wolf"),
        ("🐘", "elephant"),
        ("ein Elefant im Zimmer", "elephant"),
        ("un éléphant dans la forêt", "elephant"),
    ],
)
def test_synonyms_plurals_symbols_and_other_languages_find_their_subject(prompt: str, subject: str) -> None:
    assert subject in subjects(prompt)


def test_longer_names_win_over_shorter_ones() -> None:
    assert subjects("a hot air balloon") == ["hot-air-balloon"]
    assert subjects("a polar bear") == ["polar-bear"]


def test_colours_belong_to_their_noun() -> None:
    red, blue = read("a red balloon and a blue car").mentions
    assert red.colour != blue.colour
    assert red.colour is not None
    assert blue.colour is not None


def test_clothes_colour_who_wears_them() -> None:
    assert subjects("a man holding a red coat") == ["man"]
    reading = read("a man in a red coat")
    assert [mention.subject for mention in reading.mentions] == ["man"]
    assert reading.mentions[0].colour == "e5322d"


@pytest.mark.parametrize(
    ("prompt", "time", "weather", "place"),
    [
        ("a lighthouse on a cliff in a storm at night", "night", "storm", "cliff"),
        ("a foggy forest at dawn", "dawn", "fog", "forest"),
        ("the city at sunset", "sunset", None, "city"),
        ("rain over the ocean in the evening", "dusk", "rain", "sea"),
        ("a snowy field at noon", "noon", None, "snowfield"),
    ],
)
def test_time_weather_and_place(prompt: str, time: str, weather: str | None, place: str) -> None:
    reading = read(prompt)
    assert (reading.time, reading.weather) == (time, weather)
    assert place in reading.places


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("a dog in front of a house", "front"),
        ("a cat under a table", "under"),
        ("a bird over a castle", "over"),
        ("a cat on a sofa", "on"),
        ("a tree behind a barn", "behind"),
        ("a knight riding a horse", "riding"),
    ],
)
def test_relations_tie_two_subjects(prompt: str, kind: str) -> None:
    assert [(r.first, r.kind, r.second) for r in read(prompt).relations] == [(0, kind, 1)]


def test_what_is_denied_is_left_out() -> None:
    assert "cat" not in subjects("a dog without a cat")
    assert [m.subject for m in read("a dog and a cat", negative="cat").mentions] == ["dog"]


def test_mountains_are_a_place_and_not_a_subject() -> None:
    reading = read("a dragon flying over snow-capped mountains")
    assert [m.subject for m in reading.mentions] == ["dragon-flying"]
    assert reading.places == ["mountains"]
    assert "snowcaps" in reading.traits


def test_what_is_said_to_be_over_a_place_flies() -> None:
    actor = plan_of("an elephant over the city").actors[0]
    assert (actor.subject, actor.stance) == ("elephant", "fly")


def test_ideas_become_compositions() -> None:
    assert read("Photosynthesis").concept == "photosynthesis"
    assert read("The water cycle").concept == "water-cycle"


def test_unknown_words_say_nothing() -> None:
    reading = read("flurbish quontle zzyx")
    assert reading.mentions == []
    assert reading.places == []


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("a wizard in a forest", ["man-mage"]),
        ("a young wizard", ["person-mage"]),
        ("a young female wizard named Mira", ["woman-mage"]),
        ("a young wizard named Mira. She opens a door", ["woman-mage", "door"]),
        ("a wizard and her fox, the wizard waits", ["woman-mage", "woman-mage", "fox"]),
        ("a witch and a wizard", ["woman-mage", "man-mage"]),
        ("a boy and his wizard", ["boy", "man-mage"]),
        ("a scientist with her telescope", ["woman-scientist", "telescope"]),
        ("a man and her dog", ["man", "dog"]),
    ],
)
def test_words_for_a_woman_draw_a_woman(prompt: str, subjects: list[str]) -> None:
    assert sorted(mention.subject for mention in read(prompt).mentions) == sorted(subjects)


def test_pages_are_an_open_book() -> None:
    assert subjects("reading the last page aloud") == ["open-book"]
    assert subjects("golden light rising from its pages") == ["open-book"]
    assert subjects("a book, light rising from its pages") == ["open-book"]
    under = read("a girl under an old oak tree, golden light rising from its pages")
    assert [(r.first, r.kind, r.second) for r in under.relations] == [(0, "under", 1), (0, "hold", 2)]
    assert not read("the last book, the first page").sky  # no quarter of the moon
