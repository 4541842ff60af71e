"""What holds for the whole page: accessibility, weight, policy, width, languages, and that the catalogue drives it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from infra import web_vendor
from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from tests.web.conftest import DESK, PHONE, Account, Visitor, visiting

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

AXE = (web_vendor.ROOT / "node_modules/axe-core/axe.min.js").read_text()
MAX_PAGE_BYTES = 300_000
WIDTHS = (360, 768, 1920)
STRINGS = """import("/strings.js").then(({ LANGUAGES }) =>
    JSON.stringify(LANGUAGES, (_, said) => (typeof said === "function" ? "a function" : said)))"""
VIEWS = (
    "#/", "#/create/image-generation", "#/create/cloth-swap", "#/jobs", "#/account/credits", "#/account/keys",
    "#/account/webhooks", "#/account/profile", "#/operator",
)  # fmt: skip


@dataclass
class Tour:
    """What was seen of every view, in the order in which they were looked at."""

    violations: dict[str, list[str]] = field(default_factory=dict)
    widths: dict[tuple[str, int], int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def tour(profile: BrowserContext, studio: LocalStudio, resident: Account) -> Tour:
    """One look at each view, on every screen and in both colours: opening them again for each would take minutes."""
    seen = Tour()
    with visiting(profile, studio) as visit:
        visitor = visit()
        visitor.go()
        look_at(visitor.page, "signed out", seen)
        resident.sign_in(visitor)
        visitor.page.reload()
        for view in (*VIEWS, f"#/jobs/{resident.made}"):
            visitor.go(view)
            expect(visitor.page.locator("main")).to_have_attribute("data-place", view.removeprefix("#/"))
            look_at(visitor.page, view, seen)
    return seen


def look_at(page: Page, view: str, seen: Tour) -> None:
    settled(page)
    for scheme, size in (("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        seen.violations[f"{view} {scheme}"] = violations(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        seen.widths[view, width] = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


def test_no_view_has_a_serious_accessibility_violation(tour: Tour) -> None:
    assert len(tour.violations) == 2 * (len(VIEWS) + 2)
    assert {view: wrong for view, wrong in tour.violations.items() if wrong} == {}


def test_no_view_is_wider_than_its_screen(tour: Tour) -> None:
    assert len(tour.widths) == len(WIDTHS) * (len(VIEWS) + 2)
    assert {view: wide for view, wide in tour.widths.items() if wide > view[1]} == {}


def violations(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    wrong = page.evaluate("axe.run(document).then(({violations}) => violations)")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in wrong
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def settled(page: Page) -> None:
    expect(page.locator("main :is(h1, h2)").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


def test_the_page_weighs_less_than_300_kb_before_media_and_asks_nobody_else(
    browser: Browser, studio: LocalStudio
) -> None:
    loaded: dict[str, int] = {}
    with browser.new_context() as context:  # which has kept nothing
        page = context.new_page()
        page.on("response", lambda answer: loaded.update({answer.url: len(answer.body())}))
        page.goto(studio.url)
        settled(page)
        page.wait_for_load_state("networkidle")
    assert all(url.startswith(studio.url) for url in loaded)
    before_media = {url: size for url, size in loaded.items() if not url.endswith(".webp")}
    assert 50_000 < sum(before_media.values()) < MAX_PAGE_BYTES


def test_the_policy_allows_no_inline_code_and_the_browser_keeps_it(browser: Browser, studio: LocalStudio) -> None:
    for path in ("/", "/app.js", "/samples/person.jpg"):
        policy = httpx.get(studio.url + path, trust_env=False).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-" not in policy
        assert "*" not in policy
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(studio.url)
        settled(page)
        tried = page.evaluate(
            """() => {
                const style = document.createElement("style");
                style.textContent = "body { display: none }";
                document.body.append(style);
                try {
                    document.body.setAttribute("onclick", "window.ran = true");
                } catch {}
                document.body.click();
                return [getComputedStyle(document.body).display, Boolean(window.ran)];
            }"""
        )
    assert tried == ["block", False]


def test_a_feature_that_is_new_in_the_catalogue_needs_no_change_of_the_page(
    visit: Callable[..., Visitor], resident: Account, studio: LocalStudio
) -> None:
    catalogue = httpx.get(f"{studio.url}/api/v1/features", trust_env=False, timeout=60).json()
    catalogue["data"].append(
        {
            "name": "haiku-card", "title": "Haiku card", "summary": "A poem on a card.", "creditsPerUnit": 1,
            "unit": "card", "endpoint": "/api/v1/jobs/haiku-card", "example": {"poem": "An old silent pond"},
            "options": {
                "type": "object", "required": ["poem"],
                "properties": {
                    "poem": {"type": "string", "title": "Poem", "maxLength": 600},
                    "paper": {"enum": ["rice", "linen"], "default": "rice", "title": "Paper", "type": "string"},
                },
            },
        }
    )  # fmt: skip
    visitor = visit()
    resident.sign_in(visitor)
    page = visitor.page
    page.route("**/api/v1/features", lambda route: route.fulfill(json=catalogue))
    visitor.go("#/")
    page.get_by_role("link", name="Haiku card").click()
    visitor.press("Fill in an example")
    expect(page.get_by_label("Poem")).to_have_value("An old silent pond")
    page.get_by_text("More options").click()
    expect(page.get_by_role("radio", name="Rice")).to_be_checked()
    expect(page.get_by_test_id("cost")).to_have_text("1 credit")


def test_every_string_is_there_in_every_language(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go()
    said = json.loads(visitor.page.evaluate(STRINGS))
    assert paths(said["en"]) == paths(said["de"])
    visitor.page.get_by_role("button", name="Deutsch").click()
    expect(visitor.page.get_by_role("heading", name="Konto anlegen")).to_be_visible()
    assert visitor.page.evaluate("document.documentElement.lang") == "de"


def paths(words: dict[str, Any], at: str = "") -> set[str]:
    """Where the strings are, without those that only stand beside the catalogue's own."""
    beside = {"fields", "hints", "options", "features"} if not at else set()
    found = [
        paths(value, f"{at}{name}.") if isinstance(value, dict) else {at + name}
        for name, value in words.items()
        if name not in beside
    ]
    return set().union(*found)


def test_everything_can_be_reached_and_chosen_without_a_mouse(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    visitor.go("#/")
    settled(visitor.page)
    page = visitor.page
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type("A kite")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Artistic")).to_be_checked()


def test_ticking_a_box_moves_nothing(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    for view, boxes in (("#/account/keys", 6), ("#/create/cloth-swap", 2)):
        visitor.go(view)
        rows = visitor.page.locator("main .check:visible")
        expect(rows).to_have_count(boxes)
        for row in rows.all():
            heights = set()
            for ticked in (False, True):
                row.get_by_role("checkbox").set_checked(ticked)
                heights.add(row.bounding_box()["height"])  # type: ignore[index]
            assert len(heights) == 1


def test_no_sum_over_a_bar_is_cut_off_on_a_phone(visit: Callable[..., Visitor], resident: Account) -> None:
    spent = {"id": "one", "kind": "hold", "amount": -50, "balanceAfter": 0, "jobId": None, "reason": None}
    entry = spent | {"invoiceUrl": None, "createdAt": datetime.now(UTC).isoformat()}
    visitor = visit(viewport={"width": 375, "height": 800})
    resident.sign_in(visitor)
    page = visitor.page
    page.route("**/users/transactions?*", lambda route: route.fulfill(json={"data": [entry], "nextCursor": None}))
    visitor.go("#/account/credits")
    expect(page.locator(".usage text:not(.day)")).to_have_text("50")
    assert page.evaluate("document.querySelector('.usage text:not(.day)').getBBox().y") >= 0


def test_choices_and_titles_are_written_as_people_write_them(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.go()
    said = visitor.page.evaluate(
        """import("/strings.js").then(({ clipped, optionName }) => [
            ["3d-cgi", "non-binary", "middle-eastern", "motion-graphics", "26-35"].map(optionName),
            [["An old spell book. She opened it", 21], ["A kite", 6], ["A kite over", 6], ["凧".repeat(9), 4]].map(
                ([text, length]) => clipped(text, length)),
        ])"""
    )
    assert said[0] == ["3D CGI", "Non-binary", "Middle Eastern", "Motion graphics", "26-35"]
    assert said[1] == ["An old spell book…", "A kite", "A kite…", "凧凧凧凧…"]


def test_signing_up_says_what_is_wrong_at_both_fields_before_it_sends_anything(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/auth/" in request.url else None)
    visitor.go()
    visitor.press("Deutsch")
    page.get_by_label("E-Mail").fill("ada@")
    page.get_by_label("Passwort").fill("short")
    visitor.press("Konto anlegen")
    expect(page.locator("#email-wrong")).to_have_text("Bitte eine vollständige Adresse angeben, etwa name@example.com.")
    expect(page.locator("#password-wrong")).to_have_text("Bitte mindestens 8 Zeichen verwenden.")
    expect(page.get_by_label("E-Mail")).to_be_focused()
    assert sent == []


def test_nothing_is_priced_before_there_is_an_order_and_what_is_missing_is_said(
    visit: Callable[..., Visitor], resident: Account
) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    page = visitor.page
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 422 else None)
    for feature in ("study-animation", "influencer-creation"):
        visitor.go(f"#/create/{feature}")
        page.get_by_role("radio").first.check()
        page.wait_for_timeout(1_000)  # more than it takes until a price is asked for
    assert refused == []
    visitor.go("#/create/study-animation")
    visitor.press("Free draft")
    visitor.shows("Please fill in Topic or Script.")
    visitor.go("#/create/influencer-creation")
    page.get_by_role("radio", name="Female").check()
    visitor.press("Free draft")
    expect(page.locator("#field-gender-wrong")).to_have_count(0)
    for name in ("ethnicity", "ageRange"):
        expect(page.locator(f"#field-{name}-wrong")).to_have_text("Please choose one.")
    with page.expect_response("**/influencer-creation?dryRun=true") as priced:
        page.get_by_role("radio", name="Mixed").check()
        page.get_by_role("radio", name="26-35").check()
    assert priced.value.ok


def test_what_is_vendored_is_what_the_locked_packages_hold() -> None:
    kept = {path.name: path.read_bytes() for path in web_vendor.VENDOR.iterdir()}
    assert kept == web_vendor.files()


def test_files_of_the_storage_are_always_asked_for_with_the_pages_origin() -> None:
    """A browser gives a film's poster what it kept for a picture, and refuses it if that came without CORS headers."""
    shown = [
        tag
        for file in (ROOT / "web").rglob("*.js")
        for tag in re.findall(r"<(?:img|video)\b[^>]*url[^>]*>", file.read_text())
    ]
    assert len(shown) >= 6
    assert [tag for tag in shown if 'crossorigin="anonymous"' not in tag] == []
