"""Where picture, heading and figure stand in a scene of an explainer film."""

from __future__ import annotations

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages.explainer.framed import Framed
from gpu_handlers.stages.explainer.heading import Heading
from gpu_handlers.stages.explainer.phrases import KeyPhrases
from gpu_handlers.stages.figures import Diagram, begins, diagram
from gpu_handlers.stages.figures.box import Box, content
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.timeline import Beat

GAP = 44  # design px between picture and text
ALONE_SECONDS = 1.9  # a picture that has so long to itself waits in the middle
AHEAD_SECONDS = 0.2  # by which it has made way before the first item is said
BESIDE, LARGE = 46, 68  # design px of key phrases, beside a picture and alone
SHADOW_AIR = 14  # design px below a diagram, for the shadows of its cards
HEADING_AIR = 26  # design px below the heading


def parts(
    beat: Beat, image: Rgb | None, *, size: Size, look: Look, seconds: float, seed: int
) -> list[Diagram]:  # fmt: skip
    """Everything on the page of one scene, back to front.

    Args:
        seconds: how long the scene is on the screen.
    """
    whole = content(size)
    upright = size.height > size.width
    scene = beat.scene
    made = list[Diagram]()
    text_box, picture_box = _split(whole, look, upright=upright, beat=beat, image=image)
    if scene.heading:
        across = whole if upright or scene.figure is not None else text_box
        most = look.px(230) if across is text_box and not upright else look.px(150)
        heading = Heading(look, scene.heading, across, height=min(most, whole.height * 0.3))
        made.append(heading)
        edge = heading.bottom + look.px(HEADING_AIR)
        text_box = text_box.below(edge)
        if across is whole and picture_box is not None:
            picture_box = picture_box.below(edge)
            if upright:
                picture_box, text_box = _stacked(whole.below(edge), look, beat)
    first = 0.0 if scene.figure is None else begins(scene.figure, beat)
    if image is not None and picture_box is not None:
        middle = Box(whole.left, picture_box.top, whole.right, whole.bottom)
        waits = (middle, first - AHEAD_SECONDS) if first > ALONE_SECONDS else None
        made.insert(0, Framed(look, image, picture_box, seconds=seconds, seed=seed, waits=waits))
    if scene.figure is not None:
        if image is None:
            made.append(KeyPhrases(look, beat, text_box, largest=LARGE, until=first - AHEAD_SECONDS))
        text_box = Box(text_box.left, text_box.top, text_box.right, text_box.bottom - look.px(SHADOW_AIR))
        titled = max(0.3, first - AHEAD_SECONDS)
        side = 0 if picture_box is None or upright else 1 if text_box.left < picture_box.left else -1
        made.append(diagram(scene.figure, beat, text_box, look, titled_at=titled, side=side))
    else:
        made.append(KeyPhrases(look, beat, text_box, largest=BESIDE if image is not None else LARGE))
    return made


def _split(
    whole: Box, look: Look, *, upright: bool, beat: Beat, image: Rgb | None
) -> tuple[Box, Box | None]:  # fmt: skip
    """The places of text and picture."""
    if image is None:
        return whole, None
    if upright:
        picture_box, text_box = _stacked(whole, look, beat)
        return text_box, picture_box
    # With a figure the text has more to say, without one the picture is what is looked at.
    share = 0.42 if beat.scene.figure is not None else 0.57
    shares = (share, 1 - share)
    if beat.scene.number % 2:
        picture_box, text_box = whole.columns(shares, look.px(GAP))
    else:
        text_box, picture_box = whole.columns(shares[::-1], look.px(GAP))
    return text_box, picture_box


def _stacked(box: Box, look: Look, beat: Beat) -> tuple[Box, Box]:
    share = 0.4 if beat.scene.figure is not None else 0.62
    above, below = box.rows((share, 1 - share), look.px(GAP * 0.75))
    return above, below
