"""`make screenshots`: photographs the page, with real work in it, into `docs/images/page-*.webp`."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from PIL import Image

from infra import browser as browsers
from infra.local.front_door import SAMPLES
from infra.local.studio import LocalStudio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
MAX_BYTES = 60_000
DESK: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
ORDERS: dict[str, dict[str, Any]] = {
    "image-generation": {
        "prompt": "A lighthouse on a cliff at sunset, a sailing boat on the sea", "style": "artistic", "seed": 11,
    },
    "cloth-swap": {"category": "casual", "consent": True},
    "influencer-creation": {
        "gender": "female", "ethnicity": "indian", "ageRange": "26-35", "style": "fashion", "poses": 4, "seed": 5,
    },
    "3d-video": {
        "prompt": "A dragon flying over snow-capped mountains", "style": "cartoon", "duration": 15, "seed": 4,
    },
    "study-animation": {
        "topic": "Photosynthesis", "animationStyle": "whiteboard", "duration": 30, "captions": "files",
        "script": "Plants convert sunlight into energy. First, leaves absorb light. Second, roots bring water. "
        "Third, the plant makes sugar and oxygen.",
    },
    "story-video": {
        "storyTitle": "The fox and the lantern", "visualStyle": "pixar", "seed": 3,
        "script": "Once upon a time, a fox found a lantern in the forest at night. The lantern glowed, and the fox "
        "followed the moon to the sea.",
    },
}  # fmt: skip


_USUAL = {
    "image-generation": (1.0, 2, 9), "cloth-swap": (0.4, 3, 14), "influencer-creation": (0.2, 5, 41),
    "3d-video": (0.12, 8, 74), "study-animation": (0.3, 5, 96), "story-video": (0.25, 10, 163),
}  # fmt: skip
"""Of the days that never were: how often a feature is ordered, for how many credits, and how many seconds it takes."""


@dataclass(frozen=True)
class Shot:
    """One picture: what is open, on what, in which colours."""

    name: str
    place: str
    phone: bool = False
    dark: bool = False
    signed_in: bool = True
    tall: bool = False
    """Whether it shows all of it, and not only what fits the screen."""

    @property
    def file(self) -> str:
        """Its name in `docs/images`."""
        return f"page-{self.name}-{'dark' if self.dark else 'light'}-{'phone' if self.phone else 'desk'}.webp"


def main() -> None:
    """Make one job of every feature, then photograph."""
    with (
        LocalStudio() as studio,
        browsers.running() as browser,
        httpx.Client(base_url=studio.url, timeout=60, trust_env=False) as http,
    ):
        operator = _registered(http, "grace@example.com")
        _gone_wrong(http)
        _week_before(studio)
        studio.appoint("grace@example.com")
        customer = _registered(http, "ada@example.com")
        jobs = _made(http)
        _bought(http, studio.url)
        taken = _shots(jobs, running=_submitted(http, "story-video"))
        for shot in taken:
            _take(browser, studio.url, operator if "operator" in shot.place else customer, shot)
    for stale in set(IMAGES.glob("page-*.webp")) - {IMAGES / shot.file for shot in taken}:
        stale.unlink()


def _registered(http: httpx.Client, email: str) -> str:
    """The token of a new account, which is the one that asks from now on."""
    account = {"email": email, "password": "correct horse battery", "name": email.partition("@")[0].title()}
    token = str(http.post("/api/v1/auth/register", json=account).raise_for_status().json()["token"])
    http.headers["Authorization"] = f"Bearer {token}"
    return token


def _shots(jobs: dict[str, str], running: str) -> list[Shot]:
    return [
        Shot("progress", f"#/jobs/{running}", phone=True),  # first, while it runs
        Shot("welcome", "", signed_in=False),
        Shot("welcome", "", phone=True, dark=True, signed_in=False),
        Shot("create", "#/", dark=True),
        Shot("order", "#/create/image-generation"),
        Shot("order", "#/create/cloth-swap", phone=True, dark=True),
        Shot("library", "#/jobs"),
        Shot("film", f"#/jobs/{jobs['story-video']}", dark=True),
        Shot("try-on", f"#/jobs/{jobs['cloth-swap']}", phone=True),
        Shot("pictures", f"#/jobs/{jobs['influencer-creation']}"),
        Shot("account", "#/account/credits", dark=True),
        Shot("webhooks", "#/account/webhooks", phone=True, dark=True),
        Shot("operator", "#/operator", tall=True),
        Shot("operator", "#/operator", phone=True, dark=True),
    ]


def _made(http: httpx.Client) -> dict[str, str]:
    """Ids of finished jobs, by feature."""
    jobs = {feature: _submitted(http, feature) for feature in ORDERS}
    for feature, job in jobs.items():
        while (status := http.get(f"/api/v1/jobs/{job}").raise_for_status().json()["status"]) != "completed":
            if status in ("failed", "cancelled"):
                raise RuntimeError(f"{feature} {status}")
            time.sleep(0.5)
    return jobs


def _submitted(http: httpx.Client, feature: str) -> str:
    order = dict(ORDERS[feature])
    if feature == "cloth-swap":
        order |= {"person": _uploaded(http, "person.jpg"), "cloth": _uploaded(http, "garment.jpg")}
    while (answer := http.post(f"/api/v1/jobs/{feature}", json=order)).status_code == 503:
        time.sleep(1)  # busy: nothing was changed
    return str(answer.raise_for_status().json()["id"])


def _uploaded(http: httpx.Client, sample: str) -> str:
    target = http.post("/api/v1/uploads", json={"contentType": "image/jpeg"}).raise_for_status().json()
    file = {"file": (SAMPLES / sample).read_bytes()}
    httpx.post(target["url"], data=target["fields"], files=file, trust_env=False).raise_for_status()
    return str(target["id"])


def _bought(http: httpx.Client, page: str) -> None:
    """A package, paid for at the stand-in."""
    order = {"package": "starter", "successUrl": page, "cancelUrl": page}
    checkout = http.post("/api/v1/payments/create-checkout", json=order).raise_for_status().json()
    httpx.post(checkout["checkoutUrl"], data={"pay": "now"}, trust_env=False)
    while http.get(f"/api/v1/payments/{checkout['purchaseId']}").raise_for_status().json()["status"] != "paid":
        time.sleep(0.2)


def _gone_wrong(http: httpx.Client) -> None:
    """Jobs that fail: a script that takes longer to speak than the video may last."""
    orders = {
        "story-video": {"script": "The fox walked on through the long night. " * 70},
        "study-animation": {"topic": "Rivers", "script": "A river carries water to the sea. " * 60, "duration": 30},
    }
    for feature, order in orders.items():
        job = http.post(f"/api/v1/jobs/{feature}", json=order).raise_for_status().json()["id"]
        while http.get(f"/api/v1/jobs/{job}").raise_for_status().json()["status"] != "failed":
            time.sleep(0.2)


def _week_before(studio: LocalStudio) -> None:
    """Six days that never were, so that the picture of operations shows more than this minute."""
    rows = studio.session().client("dynamodb", endpoint_url=studio.emulator.url)
    today = datetime.now(UTC).date()
    for back, busy in enumerate((34, 41, 12, 9, 37, 29), start=1):
        day = today - timedelta(days=back)
        for feature, (share, price, seconds) in _USUAL.items():
            done = round(busy * share)
            for kind, completed, failed, each in (("paid", done, done // 14, seconds), ("draft", 2 * done, 0, 1.5)):
                priced, refunded = ((completed + failed) * price, failed * price) if kind == "paid" else (0, 0)
                counts = {
                    "completed": completed, "failed": failed, "cancelled": back % 2, "priced": priced,
                    "refunded": refunded, "milliseconds": round((completed + failed) * each * 1000),
                }  # fmt: skip
                item = {name: {"N": str(count)} for name, count in counts.items()}
                if counts["failed"]:
                    lost = {"times": {"N": str(counts["failed"])}, "newestJob": {"S": "job_" + "0" * 26}}
                    why = {"about": {"S": f"{day:%Y-%m}"}, "key": {"S": f"{day}#failures#{feature}#worker_lost"}}
                    rows.put_item(TableName=studio.deployment.settings["TALLIES_TABLE"], Item=why | lost)
                key = {"about": {"S": f"{day:%Y-%m}"}, "key": {"S": f"{day}#jobs#{feature}#{kind}"}}
                rows.put_item(TableName=studio.deployment.settings["TALLIES_TABLE"], Item=key | item)


def _take(browser: Browser, url: str, token: str, shot: Shot) -> None:
    with browser.new_context(
        viewport=PHONE if shot.phone else DESK,
        device_scale_factor=1.5 if shot.phone else 1,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        locale="en-US",
    ) as context:
        page = context.new_page()
        if shot.signed_in:
            page.add_init_script(f"localStorage.setItem('studio.token', '{token}')")
        page.goto(f"{url}/{shot.place}")
        page.locator("main :is(h1, h2)").first.wait_for()
        page.locator(".skeleton").first.wait_for(state="detached", timeout=90_000)
        if "create/image" in shot.place:
            page.get_by_role("button", name="Fill in an example").click()
        if "create/cloth" in shot.place:
            for sent in (1, 2):
                page.get_by_role("button", name="Use the sample").first.click()
                page.locator(".drop > img").nth(sent - 1).wait_for()
        page.wait_for_load_state("networkidle")
        _keep(page.screenshot(full_page=shot.tall), IMAGES / shot.file)


def _keep(png: bytes, path: Path) -> None:
    """As small as it must be, at the best quality that is."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(86, 20, -6):
        packed = io.BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() <= MAX_BYTES:
            break
    path.write_bytes(packed.getvalue())
    print(f"{path.name}  {packed.tell():,} bytes")


if __name__ == "__main__":
    main()
