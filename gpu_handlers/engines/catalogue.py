"""Which engine serves pictures on this machine. `STUDIO_PROFILE` names a profile; `auto` picks one."""

from __future__ import annotations

import os
from collections.abc import Callable

from gpu_handlers.engines.illustrator import Illustrator


def _sketch() -> Illustrator:
    from gpu_handlers.engines.sketch import SketchEngine

    return SketchEngine()


def _tiny() -> Illustrator:
    from gpu_handlers.engines.tiny import TinyEngine

    return TinyEngine()


# Engines are imported when chosen: torch takes seconds and hundreds of megabytes that sketch does not need.
PROFILES: dict[str, Callable[[], Illustrator]] = {"sketch": _sketch, "tiny": _tiny}


def profile() -> str:
    """The name of this machine's profile.

    Raises:
        ValueError: `STUDIO_PROFILE` names none.
    """
    wanted = os.environ.get("STUDIO_PROFILE", "auto")
    if wanted == "auto":
        return "sketch"  # the one profile that needs neither a GPU nor weights
    if wanted not in PROFILES:
        raise ValueError(f"STUDIO_PROFILE={wanted!r} is not one of auto, {', '.join(PROFILES)}")
    return wanted


def illustrator() -> Illustrator:
    """The picture engine of the profile, ready to draw."""
    return PROFILES[profile()]()
