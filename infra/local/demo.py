"""`make demo`: one job of every feature, from registration to downloaded files, through the public API only."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
from PIL import Image
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

OUTPUT = Path("demo-output")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FREE_CREDITS = 50
MIN_SIDE_PIXELS = 256
JOB_TIMEOUT_SECONDS = 300
POLL_SECONDS = 0.1


STORY = (
    "Once upon a time, in a magical forest, a young wizard named Mira discovered an ancient book. She opened it "
    "under an old oak tree, and golden light rose from its pages. A fox came out of the forest and sat beside "
    "her. Together they walked along a river to a lake in the mountains. On the far side of the lake stood a "
    "castle that nobody had entered for a hundred years. Mira read the last page aloud, and slowly the gates "
    "opened. Inside, a dragon was waiting, and it smiled. The forest was never dark again."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing the demo orders: the feature, its options, and pictures that go along."""

    feature: str
    options: dict[str, Any]
    pictures: dict[str, Path] = field(default_factory=dict)


WISHES = (
    Wish(
        "image-generation",
        {"prompt": "A lighthouse on a cliff at sunset", "style": "cinematic", "numImages": 2, "seed": 7},
    ),
    Wish(
        "cloth-swap",
        {"category": "casual", "preserveFace": "true", "consent": "true"},
        {"person": SAMPLES / "person.jpg", "cloth": SAMPLES / "garment.jpg"},
    ),
    Wish(
        "influencer-creation",
        {"gender": "female", "ethnicity": "asian", "ageRange": "26-35", "style": "professional", "poses": 3, "seed": 7},
    ),
    Wish(
        "3d-video",
        {
            "prompt": "A dragon flying over snow-capped mountains",
            "duration": 15,
            "cameraMovement": "orbit",
            "style": "cinematic",
            "seed": 7,
        },
    ),
    Wish(
        "study-animation",
        {
            "topic": "Photosynthesis",
            "script": "Plants live on light. First, the roots drink water. Then, the leaves take carbon dioxide from "
            "the air. Finally, sunlight turns both into sugar. What remains is oxygen, and we breathe it.",
            "subject": "science",
            "animationStyle": "whiteboard",
            "duration": 30,
            "seed": 7,
        },
    ),
    Wish(
        "story-video",
        {
            "script": STORY,
            "storyTitle": "The Forest of Light",
            "visualStyle": "pixar",
            "voiceStyle": "male-warm",
            "backgroundMusic": "epic",
            "seed": 7,
        },
    ),
)
FEATURES = tuple(wish.feature for wish in WISHES)


class DemoFailed(RuntimeError):
    """Something the demo promises did not hold."""


def run(url: str, prompt: str | None = None, features: Sequence[str] = FEATURES) -> None:
    """Do it against the studio at `url` and leave files and a report in `demo-output/`.

    Args:
        prompt: replaces ours.
        features: of which one job each is run.
    Raises:
        DemoFailed: a job did not complete, a file does not decode, or the balance is not what it must be.
    """
    console = Console()
    OUTPUT.mkdir(exist_ok=True)
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        account = {"email": f"demo-{secrets.token_hex(4)}@example.com", "password": secrets.token_urlsafe(16)}
        signup = _json(http.post("/api/v1/auth/register", json=account))
        http.headers["Authorization"] = f"Bearer {signup['token']}"
        start = _json(http.get("/api/v1/users/credits"))["balance"]
        if start != FREE_CREDITS:
            raise DemoFailed(f"a new account has {start} credits, not {FREE_CREDITS}")
        console.print(f"registered with {start} free credits")
        _remove_previous()
        rows = [_job(http, console, wish) for wish in _wishes(prompt, features)]
        spent = sum(row["credits"] for row in rows)
        left = _json(http.get("/api/v1/users/credits"))["balance"]
        if left != start - spent:
            raise DemoFailed(f"the balance is {left}, not {start} − {spent}")
    (OUTPUT / "report.json").write_text(json.dumps(rows, indent=2) + "\n")
    console.print(_table(rows))
    console.print(f"credits: {start} − {spent} = {left}")


def _remove_previous() -> None:
    """Remove what the demo before left, by its report: none of it is to stand beside the new files."""
    report = OUTPUT / "report.json"
    try:
        named = [Path(file) for row in json.loads(report.read_bytes()) for file in row["files"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # there was none, or it is not ours
        return
    for path in named:
        if path.parent == OUTPUT and path.is_file():
            path.unlink()
    report.unlink()


def _wishes(prompt: str | None, features: Sequence[str]) -> list[Wish]:
    return [
        replace(wish, options=wish.options | {"prompt": prompt}) if prompt and "prompt" in wish.options else wish
        for wish in WISHES
        if wish.feature in features
    ]


def _job(http: httpx.Client, console: Console, wish: Wish) -> dict[str, Any]:
    started = time.perf_counter()
    job = _follow(http, console, _json(_submit(http, wish)))
    if job["status"] != "completed":
        raise DemoFailed(f"job {job['id']} {job['status']}: {job['error']}")
    paths = [_download(http, job, file) for file in _json(http.get(job["urls"]["download"]))["files"]]
    return {
        "feature": job["feature"],
        "jobId": job["id"],
        "status": job["status"],
        "seconds": round(time.perf_counter() - started, 2),
        "credits": job["credits"]["charged"],
        "engine": job["result"]["engine"],
        "files": [str(path) for path in paths],
    }


def _submit(http: httpx.Client, wish: Wish) -> httpx.Response:
    address = f"/api/v1/jobs/{wish.feature}"
    key = {"Idempotency-Key": secrets.token_hex(8)}
    if not wish.pictures:
        return http.post(address, json=wish.options, headers=key)
    files = {name: (path.name, path.read_bytes(), "image/jpeg") for name, path in wish.pictures.items()}
    return http.post(address, data=wish.options, files=files, headers=key)


def _follow(http: httpx.Client, console: Console, job: dict[str, Any]) -> dict[str, Any]:
    columns = (
        TextColumn("{task.fields[feature]:<20}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    if prompt := job["input"].get("prompt"):
        console.print(f"“{prompt}”", style="italic")
    give_up_at = time.monotonic() + JOB_TIMEOUT_SECONDS
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task("queued", total=1.0, feature=job["feature"])
        while job["status"] in ("pending", "processing"):
            if time.monotonic() > give_up_at:
                raise DemoFailed(f"job {job['id']} is still {job['status']}")
            time.sleep(POLL_SECONDS)
            job = _json(http.get(job["urls"]["self"]))
            bars.update(bar, completed=job["progress"]["value"], description=job["progress"]["stage"])
    return job


def _download(http: httpx.Client, job: dict[str, Any], file: dict[str, Any]) -> Path:
    content = httpx.get(file["url"], timeout=60, trust_env=False).raise_for_status().content
    if len(content) != file["sizeBytes"]:
        raise DemoFailed(f"{file['name']} has {len(content)} bytes, not {file['sizeBytes']}")
    redirect = http.get(job["urls"]["download"], params={"file": file["name"]})
    if redirect.status_code != 302:
        raise DemoFailed(f"?file={file['name']} answered {redirect.status_code}")
    path = OUTPUT / f"{job['feature']}-{file['name']}"
    path.write_bytes(content)
    _check(path, file["contentType"])
    return path


def _check(path: Path, content_type: str) -> None:
    """Decode the file; raises `DemoFailed` when it is not what it says."""
    kind = content_type.partition("/")[0]
    if kind == "image":
        with Image.open(path) as picture:
            picture.load()
            if min(picture.size) < MIN_SIDE_PIXELS:
                raise DemoFailed(f"{path} is only {picture.width}×{picture.height}")
    elif kind == "video":
        frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
        if not frames or not seconds:
            raise DemoFailed(f"{path} has {frames} frames in {seconds} s")
    elif path.suffix in (".srt", ".vtt"):
        if "-->" not in path.read_text(encoding="utf-8"):
            raise DemoFailed(f"{path} has no captions")
    else:
        json.loads(path.read_bytes())


def _table(rows: list[dict[str, Any]]) -> Table:
    """Fits 80 columns, so that no path is cut off."""
    table = Table(box=box.HORIZONTALS, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("feature", "seconds", "credits", "engine", f"files in {OUTPUT}/"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        cells = [str(row[name]) for name in ("feature", "seconds", "credits", "engine")]
        table.add_row(*cells, "\n".join(Path(file).name for file in row["files"]))
    return table


def _json(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise DemoFailed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
    return answer.json()
