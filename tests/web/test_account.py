"""What people do to what is theirs: delete it, change the password, take it along, leave. And who sees operations."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from infra.local.studio import LocalStudio
from tests.web.conftest import PHONE, Account, Visitor, wait_until

pytestmark = [pytest.mark.local, pytest.mark.timeout(300)]


def test_what_is_deleted_is_gone_from_the_library_and_from_the_studio(
    visit: Callable[..., Visitor], account: Account, studio: LocalStudio
) -> None:
    job = account.draft()
    links = account.http.get(f"/api/v1/jobs/{job}/download").raise_for_status().json()["files"]
    visitor = visit()
    page = visitor.page
    account.sign_in(visitor)
    visitor.go(f"#/jobs/{job}")
    visitor.press("Delete")
    confirm(visitor, "Delete")
    visitor.shows("Wait half a minute")
    half_a_minute_later(studio, job)
    visitor.press("Delete")
    confirm(visitor, "Delete")
    visitor.shows("Nothing here yet")
    expect(page.get_by_text("Deleted", exact=True)).to_be_visible()
    assert account.http.get(f"/api/v1/jobs/{job}").status_code == 404
    assert httpx.get(links[0]["url"], trust_env=False).status_code == 404


def half_a_minute_later(studio: LocalStudio, job: str) -> None:
    """As if the job had ended before: what has only just ended cannot be deleted."""
    studio.session().client("dynamodb", endpoint_url=studio.emulator.url).update_item(
        TableName=studio.deployment.settings["JOBS_TABLE"],
        Key={"id": {"S": job}},
        UpdateExpression="SET endedAt = :then",
        ExpressionAttributeValues={":then": {"S": "2026-01-01T00:00:00.000Z"}},
    )


def test_a_link_to_confirm_an_address_opens_nothing_without_the_password(
    visit: Callable[..., Visitor], account: Account
) -> None:
    tried: list[dict[str, str]] = []

    def judge(route: Route) -> None:
        """This studio verifies no addresses, so the API's answers are made up."""
        tried.append(route.request.post_data_json)
        if tried[-1]["password"] == account.password:
            route.fulfill(status=201, json=signup(account))
        else:
            route.fulfill(status=401, json={"code": "wrong_credentials", "title": "E-mail or password is wrong"})

    visitor = visit()
    page = visitor.page
    page.route("**/auth/verify", judge)
    visitor.go("#verify=prf_1.secret")
    visitor.shows("Enter the password that you chose")
    assert (tried, "prf_1" in page.url) == ([], False)
    page.get_by_label("Password").fill("not my password")
    visitor.press("Open the account")
    expect(page.locator("#password-wrong")).to_contain_text("not the password this mail was asked for with")
    page.get_by_label("Password").fill(account.password)
    visitor.press("Open the account")
    visitor.balance(50)
    assert tried[-1] == {"token": "prf_1.secret", "password": account.password}


def signup(account: Account) -> dict[str, object]:
    """What the API answers to whoever has opened an account."""
    user = account.http.get("/api/v1/users/profile").raise_for_status().json()
    return {"user": user, "token": account.token, "expiresIn": 3600}


def test_a_new_password_signs_out_every_other_device_and_not_this_one(
    visit: Callable[..., Visitor], account: Account, studio: LocalStudio
) -> None:
    visitor = visit()
    page = visitor.page
    account.sign_in(visitor)
    visitor.go("#/account/profile")
    page.get_by_label("Current password").fill("not my password")
    page.get_by_label("New password").fill("short")
    visitor.press("Change")
    expect(page.locator("#fresh-wrong")).to_contain_text("8")
    page.get_by_label("New password").fill("another horse and battery")
    visitor.press("Change")
    expect(page.locator("#current-wrong")).to_have_text("The current password is wrong.")
    page.get_by_label("Current password").fill(account.password)
    visitor.press("Change")
    visitor.shows("Your password is changed")
    assert account.http.get("/api/v1/users/profile").status_code == 401
    visitor.go("#/jobs")
    visitor.shows("Nothing here yet")
    credentials = {"email": account.email, "password": "another horse and battery"}
    assert httpx.post(f"{studio.url}/api/v1/auth/login", json=credentials, trust_env=False, timeout=60).is_success


def test_all_that_is_known_of_somebody_comes_as_one_file(visit: Callable[..., Visitor], resident: Account) -> None:
    visitor = visit()
    resident.sign_in(visitor)
    visitor.go("#/account/profile")
    with visitor.page.expect_download() as download:
        visitor.press("Download my data")
    told = json.loads(download.value.path().read_text())
    assert (told["user"]["email"], [job["id"] for job in told["jobs"]][-1:]) == (resident.email, [resident.made])


def test_a_closed_account_is_gone_and_the_page_says_so(
    visit: Callable[..., Visitor], account: Account, studio: LocalStudio
) -> None:
    visitor = visit(viewport=PHONE)
    page = visitor.page
    account.sign_in(visitor)
    visitor.go("#/account/profile")
    visitor.press("Close the account")
    page.get_by_role("dialog").get_by_label("Password").fill("not my password")
    confirm(visitor, "Close the account")
    visitor.shows("password is wrong")
    page.get_by_role("dialog").get_by_label("Password").fill(account.password)
    confirm(visitor, "Close the account")
    visitor.shows("Your account is closed.")
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    assert account.http.get("/api/v1/users/profile").status_code == 401
    credentials = {"email": account.email, "password": account.password}
    answer = httpx.post(f"{studio.url}/api/v1/auth/login", json=credentials, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


def confirm(visitor: Visitor, action: str) -> None:
    visitor.page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def test_an_operator_sees_how_the_studio_runs_and_nobody_else_does(
    visit: Callable[..., Visitor], account: Account, resident: Account
) -> None:
    somebody = visit()
    account.sign_in(somebody)
    somebody.go("#/operator")
    expect(somebody.page.get_by_role("heading", name="What do you want to make?")).to_be_visible()
    expect(somebody.page.get_by_role("link", name="Operations")).to_have_count(0)
    assert account.http.get("/api/v1/operator/overview").status_code == 404

    operator = visit()
    page = operator.page
    resident.sign_in(operator)
    operator.go("#/")
    page.get_by_role("link", name="Operations").first.click()
    drafts = page.get_by_test_id("work-image-generation").locator("td").nth(1)
    wait_until(lambda: int(drafts.inner_text()) > 0, page)
    expect(page.get_by_test_id("queue-jobs")).to_contain_text("Paid")
    expect(page.get_by_test_id("margin-starter")).to_contain_text("$29.00")
    with page.expect_response("**/operator/overview?days=1") as looked:
        operator.press("Today")
    assert len(looked.value.json()["daily"]) == 1
    expect(page.get_by_role("button", name="Today")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("figure-ended")).to_be_visible()


def test_operations_that_cannot_be_loaded_say_so_and_keep_the_last_look(
    visit: Callable[..., Visitor], resident: Account
) -> None:
    visitor = visit()
    page = visitor.page
    resident.sign_in(visitor)
    page.route("**/operator/overview*", lambda route: route.fulfill(status=503, json={"code": "busy", "title": "Busy"}))
    visitor.go("#/operator")
    visitor.shows("Busy")
    page.unroute("**/operator/overview*")
    visitor.press("Try again")
    expect(page.get_by_test_id("figure-cost")).to_be_visible()
    page.route("**/operator/overview*", lambda route: route.fulfill(status=503, json={"code": "busy", "title": "Busy"}))
    look_again(page)
    visitor.shows("This is from the last look.")
    expect(page.get_by_test_id("figure-cost")).to_be_visible()
    page.unroute("**/operator/overview*")
    look_again(page)
    expect(page.get_by_text("This is from the last look.")).to_have_count(0)


def test_how_many_are_worked_on_is_not_made_up_where_nobody_counted_them(
    visit: Callable[..., Visitor], resident: Account
) -> None:
    def crowded(route: Route) -> None:
        seen = route.fetch().json()
        seen["jobs"] |= {"pending": 500, "processing": None, "capped": True}
        route.fulfill(json=seen)

    visitor = visit()
    resident.sign_in(visitor)
    visitor.page.route("**/operator/overview*", crowded)
    visitor.go("#/operator")
    working = visitor.page.get_by_test_id("figure-working")
    expect(working.locator(".big")).to_have_text("–")
    expect(working.locator(".hint")).to_contain_text("500")


def look_again(page: Page) -> None:
    """As if one had come back to this tab, which asks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
