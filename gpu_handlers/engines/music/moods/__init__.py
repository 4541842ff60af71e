"""The moods, one file each."""

from gpu_handlers.engines.music.mood import Mood
from gpu_handlers.engines.music.moods.calm import CALM
from gpu_handlers.engines.music.moods.emotional import EMOTIONAL
from gpu_handlers.engines.music.moods.epic import EPIC
from gpu_handlers.engines.music.moods.mysterious import MYSTERIOUS
from gpu_handlers.engines.music.moods.uplifting import UPLIFTING

MOODS: dict[str, Mood] = {
    "epic": EPIC,
    "emotional": EMOTIONAL,
    "uplifting": UPLIFTING,
    "mysterious": MYSTERIOUS,
    "calm": CALM,
}
