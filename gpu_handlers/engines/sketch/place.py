"""Places: which pieces of terrain make one up, back to front, and where its horizon lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ground = Literal["land", "water", "floor", "void", "seabed", "air"]
"""What subjects meet below: stand on it, float on it, or hang free (void, air)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A scene family.

    Attributes:
        pieces: names of painters in `terrain.PAINTERS`, far ones first; the last one is the ground.
        horizon: row of the horizon as a fraction of the height.
        ground: how subjects stand here.
        outdoors: whether there is a sky to paint.
    """

    pieces: tuple[str, ...]
    horizon: float
    ground: Ground = "land"
    outdoors: bool = True


PLACES: dict[str, Place] = {
    "mountains": Place(("range_far", "range", "pines", "meadow"), 0.68),
    "hills": Place(("hills_far", "hills", "grove", "meadow"), 0.62),
    "farm": Place(("hills_far", "hills", "barn", "crops"), 0.6),
    "park": Place(("hills_far", "grove", "grove_near", "meadow"), 0.62),
    "savanna": Place(("hills_far", "acacias", "dry_grass"), 0.64),
    "forest": Place(("forest_far", "forest", "forest_near", "forest_floor"), 0.64),
    "desert": Place(("dunes_far", "dunes", "sand"), 0.62),
    "beach": Place(("sea", "palms", "shore"), 0.56),
    "sea": Place(("isles", "sea"), 0.58, "water"),
    "lake": Place(("range_far", "forest_far", "lake", "bank"), 0.6),
    "cliff": Place(("sea", "headland"), 0.66),
    "city": Place(("skyline_far", "skyline", "skyline_near", "waterfront"), 0.76),
    "street": Place(("skyline_far", "skyline", "shops", "pavement"), 0.68),
    "village": Place(("hills_far", "hills", "cottages", "meadow"), 0.63),
    "road": Place(("range_far", "hills", "highway"), 0.6),
    "room": Place(("wall", "floor"), 0.66, "floor", outdoors=False),
    "space": Place(("nebula", "planets"), 0.9, "void", outdoors=False),
    "moonscape": Place(("nebula", "earthrise", "craters_far", "craters"), 0.64, outdoors=False),
    "underwater": Place(("deep", "reef_far", "reef", "seabed"), 0.74, "seabed", outdoors=False),
    "snowfield": Place(("range_far", "hills_snow", "pines", "snow"), 0.64),
    "cave": Place(("cavern", "cave_floor"), 0.66, outdoors=False),
    "heights": Place(("cloud_sea_far", "cloud_sea"), 0.8, "air"),
    "studio": Place(("backdrop",), 0.7, "floor", outdoors=False),
    "stadium": Place(("stands", "pitch"), 0.6),
}

_BACKS = frozenset(
    [
        "range_far",
        "range",
        "hills_far",
        "hills",
        "forest_far",
        "skyline_far",
        "skyline",
        "isles",
        "pines",
        "grove",
        "palms",
        "dunes_far",
        "acacias",
        "cottages",
        "cloud_sea_far",
        "planets",
        "earthrise",
    ]
)
_GROUND_ORDER = [
    "room",
    "cave",
    "underwater",
    "moonscape",
    "space",
    "cliff",
    "beach",
    "stadium",
    "street",
    "road",
    "lake",
    "snowfield",
    "desert",
    "farm",
]


def merged(names: list[str]) -> tuple[str, Place]:
    """One place out of all that a prompt names: the ground of the most particular, the backs of every one.

    "A river in the mountains" keeps the river's banks and gets the range behind them.
    """
    known = [name for name in names if name in PLACES] or ["hills"]
    lead = next((name for name in _GROUND_ORDER if name in known), known[0])
    place = PLACES[lead]
    others = [piece for name in known if name != lead for piece in PLACES[name].pieces if piece in _BACKS]
    if not others or not place.outdoors:
        return lead, place
    own = [piece for piece in place.pieces if piece not in _BACKS or piece in ("isles",)]
    backs = sorted(dict.fromkeys(others), key=_depth_order)
    kept = [piece for piece in place.pieces if piece in _BACKS and not _alike(piece, backs)]
    pieces = tuple(dict.fromkeys([*sorted([*backs, *kept], key=_depth_order), *own]))
    return lead, Place(pieces, place.horizon, place.ground)


def _depth_order(piece: str) -> int:
    order = [
        "planets",
        "cloud_sea_far",
        "range_far",
        "range",
        "skyline_far",
        "isles",
        "dunes_far",
        "hills_far",
        "skyline",
        "hills",
        "forest_far",
        "acacias",
        "pines",
        "grove",
        "cottages",
        "palms",
    ]
    return order.index(piece) if piece in order else len(order)


def _alike(piece: str, others: list[str]) -> bool:
    return any(piece.split("_", maxsplit=1)[0] == other.split("_")[0] for other in others)
