"""Decoding in a process of its own, which may be as broken by a hostile file as it likes.

It gets so much memory and so many seconds, no environment but the path of our code, and says one thing: the clean
picture, or why there is none. It is a limit, not a sandbox: a decoder that is taken over still runs as the function.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

from studio.errors import BadPicture
from studio.pictures import CleanPicture, cleaned

MEMORY_BYTES = 768 * 1024 * 1024  # of addresses; a WebP with transparency of 24 megapixels takes 520 MB
CPU_SECONDS = 8
WALL_SECONDS = 20  # a process that uses less than its processor time was kept waiting by us
MODULE = "studio.decoding"
TOO_HARD = "takes too much time or memory to read"


def cleaned_apart(content: bytes) -> CleanPicture:
    """What `pictures.cleaned` does, where a crash, a hang or a memory bomb stays with its file.

    Raises:
        BadPicture: says what the picture must be, or that it cannot be read within the limits.
        RuntimeError: the process could not do its work for a reason that is not the file's.
    """
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PATH") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            env=path | libraries,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError("decoding was not given its time") from error
    if done.returncode < 0:  # ended by a signal: out of processor time, or a crash
        raise BadPicture(TOO_HARD)
    if done.returncode:
        raise RuntimeError(f"decoding failed: {done.stderr.decode(errors='replace')[-500:]}")
    head, _, picture = done.stdout.partition(b"\n")
    told = json.loads(head)
    if "refused" in told:
        raise BadPicture(told["refused"])
    return CleanPicture(picture, told["contentType"], told["width"], told["height"])


def main() -> None:
    """The process: a file comes in, one line of JSON and the clean picture go out."""
    if sys.platform == "linux":  # macOS, where only local studios run, knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    head: dict[str, str | int]
    try:
        clean = cleaned(sys.stdin.buffer.read())
    except BadPicture as error:
        head, picture = {"refused": error.detail}, b""
    else:
        head = {"contentType": clean.content_type, "width": clean.width, "height": clean.height}
        picture = clean.content
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + picture)


if __name__ == "__main__":
    main()
