"""The Chromium of this machine, for tests of the page and its pictures."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# The first one has no window to draw, which saves a quarter of the work.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: it cannot be had for root in a container, and the only pages shown are our own.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class NoBrowser(RuntimeError):
    """There is none on this machine."""


@contextmanager
def running() -> Iterator[Browser]:
    """A headless browser: the system's, or the one that Playwright has downloaded.

    Raises:
        NoBrowser: there is neither.
    """
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed, args=_ARGUMENTS)
        except Error as error:
            raise NoBrowser(f"no Chromium: {error.message.splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()
