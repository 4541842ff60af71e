from __future__ import annotations

import pytest

from gpu_handlers.stages.highlights import MAX_ITEM_WORDS, find
from gpu_handlers.stages.script import tell

SAID = [
    ("The three states of matter are solid, liquid and gas.", "list", ("solid", "liquid", "gas")),
    ("Plants need sunlight, water, and carbon dioxide.", "list", ("sunlight", "water", "carbon dioxide")),
    ("Rocks such as granite, marble and slate are hard.", "list", ("granite", "marble", "slate")),
    ("First, heat the water. Then add salt. Finally, stir.", "steps", ("heat the water", "add salt", "stir")),
    (
        "The plant absorbs sunlight, then splits water, and finally builds sugar.",
        "steps",
        ("absorbs sunlight", "splits water", "builds sugar"),
    ),
    ("Jupiter is larger than Saturn.", "comparison", ("Jupiter", "Saturn")),
    ("Light travels faster than sound.", "comparison", ("Light", "sound")),
    (
        "Mammals are warm-blooded, whereas reptiles are cold-blooded.",
        "comparison",
        ("Mammals are warm-blooded", "reptiles are cold-blooded"),
    ),
    (
        "Photosynthesis is the process by which plants turn sunlight into food.",
        "definition",
        ("Photosynthesis", "plants turn sunlight into food"),
    ),
    ("The study of maps is called cartography.", "definition", ("The study of maps", "cartography")),
    ("About 71 % of the Earth's surface is covered by water.", "number", ("71 %",)),
    ("Dinosaurs died out 66 million years ago.", "number", ("66 million years",)),
    ("Light moves at 300,000 kilometres per second.", "number", ("300,000 kilometres per second",)),
]

PROSE = """She was tired, hungry and cold, but she walked on.
He smiled, nodded and opened the door.
The night was dark and the wind was cold.
Then she ran home.
Hana is a girl from the village.
The old house is a place that nobody visits.
He would rather stay than go.
More than anything, she wanted to see the sea.
It was colder than ever before.
Three wolves stood on the hill.
In 1969 they landed on the moon.
He looked at the map, then at the sky.
"Look: a star!" he said.
They had bread, cheese and wine for dinner.
The king called his soldiers, his servants and his sons.
There is a light in the window.
While he slept, the snow fell.
She found gold, silver and jewels in the cave.
Once upon a time there was a fox.
He is the bravest knight in the land.
The wizard needs the girl, and the girl needs the wizard.
On the other hand, nobody knew his name.
First she laughed, because she was seven years old.
Nothing is better than a warm bed.
Unlike him, she was never late.""".splitlines()


@pytest.mark.parametrize(("sentence", "kind", "items"), SAID)
def test_what_can_be_drawn_is_found(sentence: str, kind: str, items: tuple[str, ...]) -> None:
    figure = find(sentence)
    assert figure is not None
    assert (figure.kind, figure.items) == (kind, items)


@pytest.mark.parametrize("sentence", [sentence for sentence, _, _ in SAID])
def test_items_are_short_and_stand_where_they_are_said(sentence: str) -> None:
    figure = find(sentence)
    assert figure is not None
    for item, at in zip(figure.items, figure.at, strict=True):
        assert sentence[at : at + len(item)] == item
        assert len(item.split()) <= MAX_ITEM_WORDS


@pytest.mark.parametrize("sentence", PROSE)
def test_ordinary_prose_is_no_diagram(sentence: str) -> None:
    assert find(sentence) is None


def test_marked_lists_are_drawn_as_lists_and_numbered_ones_as_steps() -> None:
    (scene,) = tell("A plant needs three things:\n- sunlight\n- water\n- air from the leaves").scenes
    assert scene.figure is not None
    assert (scene.figure.kind, scene.figure.items) == ("list", ("sunlight", "water", "air from the leaves"))
    (scene,) = tell("How to make tea:\n1. Boil the water.\n2. Add the leaves.\n3. Wait.").scenes
    assert scene.figure is not None
    assert (scene.figure.kind, scene.figure.items) == ("steps", ("Boil the water", "Add the leaves", "Wait"))
    assert all(
        scene.narration[at:].startswith(item) for item, at in zip(scene.figure.items, scene.figure.at, strict=True)
    )
