"""Draw from the command line.

python -m gpu_handlers.engines.sketch --prompt "a fox in the snow" --style anime --size 1024x1024 --seed 1 --out fox.png
python -m gpu_handlers.engines.sketch --sheet sheet.png
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import sheet
from gpu_handlers.engines.sketch.engine import SketchEngine
from gpu_handlers.engines.sketch.styles import STYLES


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives back the exit status."""
    options = _parser().parse_args(arguments)
    if options.sheet:
        styles = options.styles.split(",") if options.styles else sheet.SHEET_STYLES
        sheet.save(sheet.contact_sheet(styles=styles, seed=options.seed), options.sheet)
        print(options.sheet)
        return 0
    if not options.prompt:
        _parser().print_help()
        return 2
    picture = SketchEngine().illustrate(
        options.prompt, style=options.style, size=options.size, seed=options.seed, negative=options.negative
    )
    sheet.save(sheet.image_of(picture.image), options.out)
    for layer in picture.layers:
        print(f"{layer.depth_m:8.1f} m  {layer.name}")
    print(options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gpu_handlers.engines.sketch", description="Pictures from words without any model."
    )
    parser.add_argument("--prompt", help="what to draw")
    parser.add_argument("--negative", default="", help="what not to draw")
    parser.add_argument("--style", default="realistic", help=", ".join(STYLES))
    parser.add_argument("--size", type=_size, default=Size(1024, 1024), help="width x height in pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("sketch.png"))
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write the contact sheet of 24 prompts × styles")
    parser.add_argument("--styles", help="styles of the contact sheet, comma-separated")
    return parser


def _size(text: str) -> Size:
    wide, _, high = text.lower().partition("x")
    return Size(int(wide), int(high))


if __name__ == "__main__":
    sys.exit(main())
