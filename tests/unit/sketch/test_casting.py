"""Who plays a role looks the same in every picture."""

from __future__ import annotations

from gpu_handlers.engines.illustrator import Role
from gpu_handlers.engines.sketch.figures import figure
from gpu_handlers.engines.sketch.plan import Actor, plan_of
from gpu_handlers.engines.sketch.words import read

MIA, LENA = Role("a young girl in a yellow coat named Mia", 10), Role("a girl named Lena", 11)
FOX, TOM, ANA = Role("a small fox", 12), Role("a man named Tom", 13), Role("a woman named Ana", 14)
ROLES = (MIA, LENA, FOX, TOM, ANA)


def actors(prompt: str, *roles: Role) -> list[Actor]:
    return list(plan_of(prompt, "", roles or ROLES).actors)


def test_a_role_is_recognised_by_its_words_or_by_what_it_is() -> None:
    assert [actor.variant for actor in actors("a girl named Lena in a park")] == [11]
    assert [actor.variant for actor in actors("the girl in a park", LENA)] == [11]
    assert [actor.variant for actor in actors("a horse in a park")] == [None]


def test_two_of_one_kind_keep_their_roles_in_any_order() -> None:
    one = actors(f"{MIA.words} and {LENA.words} in a park")
    other = actors(f"{LENA.words} and {MIA.words} in a park")
    assert [actor.variant for actor in one] == [10, 11]
    assert [actor.variant for actor in other] == [11, 10]


def test_what_the_prompt_leaves_open_comes_from_the_role() -> None:
    (girl,) = actors("the girl in a park", MIA)
    (named,) = actors(f"{MIA.words} by the sea", MIA)
    assert girl.colour == named.colour is not None
    (blue,) = actors("the girl in a blue coat in a park", MIA)
    assert blue.colour not in (None, girl.colour)


def test_the_same_character_named_twice_is_drawn_once() -> None:
    assert len(actors("a small fox finds a way, the fox is happy")) == 1
    assert len(actors("two foxes and a small fox in a forest")) == 3


def test_characters_are_not_exchanged_for_somebody_in_another_pose() -> None:
    for busy in ("running", "walking", "dancing", "climbing", "swimming"):
        assert [actor.subject for actor in actors(f"{TOM.words} {busy} in a park")] == ["man"]
        assert [actor.subject for actor in actors(f"a woman {busy} in a park", ANA)] == ["woman"]
    assert actors("a man running in a park", FOX)[0].subject == "man-running"


def test_who_walks_over_mountains_does_not_fly() -> None:
    assert {actor.stance for actor in actors(f"{MIA.words} and {FOX.words} walking over the mountains")} == {"stand"}


def test_what_two_do_together_both_do() -> None:
    girl, fox, boat = actors(f"{MIA.words} and {FOX.words} in a sailboat on the sea")
    assert (girl.relation, fox.relation, boat.relation) == ("inside", "inside", None)
    assert {(girl.order, girl.of), (fox.order, fox.of)} == {(0, 2), (1, 2)}


def test_who_is_in_a_house_is_seen_before_it() -> None:
    girl, _ = actors(f"{MIA.words} lived in a small house")
    assert girl.relation == "front"


def test_names_verbs_and_parts_of_a_body_are_no_things() -> None:
    assert [m.subject for m in read("a girl named Rose crossed the street").mentions] == ["girl"]
    assert [m.subject for m in read("the fox opened its bright eyes").mentions] == ["fox"]
    assert [m.subject for m in read("a girl in a red coat lit a lantern").mentions] == [
        "girl",
        "red-paper-lantern",
    ]
    assert read("a girl in a red coat and a lantern").relations[0].kind == "beside"


def test_neighbouring_variants_differ_in_dress_and_coat() -> None:
    for subject in ("girl", "boy", "woman", "man", "child", "old-man", "fox", "rabbit", "bear"):
        looks = [figure(subject, None, variant).body for variant in range(3)]
        assert len(set(looks)) == 3, subject


def test_a_coloured_dress_leaves_the_skin_as_it_is() -> None:
    from gpu_handlers.engines.sketch.colour import from_hex, to_hex
    from gpu_handlers.engines.sketch.subjects import colour_at, dyed

    for variant in range(8):
        girl = figure("girl", "light", variant)
        skin = from_hex(colour_at(girl, 0.5, 0.36))
        assert to_hex(dyed(girl, from_hex("ffd02e"))(skin)) == to_hex(skin)
