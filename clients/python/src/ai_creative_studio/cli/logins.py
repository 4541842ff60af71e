"""The login that is kept between commands: one file that only its owner can read."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from ai_creative_studio.errors import StudioError

_OWNER_ONLY_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Login:
    """Where, and as whom."""

    url: str
    token: str


def path() -> Path:
    """Of the file, in the user's own folder for settings."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "ai-creative-studio" / "login.json"


def load() -> Login | None:
    """What was kept; None if nothing was.

    Raises:
        StudioError: the file cannot be understood.
    """
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        return Login(kept["url"], kept["token"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise StudioError(f"{path()} cannot be read; delete it and log in again") from error


def keep(login: Login) -> Path:
    """Write it down for next time. The file is nobody else's from its first moment."""
    target = path()
    target.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".login-")  # made with 0600
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(asdict(login), out)
    Path(temporary).replace(target)
    return target


def forget() -> None:
    """Remove it."""
    path().unlink(missing_ok=True)
