"""What a customer does on the page, from signing up to being called back."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, expect

from infra.local.studio import LocalStudio
from tests.local.receiver import listening
from tests.web.conftest import PHONE, Account, Visitor, wait_until

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]

STORY = "A fox found a lantern in the forest. It followed the light home."
FEATURES = {
    "image-generation": "Image generation", "cloth-swap": "Cloth swap", "influencer-creation": "AI influencer",
    "3d-video": "3D video", "study-animation": "Study animation", "story-video": "Story video",
}  # fmt: skip


def test_a_person_signs_up_drafts_all_six_keeps_one_buys_credits_and_is_called_back(
    visit: Callable[..., Visitor],
) -> None:
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.go()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    visitor.press("Create an account")
    visitor.balance(50)

    for feature, title in FEATURES.items():
        page.get_by_role("link", name=title).first.click()
        fill(visitor, feature)
        visitor.press("Free draft")
        expect(page.get_by_test_id("status")).to_be_visible()
        if feature == "image-generation":
            visitor.ends("completed")
            see_pictures(visitor, count=2)
            page.get_by_role("button", name="Open larger").first.click()
            page.keyboard.press("ArrowRight")
            expect(page.locator("dialog.lightbox")).to_contain_text("2 / 2")
            page.keyboard.press("Escape")
        visitor.go("#/")
    visitor.balance(50)

    visitor.go("#/jobs")
    expect(page.locator(".work.completed")).to_have_count(6, timeout=150_000)
    for title in list(FEATURES.values())[1:]:
        page.locator(".work", has_text=title).click()
        visitor.ends("completed")
        see_result(visitor, title)
        page.get_by_role("link", name="Library").first.click()

    keep_one(visitor)
    visitor.balance(48)
    buy_starter(visitor)
    visitor.balance(148)
    expect(page.get_by_role("row").filter(has_text="Purchase")).to_contain_text("+100")
    be_called_back(visitor)


def fill(visitor: Visitor, feature: str) -> None:
    """The example, shortened where it would take a slow machine long."""
    page = visitor.page
    expect(page.locator("form h1")).to_be_visible()
    if feature == "cloth-swap":
        for sent in (1, 2):
            visitor.press("Use the sample")
            expect(page.locator(".drop > img")).to_have_count(sent)
        page.get_by_label("Consent").check()
        return
    visitor.press("Fill in an example")
    if feature == "influencer-creation":
        choose(visitor, "Poses", "2")
    if feature == "3d-video":
        choose(visitor, "Duration", "15")
    if feature == "study-animation":
        choose(visitor, "Animation style", "Explainer")
    if feature == "story-video":
        page.get_by_label("Script").fill(STORY)


def choose(visitor: Visitor, field: str, option: str) -> None:
    visitor.page.get_by_role("group", name=field).get_by_role("radio", name=option, exact=True).check()


def see_result(visitor: Visitor, title: str) -> None:
    page = visitor.page
    if title == "Cloth swap":
        see(visitor, page.locator(".compare-after"))
        before = page.locator(".compare-before")
        page.get_by_role("slider", name="Compare before and after").press("Home")
        expect(before).to_have_css("clip-path", re.compile(r"inset\(0px 100%"))
        return
    if title == "AI influencer":
        see_pictures(visitor, count=2)
        return
    film = page.locator("video")
    expect(film).to_be_visible()
    film.evaluate("film => { film.muted = true; film.play() }")
    wait_until(lambda: film.evaluate("film => film.videoWidth > 0 && film.currentTime > 0.1"), page)
    if title != "3D video":
        wait_until(
            lambda: film.evaluate("f => (f.textTracks[0].mode = 'showing') && f.textTracks[0].cues?.length > 0"), page
        )


def see_pictures(visitor: Visitor, *, count: int) -> None:
    pictures = visitor.page.locator(".pictures img")
    expect(pictures).to_have_count(count)
    for n in range(count):
        see(visitor, pictures.nth(n))


def see(visitor: Visitor, picture: Locator) -> None:
    """It has come and could be decoded."""
    expect(picture).to_be_visible()
    wait_until(lambda: picture.evaluate("picture => picture.complete && picture.naturalWidth > 255"), visitor.page)


def keep_one(visitor: Visitor) -> None:
    """The first draft again, now paid for; the price is shown before."""
    page = visitor.page
    visitor.go("#/create/image-generation")
    page.get_by_label("Prompt", exact=True).fill("A red bicycle by the sea")
    choose(visitor, "How many", "3")
    expect(page.get_by_test_id("cost")).to_have_text("6 credits")
    choose(visitor, "How many", "1")
    expect(page.get_by_test_id("cost")).to_have_text("2 credits")
    page.get_by_label("Width").fill("512")
    page.get_by_label("Height").fill("512")
    page.get_by_test_id("make").click()
    visitor.ends("completed")
    see_pictures(visitor, count=1)
    with page.expect_download() as download:
        page.get_by_test_id("download").click()
    assert download.value.suggested_filename == "image-1.png"


def buy_starter(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("#/account/credits")
    page.get_by_test_id("buy-starter").click()
    page.wait_for_url("**/pay/**")
    page.get_by_role("button").first.click()
    page.wait_for_url(f"{visitor.url}/**")
    visitor.shows("100 credits are yours.")


def be_called_back(visitor: Visitor) -> None:
    page = visitor.page
    with listening() as receiver:
        visitor.go("#/account/webhooks")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_test_id("add-hook").click()
        visitor.shows("It is not shown again.")
        page.get_by_test_id("test-send").click()
        expect(page.get_by_test_id("delivery").first).to_have_attribute("data-state", "delivered")
        assert b"webhook.test" in receiver.calls[0][1]


def test_a_cancelled_job_shows_what_came_back(visit: Callable[..., Visitor], account: Account) -> None:
    visitor = visit()
    account.sign_in(visitor)
    job = account.submit("story-video", script=f"{STORY} " * 12)
    visitor.go(f"#/jobs/{job['id']}")
    visitor.balance(40)
    visitor.page.get_by_test_id("cancel").click()
    visitor.ends("cancelled")
    visitor.shows("10 credits are back")
    visitor.balance(50)


def test_whoever_is_signed_out_elsewhere_signs_in_and_is_where_they_were(
    visit: Callable[..., Visitor], account: Account
) -> None:
    visitor = visit()
    account.sign_in(visitor)
    visitor.go("#/")
    visitor.balance(50)
    account.http.post("/api/v1/auth/logout-all").raise_for_status()
    visitor.page.get_by_role("link", name="Library").first.click()
    visitor.shows("Your session has ended.")
    visitor.page.get_by_label("E-mail").fill(account.email)
    visitor.page.get_by_label("Password").fill(account.password)
    visitor.press("Sign in")
    expect(visitor.page.get_by_role("heading", name="Library")).to_be_visible()
    visitor.shows("Nothing here yet")


def test_offline_is_said_and_what_happened_meanwhile_is_there_when_back(
    visit: Callable[..., Visitor], account: Account
) -> None:
    visitor = visit()
    account.sign_in(visitor)
    visitor.go("#/jobs")
    visitor.shows("Nothing here yet")
    visitor.page.context.set_offline(True)
    visitor.shows("You are offline.")
    account.submit("image-generation", prompt="A kite", quality="draft", width=512, height=512)
    visitor.page.context.set_offline(False)
    expect(visitor.page.get_by_text("You are offline.")).to_have_count(0)
    expect(visitor.page.locator(".work.completed")).to_have_count(1)
    expect(visitor.page.locator(".pulse.on")).to_be_visible()


def test_without_a_websocket_progress_still_comes(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    visitor.page.route_web_socket(re.compile("/realtime"), lambda socket: socket.close())
    job = resident.submit("image-generation", prompt="A kite", quality="draft", width=512, height=512)
    visitor.go(f"#/jobs/{job['id']}")
    visitor.ends("completed")
    assert visitor.page.locator(".pulse.on").count() == 0


def test_what_is_wrong_is_said_at_the_field(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    visitor.go("#/create/image-generation")
    page = visitor.page
    page.get_by_label("Width").fill("513")
    visitor.press("Free draft")
    expect(page.locator("#field-prompt-wrong")).to_have_text("Please fill this in.")
    expect(page.locator("#field-width-wrong")).to_contain_text("multiple of 8")
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.get_by_label("Prompt", exact=True).fill("A kite")
    expect(page.locator("#field-prompt-wrong")).to_have_count(0)


def test_a_result_leads_to_a_variation_and_back_into_the_form(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    page = visitor.page
    resident.sign_in(visitor)
    visitor.go(f"#/jobs/{resident.made}")
    visitor.ends("completed")
    visitor.press("Variation")
    expect(page).not_to_have_url(re.compile(resident.made))
    visitor.ends("completed")
    page.get_by_role("link", name="Change and make again").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A kite over the sea")
    expect(page.get_by_label("Width")).to_have_value("512")


def test_an_api_key_is_shown_once_and_works(
    visit: Callable[..., Visitor], resident: Account, studio: LocalStudio
) -> None:
    visitor = visit()
    page = visitor.page
    resident.sign_in(visitor)
    visitor.go("#/account/keys")
    page.get_by_label("What is it for?").fill("nightly")
    visitor.press("Make the key")
    secret = page.locator(".secret code").inner_text()
    bearer = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{studio.url}/api/v1/jobs", headers=bearer, timeout=60, trust_env=False).is_success
    page.reload()
    visitor.shows("nightly")
    assert secret not in page.content()
