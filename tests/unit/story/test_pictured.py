from __future__ import annotations

from gpu_handlers.stages.pictured import record
from gpu_handlers.stages.safety import Flag

CHECKED, UNCHECKED = Flag(checked=True, nsfw=0.1, blocked=False), Flag(checked=False, nsfw=None, blocked=False)


def test_a_film_counts_as_checked_only_when_all_its_pictures_were() -> None:
    assert record([CHECKED, CHECKED]) == {"checked": True, "pictures": 2}
    assert record([CHECKED, UNCHECKED]) == {"checked": False, "pictures": 2}
    assert record([]) == {"checked": False, "pictures": 0}
