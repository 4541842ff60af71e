"""`python -m gpu_handlers.engines prefetch --profile gpu8` puts the weights of a profile on this machine."""

from __future__ import annotations

import argparse

from gpu_handlers.engines import prefetch, weights


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m gpu_handlers.engines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("prefetch", help="download the weights of a profile")
    fetch.add_argument("--profile", required=True, choices=sorted(weights.table().recipes))
    prefetch.profile(parser.parse_args(arguments).profile)


if __name__ == "__main__":
    main()
