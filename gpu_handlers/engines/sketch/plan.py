"""From what was read to what will be drawn: place, light and a cast of actors."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from gpu_handlers.engines.illustrator import Role
from gpu_handlers.engines.sketch import casting, subjects, words
from gpu_handlers.engines.sketch.place import PLACES, Place, merged

Stance = Literal["stand", "fly", "float", "swim", "sky"]

DEFAULT_HEIGHT_M = 0.5
PERSON_HEIGHT_M = 1.75
_PERSON_STARTS = ("man-", "woman-", "person-")
_POSES = {
    "run": "running",
    "walk": "walking",
    "dance": "dancing",
    "sit": "kneeling",
    "meditate": "in-lotus-position",
    "climb": "climbing",
    "cycle": "biking",
    "swim": "swimming",
    "float": "swimming",
}
_ON_FOOT = frozenset({"run", "walk", "climb", "cycle", "sit", "dance"})
_HOUSE_M = 4.0  # from this height on, who is in something that stands is drawn before its door
_GENDERS = {
    "man": "man",
    "boy": "man",
    "old-man": "man",
    "man-beard": "man",
    "woman": "woman",
    "girl": "woman",
    "old-woman": "woman",
    "person": "person",
    "child": "person",
    "older-person": "person",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """One subject of the picture.

    Attributes:
        height_m: how tall it is beside the others (lore, not physics).
        attached: index of the actor it relates to, `relation` says how.
        group: actors that came of one mention share it.
        order: its place within its group, `of` the group's size.
        variant: settles its look where it plays a role in several pictures; None leaves it to its name.
    """

    subject: str
    colour: str | None
    height_m: float
    stance: Stance
    group: int
    order: int = 0
    of: int = 1
    attached: int | None = None
    relation: str | None = None
    tone: str | None = None
    variant: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The scene before any pixel."""

    place_name: str
    place: Place
    time: str
    weather: str | None
    season: str
    moods: tuple[str, ...]
    sky: tuple[str, ...]
    traits: tuple[str, ...]
    actors: tuple[Actor, ...]
    diagram: bool = False
    flow: bool = False


def plan_of(prompt: str, negative: str = "", roles: tuple[Role, ...] = ()) -> Plan:
    """Plan the scene for `prompt` without what `negative` names; whoever plays one of `roles` looks as it does."""
    reading = words.read(prompt, negative)
    if reading.concept is not None:
        return _concept_plan(reading)
    casting.give(reading, prompt, roles)
    cast = _cast(reading)
    place_names = reading.places or [_habitat(cast, reading)]
    if "snowcaps" in reading.traits and not reading.places:
        place_names = ["mountains"]
    place_name, place = merged(place_names)
    if place_name == "sea" and cast and not any(a.stance in ("float", "fly", "swim", "sky") for a in cast):
        place_name, place = "beach", PLACES["beach"]
    cast = tuple(_settled(actor, place) for actor in cast)
    season = reading.season or ("winter" if place_name == "snowfield" or reading.weather == "snow" else "summer")
    return Plan(
        place_name,
        place,
        _time(reading, place_name),
        reading.weather,
        season,
        tuple(reading.moods),
        tuple(reading.sky),
        tuple(reading.traits),
        cast,
    )


def height_of(subject: str) -> float:
    """Metres; heads and half figures count as whole persons."""
    known: float | None = _heights().get(subject)
    if known is not None:
        return known
    if subject.endswith("-figure") or is_person(subject):
        return PERSON_HEIGHT_M
    return DEFAULT_HEIGHT_M


def body_of(subject: str) -> str | None:
    """What `subject` lacks: ``people`` and ``animals`` are heads, ``busts`` end at the chest; None is whole."""
    plain = subject.removeprefix("man-").removeprefix("woman-").removeprefix("person-")
    for kind in ("people", "animals", "busts"):
        if subject in _names("heads", kind) or plain in _names("heads", kind):
            return kind
    return None


def seat_of(subject: str) -> float:
    """Where others sit on `subject`, from its top (0) to its foot (1)."""
    return _seats().get(subject, 0.12)


def is_person(subject: str) -> bool:
    """Whether `subject` is a human being."""
    return body_of(subject) in ("people", "busts") or subject.startswith(_PERSON_STARTS)


def _cast(reading: words.Reading) -> tuple[Actor, ...]:
    first_of: dict[int, int] = {}
    cast: list[Actor] = []
    for group, mention in enumerate(reading.mentions):
        first_of[group] = len(cast)
        # In another pose the set has other clothes and hair: who plays a role stays as it is.
        subject = mention.subject if mention.role is not None else _posed(mention.subject, mention.stance)
        stance = _stance(subject, mention.stance)
        cast.extend(
            Actor(
                subject,
                mention.colour,
                height_of(subject) * mention.size,
                stance,
                group,
                order,
                mention.count,
                tone=mention.tone,
                variant=mention.role,
            )
            for order in range(mention.count)
        )
    _hand_over(reading.relations, cast, first_of)
    for relation in _without_props(reading.relations, cast, first_of):
        on_foot = reading.mentions[relation.first].stance in _ON_FOOT
        if relation.second is None and relation.kind == "over" and not on_foot:  # "an elephant over the city" flies
            cast = [replace(actor, stance="fly") if actor.group == relation.first else actor for actor in cast]
        if relation.second is None or relation.kind in ("beside", "hold"):
            continue
        first, second = relation.first, relation.second
        for at, actor in enumerate(cast):
            if actor.group == first and actor.attached is None:
                base = cast[first_of[second]]
                housed = relation.kind == "inside" and base.stance == "stand" and height_of(base.subject) >= _HOUSE_M
                cast[at] = _attached(actor, first_of[second], "front" if housed else relation.kind)
    return tuple(_seated(cast))


def _hand_over(relations: list[words.Relation], cast: list[Actor], first_of: dict[int, int]) -> None:
    """What is read, held or carried goes into the hands of who does it, when it is something for hands."""
    for relation in relations:
        if relation.kind != "hold" or relation.second is None:
            continue
        prop, holder = first_of[relation.second], first_of[relation.first]
        if cast[prop].subject in _names("held", "hands") and cast[prop].of == 1 and cast[holder].relation != "hold":
            cast[prop] = replace(cast[prop], stance="stand", attached=holder, relation="hold")


def _without_props(
    relations: list[words.Relation], cast: list[Actor], first_of: dict[int, int]
) -> list[words.Relation]:
    """The other relations; where what is held is somewhere ("a child reading a book on a sofa"), its holder is."""
    holders = {
        relation.second: relation.first
        for relation in relations
        if relation.second is not None and cast[first_of[relation.second]].relation == "hold"
    }
    moved = [replace(relation, first=holders.get(relation.first, relation.first)) for relation in relations]
    return [relation for relation in moved if relation.first != relation.second and relation.second not in holders]


def _seated(cast: list[Actor]) -> list[Actor]:
    """Several characters on or in one thing sit side by side."""
    seated = list(cast)
    for base in range(len(cast)):
        sharing = [
            at
            for at, actor in enumerate(cast)
            if actor.attached == base and actor.relation in ("on", "inside", "riding")
        ]
        if len({cast[at].group for at in sharing}) > 1:
            for order, at in enumerate(sharing):
                seated[at] = replace(cast[at], order=order, of=len(sharing))
    return seated


def _attached(actor: Actor, base: int, kind: str) -> Actor:
    stance: Stance = "fly" if kind == "over" else "stand" if kind in ("on", "riding") else actor.stance
    return replace(actor, stance=stance, attached=base, relation=kind)


def _settled(actor: Actor, place: Place) -> Actor:
    """An actor's stance made fit for the place: boats stand on land, everything floats in space."""
    stance = actor.stance
    if place.ground == "void" and actor.attached is None:
        stance = "fly"
    elif place.ground == "seabed" and stance in ("float", "fly"):
        stance = "swim"
    elif place.ground == "air" and stance == "stand" and actor.attached is None:
        stance = "fly"
    elif place.ground == "water" and stance == "stand" and actor.attached is None:
        stance = "float"
    elif place.ground == "land" and stance == "swim":
        stance = "float" if "sea" in place.pieces or "lake" in place.pieces else "fly"
    if stance == "float" and place.ground not in ("water", "seabed") and not {"sea", "lake"} & set(place.pieces):
        stance = "stand"
    return replace(actor, stance=stance)


def _concept_plan(reading: words.Reading) -> Plan:
    concept = words.concept(reading.concept or "")
    place_name, place = merged(reading.places or [concept.place])
    main = Actor(concept.main, None, 2.0, "fly" if place.ground == "void" else "stand", 0)
    around = [Actor(name, None, 1.0, "sky", group) for group, name in enumerate(concept.around, start=1)]
    return Plan(
        place_name,
        place,
        reading.time or concept.time or "morning",
        reading.weather,
        reading.season or "summer",
        tuple(reading.moods),
        (),
        tuple(reading.traits),
        (main, *around),
        diagram=bool(around),
        flow=concept.flow,
    )


def _time(reading: words.Reading, place_name: str) -> str:
    if reading.time is not None:
        return reading.time
    if {"moon", "stars", "aurora", "fireworks"} & set(reading.sky) or "spooky" in reading.moods:
        return "night"
    if place_name == "cave":
        return "dusk"
    if "epic" in reading.moods or "romantic" in reading.moods:
        return "sunset"
    return "dusk" if "neon" in reading.moods else "morning"


def _stance(subject: str, said: str | None) -> Stance:
    if said == "fly":
        return "fly"
    for stance in ("sky", "swim", "float", "fly"):
        if subject in _names("stance", stance):
            # Said to swim or sail: on the water's face if it can, below if it only can swim.
            if stance == "swim" and said != "swim" and subject in _names("stance", "float"):
                return "float"
            return stance
    return "float" if said == "swim" else "stand"


def _posed(subject: str, stance: str | None) -> str:
    """A person in the pose the words name, when the set has it."""
    gender = _GENDERS.get(subject)
    pose = _POSES.get(stance or "")
    if gender is None or pose is None:
        return subject
    posed = f"{gender}-{pose}"
    return posed if subjects.exists(posed) else subject


def _habitat(cast: tuple[Actor, ...], reading: words.Reading) -> str:
    """Where the first subject that has a home lives; a fitting default for words without any place."""
    if not cast:
        return _place_of_mood(reading)
    homes = [home for home in (_home(actor.subject) for actor in sorted(cast, key=lambda a: -a.height_m)) if home]
    if any(actor.stance == "float" for actor in cast) and "underwater" in homes:
        return "sea"
    if homes:
        return homes[0]
    if any(is_person(actor.subject) or actor.stance in ("fly", "sky") for actor in cast):
        return "hills"
    return "studio" if max(actor.height_m for actor in cast) <= DEFAULT_HEIGHT_M and reading.time is None else "hills"


def _place_of_mood(reading: words.Reading) -> str:
    if "neon" in reading.moods:
        return "city"
    if reading.season == "winter" or reading.weather == "snow":
        return "snowfield"
    if "spooky" in reading.moods:
        return "forest"
    return "mountains" if reading.time or reading.sky or "epic" in reading.moods else "hills"


def _home(subject: str) -> str | None:
    for place in _facts()["habitat"]:
        if subject in _names("habitat", place):
            return str(place)
    return None


@cache
def _facts() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("subjects.toml").read_text(encoding="utf-8"))


@cache
def _names(table: str, key: str) -> frozenset[str]:
    return frozenset(_facts()[table].get(key, "").split())


@cache
def _heights() -> dict[str, float]:
    return {name: float(metres) for metres, names in _facts()["height_m"].items() for name in names.split()}


@cache
def _seats() -> dict[str, float]:
    return {name: float(share) for share, names in _facts()["seat"].items() for name in names.split()}
