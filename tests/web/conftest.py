"""The page in a real browser, before the studio that `make up` starts."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra import browser as browsers
from infra.local.studio import LocalStudio

SECONDS = 60
"""How long anything on the page may take on a busy machine."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# What a browser logs about answers that a test asks for on purpose.
_EXPECTED = ("Failed to load resource", "WebSocket connection to")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed after this folder's tests: while it is open an event loop runs in this thread."""
    expect.set_options(timeout=SECONDS * 1000)
    try:
        with browsers.running() as running:
            yield running
    except browsers.NoBrowser as missing:
        if os.environ.get("STUDIO_NEEDS_BROWSER"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="package")
def studio(browser: Browser) -> Iterator[LocalStudio]:
    with LocalStudio() as studio:
        yield studio


@dataclass
class Visitor:
    """A person at the page."""

    page: Page
    url: str

    def go(self, place: str = "") -> None:
        self.page.goto(f"{self.url}/{place}")

    def shows(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def balance(self, amount: int) -> None:
        expect(self.page.locator(".balance b")).to_have_text(str(amount))

    def ends(self, status: str) -> None:
        expect(self.page.get_by_test_id("status")).to_have_attribute("data-status", status)


@pytest.fixture
def visit(profile: BrowserContext, studio: LocalStudio) -> Iterator[Callable[..., Visitor]]:
    """Opens the page as nobody who was here before; at the end nothing may have gone wrong in it unseen."""
    with visiting(profile, studio) as open_page:
        yield open_page


@pytest.fixture(scope="package")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """One browser profile for everybody: a fresh one would read, compile and style the page anew for each test."""
    with browser.new_context(locale="en-US", reduced_motion="reduce") as context:
        context.set_default_timeout(SECONDS * 1000)
        yield context


@contextmanager
def visiting(profile: BrowserContext, studio: LocalStudio) -> Iterator[Callable[..., Visitor]]:
    """What `visit` does, for as long as somebody wants it."""
    opened: list[Page] = []
    complaints: list[str] = []

    def open_page(*, viewport: dict[str, int] = DESK) -> Visitor:
        page = profile.new_page()
        opened.append(page)
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: _note(complaints, said.type, said.text))
        return Visitor(page, studio.url)

    yield open_page
    profile.set_offline(False)
    for page in opened:
        if page.url.startswith(studio.url):
            page.evaluate("localStorage.clear()")  # the next one is somebody else
        page.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning") and not text.startswith(_EXPECTED):
        complaints.append(f"{kind}: {text}")


@dataclass
class Account:
    """A customer that the API knows already."""

    email: str
    password: str
    token: str
    http: httpx.Client
    made: str = ""
    """Id of a job that has ended, of a `resident`."""

    def sign_in(self, visitor: Visitor) -> None:
        """As if they had signed in on this browser before."""
        visitor.page.add_init_script(
            f"if (!sessionStorage.getItem('in')) {{ sessionStorage.setItem('in', 1); "
            f"localStorage.setItem('studio.token', '{self.token}') }}"
        )

    def draft(self) -> str:
        """Id of two pictures that are done."""
        order = {"prompt": "A kite over the sea", "quality": "draft", "width": 512, "height": 512, "numImages": 2}
        made = self.http.post("/api/v1/jobs/image-generation", json=order, headers={"prefer": "wait=20"})
        job = made.raise_for_status().json()
        assert job["status"] == "completed"
        return str(job["id"])

    def submit(self, feature: str, **order: Any) -> dict[str, Any]:
        return self.http.post(f"/api/v1/jobs/{feature}", json=order).raise_for_status().json()


@pytest.fixture
def account(studio: LocalStudio) -> Iterator[Account]:
    """Somebody new, for tests in which it matters what they have or who they are."""
    with registered(studio) as account:
        yield account


@pytest.fixture(scope="package")
def resident(studio: LocalStudio) -> Iterator[Account]:
    """Somebody for all other tests: an operator, with a draft that is done."""
    with registered(studio) as account:
        studio.appoint(account.email)
        account.made = account.draft()
        yield account


@contextmanager
def registered(studio: LocalStudio) -> Iterator[Account]:
    with httpx.Client(base_url=studio.url, timeout=60, trust_env=False) as http:
        email, password = f"{secrets.token_hex(6)}@example.com", secrets.token_urlsafe()
        made = http.post("/api/v1/auth/register", json={"email": email, "password": password}).raise_for_status().json()
        http.headers["Authorization"] = f"Bearer {made['token']}"
        yield Account(email, password, made["token"], http)


def wait_until(done: Callable[[], bool], page: Page) -> None:
    """For what is seen outside the page; it goes on living meanwhile."""
    give_up_at = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < give_up_at
        page.wait_for_timeout(50)
