"""The names of terrain pieces and who paints them."""

from __future__ import annotations

from collections.abc import Callable

from gpu_handlers.engines.sketch import beyond, city, flora, inside, mountains, terrain, water
from gpu_handlers.engines.sketch.painting import FAR_M, Painting
from gpu_handlers.engines.sketch.sky import paint_sky
from gpu_handlers.engines.sketch.staging import card, floor_grid, has_grid

Painter = Callable[[Painting], None]

_MODULES = (terrain, mountains, water, flora, city, inside, beyond)


def paint_place(painting: Painting) -> None:
    """Sky (outdoors) and every terrain piece of the plan's place, far to near."""
    if painting.plan.place.outdoors:
        paint_sky(painting)
    elif painting.window is not None:
        with painting.cutout("card", FAR_M, windowed=False) as brush:
            card(painting, brush)
    for piece in painting.plan.place.pieces:
        painter(piece)(painting)
        if piece == "forest" and painting.plan.season != "winter":
            flora.light_shafts(painting)
        if piece == "skyline" and painting.light.neon and painting.style.staging == "scene":
            city.flying_traffic(painting)
    if has_grid(painting):
        floor_grid(painting)


def painter(piece: str) -> Painter:
    """The function that paints `piece`, a name in `place.PLACES`."""
    name = {"range": "mountain_range"}.get(piece, piece)
    for module in _MODULES:
        found: Painter | None = getattr(module, name, None)
        if found is not None:
            return found
    raise KeyError(piece)
