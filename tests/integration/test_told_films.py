"""Study animations and story videos from order to files, on the real worker: seen, heard, and read back."""

from __future__ import annotations

import importlib
import io
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import boto3
import numpy as np
import pytest
from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.speech import voices
from gpu_handlers.engines.tiny import TinyEngine
from gpu_handlers.stages import encode, manifest, provenance
from gpu_handlers.worker import Verdict, Worker
from studio import catalog, events, jobs
from studio.catalog import NarratedVideo, StoryVideo, StudyAnimation
from studio.errors import InvalidOrder
from studio.events import Finished
from tests.integration import contract

SCRIPT = (
    "Mia the fox lived in a quiet forest. One night she found a lantern in the snow. "
    "She carried it to the old lighthouse by the sea, and a boat came home."
)
STORY: dict[str, Any] = {"script": SCRIPT, "storyTitle": "The Lantern", "backgroundMusic": "none", "seed": 7}
LESSON: dict[str, Any] = {
    "topic": "Photosynthesis",
    "script": "Plants need three things: light, water and air. First, the roots drink water. Then, the leaves catch "
    "the light. Only 5 % of the light becomes sugar. Oxygen is what remains, and we breathe it.",
    "duration": 30,
    "backgroundMusic": "none",
    "seed": 7,
}
FILES = ["video.mp4", "poster.jpg", "captions.srt", "captions.vtt", "storyboard.json"]


def feature(name: str) -> ModuleType:
    return importlib.import_module(f"gpu_handlers.features.{name.replace('-', '_')}")


@pytest.fixture
def small(monkeypatch):
    """At a size and rate that a test can afford."""
    for name in ("story-video", "study-animation"):
        module = feature(name)
        for sizes in ("SIZES", "DRAFT_SIZES"):
            monkeypatch.setattr(module, sizes, {"landscape": Size(320, 180), "portrait": Size(180, 320)})
        for rate in ("FPS", "DRAFT_FPS"):
            monkeypatch.setattr(module, rate, 6)


@pytest.fixture
def worker() -> Worker:
    worker = Worker(keep_visible=lambda: None, profile="sketch")
    worker._illustrator = SketchEngine()
    return worker


def made(studio, worker: Worker, name: str, order: dict[str, Any], user=None):
    """The ended job of an order, and its files."""
    user = user or studio.user()
    job = jobs.submit(user.id, catalog.parse(name, order)).job
    assert worker.run_job(job.id) is Verdict.DONE
    for event in studio.news():
        if event["detail-type"] == events.JOB_FINISHED:
            jobs.settle(Finished.parse(event["detail"]))
    done = studio.job(job)
    if done.status != "completed":
        return done, {}
    contract.assert_result(done.result["metadata"])
    client = boto3.client("s3")
    files = done.result["files"]
    return done, {file["name"]: client.get_object(Bucket="media", Key=file["key"])["Body"].read() for file in files}


def probed(content: bytes) -> str:
    """What ffmpeg says of a file's streams."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        Path(file.name).write_bytes(content)
        return subprocess.run([encode.ffmpeg(), "-i", file.name], capture_output=True, text=True, check=False).stderr


def heard(content: bytes) -> np.ndarray:
    """The sound of a video, mono, 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        Path(file.name).write_bytes(content)
        raw = subprocess.run(
            [encode.ffmpeg(), "-v", "error", "-i", file.name, "-ac", "1", "-ar", "16000", "-f", "f32le", "-"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
    return np.frombuffer(raw, np.float32)


def frames(content: bytes, size: Size) -> np.ndarray:
    """Every frame in grey, frames × height × width."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        Path(file.name).write_bytes(content)
        raw = subprocess.run(
            [encode.ffmpeg(), "-v", "error", "-i", file.name, "-f", "rawvideo", "-pix_fmt", "gray", "-"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
    return np.frombuffer(raw, np.uint8).reshape(-1, size.height, size.width)


def seconds(report: str) -> float:
    hours, minutes, rest = re.search(r"Duration: (\d+):(\d+):([\d.]+)", report).groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def loudness(content: bytes) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, as ffmpeg's EBU R128 meter says."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        Path(file.name).write_bytes(content)
        report = subprocess.run(
            [encode.ffmpeg(), "-i", file.name, "-af", "ebur128=peak=true", "-f", "null", "-"],
            capture_output=True, text=True, check=False,
        ).stderr  # fmt: skip
    summary = report[report.rindex("Summary:") :]
    return float(re.search(r"I:\s+(-?[\d.]+)", summary)[1]), float(re.search(r"Peak:\s+(-?[\d.]+)", summary)[1])


def first_cue(srt: bytes) -> float:
    hours, minutes, rest, thousandths = re.search(r"(\d+):(\d+):(\d+),(\d+) -->", srt.decode()).groups()
    return 3600 * int(hours) + 60 * int(minutes) + int(rest) + int(thousandths) / 1000


def test_a_story_becomes_a_film_with_voice_captions_and_a_storyboard(studio, worker, small):
    user = studio.user()
    job, files = made(studio, worker, "story-video", STORY | {"backgroundMusic": "epic"}, user)
    assert user.balance() == 40
    assert list(files) == FILES
    report = probed(files["video.mp4"])
    assert re.search(r"Video: h264 .*yuv420p.*320x180.* 6 fps", report)
    assert re.search(r"Audio: aac .*44100 Hz, stereo", report)
    board = json.loads(files["storyboard.json"])
    last = board["scenes"][-1]
    assert " ".join(scene["narration"] for scene in board["scenes"]) == SCRIPT
    assert seconds(report) == pytest.approx(last["start"] + last["seconds"] + 3, abs=0.2), "and the end card"
    lufs, peak = loudness(files["video.mp4"])
    assert lufs == pytest.approx(-14, abs=1)
    assert peak <= -1
    poster = Image.open(io.BytesIO(files["poster.jpg"]))
    assert (poster.size, np.asarray(poster).std() > 10) == ((320, 180), True)
    metadata = job.result["metadata"]
    assert (metadata["voice"]["engine"], metadata["voice"]["language"]) == ("espeak-ng", "en")
    assert metadata["music"] == {"mood": "epic", "engine": "composed"}
    statement = manifest.read(files["video.mp4"], "video/mp4")
    assert (statement.intact, statement.source_type) == (True, provenance.COMPUTER_DRAWN_SOURCE_TYPE)


@pytest.mark.parametrize(
    "style",
    [
        style if style in ("whiteboard", "motion-graphics") else pytest.param(style, marks=pytest.mark.soak)
        for style in get_args(StudyAnimation.model_fields["animation_style"].annotation)
    ],
)
def test_a_lesson_lasts_as_long_as_was_asked_for_in_every_style(studio, worker, small, style):
    job, files = made(studio, worker, "study-animation", LESSON | {"animationStyle": style})
    assert list(files) == FILES
    shown = frames(files["video.mp4"], Size(320, 180))
    assert len(shown) == 30 * 6
    assert seconds(probed(files["video.mp4"])) == pytest.approx(30, abs=0.5)
    between = shown[20:-18].astype(np.int16)
    assert (between.std(axis=(1, 2)) > 3).all(), "no empty frames"
    assert (np.abs(np.diff(between, axis=0)).max(axis=(1, 2)) > 0).mean() > 0.5, "something moves"
    assert job.result["metadata"]["video"]["captions"] == "burned"
    assert job.result["metadata"]["written"] == ["script"]


def test_the_first_word_is_heard_when_its_caption_appears(studio, worker, small):
    _, files = made(studio, worker, "story-video", STORY)
    sound = heard(files["video.mp4"])
    onset = np.flatnonzero(np.abs(sound) > 0.02)[0] / 16_000
    assert onset == pytest.approx(first_cue(files["captions.srt"]), abs=0.08)


def test_without_music_pauses_are_silent(studio, worker, small):
    _, files = made(studio, worker, "story-video", STORY)
    sound = heard(files["video.mp4"])
    assert np.abs(sound[: round(2.5 * 16_000)]).max() < 1e-3, "the title is shown in silence"
    assert np.abs(sound[-round(2.5 * 16_000) :]).max() < 1e-3


def test_a_topic_alone_becomes_a_lesson_that_says_it_states_no_facts(studio, worker, small):
    order = {"topic": "The Moon", "subject": "science", "duration": 30, "backgroundMusic": "none", "seed": 1}
    job, files = made(studio, worker, "study-animation", order)
    metadata = job.result["metadata"]
    assert metadata["written"] == ["outline"]
    assert any("states no facts" in note for note in metadata["notes"])
    assert b"Moon" in files["captions.srt"]


@pytest.mark.parametrize(
    ("fill", "written"),
    [("guide", ["script", "outline"]), pytest.param("pauses", ["script"], marks=pytest.mark.soak)],
)
def test_a_short_script_in_a_long_lesson_is_filled_as_asked(studio, worker, small, fill, written):
    order = LESSON | {"duration": 60, "fill": fill, "quality": "draft", "script": "Light is what plants live on."}
    job, files = made(studio, worker, "study-animation", order)
    assert job.result["metadata"]["written"] == written
    assert len(frames(files["video.mp4"], Size(320, 180))) == 60 * 6


def test_a_script_that_is_too_long_fails_with_its_excess_and_is_refunded(studio, worker, small):
    user = studio.user()
    long = LESSON | {"script": " ".join([SCRIPT] * 4)}
    job, _ = made(studio, worker, "study-animation", long, user)
    assert (job.status, job.error["code"], user.balance()) == ("failed", "script_too_long", 50)
    assert re.search(r"is about \d+ s longer than 30 s allow.*overflow", job.error["message"])


def test_or_it_is_trimmed_when_that_was_ordered(studio, worker, small):
    long = LESSON | {"script": " ".join([SCRIPT] * 4), "overflow": "trim", "quality": "draft"}
    job, files = made(studio, worker, "study-animation", long)
    assert len(frames(files["video.mp4"], Size(320, 180))) == 30 * 6
    assert any(re.search(r"last \d+ sentences were left out", note) for note in job.result["metadata"]["notes"])


@pytest.mark.parametrize(
    ("script", "language"),
    [
        ("La zorra encontró una linterna en la nieve. La llevó al faro, y un barco volvió a casa.", "es"),
        ("狐狸在雪地里找到了一盏灯笼。它把灯笼带到海边的灯塔，一艘船回家了。夜晚非常安静。", "zh"),
        ("وجد الثعلب فانوسًا في الثلج. حمله إلى المنارة القديمة بجانب البحر.", "ar"),
    ],
)
def test_scripts_in_other_languages_and_letters_are_told(studio, worker, small, script, language):
    job, files = made(studio, worker, "story-video", STORY | {"script": script, "quality": "draft"})
    assert job.result["metadata"]["voice"]["language"] == language
    told = "".join(scene["narration"] for scene in json.loads(files["storyboard.json"])["scenes"])
    assert re.sub(r"\s", "", told) == re.sub(r"\s", "", script)


def test_markup_in_a_script_is_neither_spoken_nor_obeyed(studio, worker, small):
    script = '<speak>The fox slept. <break time="10s"/> The lantern went out.</speak> <script>alert(1)</script>'
    _, files = made(studio, worker, "story-video", STORY | {"script": script, "quality": "draft"})
    assert seconds(probed(files["video.mp4"])) < 18
    assert b"break" not in files["captions.srt"]
    assert b"<" not in files["captions.vtt"]


def test_progress_names_the_scene_and_only_grows(studio, worker, small, monkeypatch):
    seen = []
    report = jobs.report

    def watch(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        report(job_id, attempt, progress)
        seen.append(progress)

    monkeypatch.setattr(jobs, "report", watch)
    _, files = made(studio, worker, "story-video", STORY)
    values = [progress.value for progress in seen]
    assert values == sorted(values)
    count = len(json.loads(files["storyboard.json"])["scenes"])
    assert {(p.step, p.steps) for p in seen if p.stage == "scene" and p.steps > 1} == {
        (number, count) for number in range(1, count + 1)
    }


def test_a_cancel_stops_the_film_within_a_second_and_leaves_no_file(studio, worker, small, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(feature("story-video"), "FPS", 30)
    user = studio.user()
    job = jobs.submit(user.id, catalog.parse("story-video", STORY)).job
    cancelled = []
    report = jobs.report

    def cancel_in_the_second_scene(job_id: str, attempt: int, progress: jobs.Progress) -> None:
        if progress.stage == "scene" and progress.step == 2 and not cancelled:
            user.cancel(job)
            cancelled.append(time.monotonic())
        report(job_id, attempt, progress)

    monkeypatch.setattr(jobs, "report", cancel_in_the_second_scene)
    assert worker.run_job(job.id) is Verdict.LEAVE
    assert time.monotonic() - cancelled[0] < 1
    assert (studio.job(job).status, user.balance()) == ("cancelled", 50)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["story-video", "study-animation"])
def test_a_diffusion_engine_tells_too(studio, worker, small, monkeypatch, tmp_path, name):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr(feature(name), "SIZES", {"landscape": Size(96, 64)})
    worker._illustrator = TinyEngine()
    order = STORY if name == "story-video" else LESSON | {"animationStyle": "3d-cgi"}
    job, files = made(studio, worker, name, order)
    assert (job.status, job.result["metadata"]["engine"]) == ("completed", "tiny")
    assert list(files) == FILES


@pytest.mark.soak
def test_the_same_order_gives_the_same_film(studio, worker, small, monkeypatch):
    monkeypatch.setattr(manifest, "available", lambda: False)  # signatures carry their time
    order = STORY | {"backgroundMusic": "mysterious", "quality": "draft"}
    first, second = (made(studio, worker, "story-video", order)[1] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("script", ["", "Fox", " " * 40, "a" * 10_001])
def test_scripts_out_of_bounds_are_refused_before_anything_is_charged(script):
    for name, order in (("story-video", STORY), ("study-animation", LESSON)):
        with pytest.raises(InvalidOrder) as refused:
            catalog.parse(name, order | {"script": script})
        assert [fault.pointer for fault in refused.value.faults] == ["/script"]


@pytest.mark.parametrize("script", ["!!! ... ??? --- !!! ... ???", "Supercalifragilisticexpialidocious"])
def test_scripts_without_words_fail_in_words_and_are_refunded(studio, worker, small, script):
    user = studio.user()
    job, _ = made(studio, worker, "story-video", STORY | {"script": script}, user)
    assert (job.status, user.balance()) == ("failed", 50)
    assert job.error["code"] in ("script_empty", "script_too_short")


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("story-video", "voiceStyle", "robot"),
        ("story-video", "backgroundMusic", "techno"),
        ("story-video", "visualStyle", "abstract"),
        ("study-animation", "duration", 45),
        ("study-animation", "subject", "cooking"),
        ("study-animation", "animationStyle", "claymation"),
    ],
)
def test_what_is_not_on_sale_is_refused(name, field, value):
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse(name, (STORY if name == "story-video" else LESSON) | {field: value})
    assert [fault.pointer for fault in refused.value.faults] == [f"/{field}"]


def test_a_lesson_needs_a_topic_or_a_script():
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse("study-animation", {"duration": 30})
    assert "a script, or both" in refused.value.faults[0].detail


@pytest.mark.parametrize("topic", ["\u200b\u200b", "***", "<speak>", "</p> — !"])
def test_a_topic_of_signs_and_tags_is_no_topic(topic):
    with pytest.raises(InvalidOrder):
        catalog.parse("study-animation", {"topic": topic})
    assert catalog.parse("study-animation", LESSON | {"topic": topic}), "a script is enough"
    assert catalog.parse("study-animation", {"topic": "光合作用"})


def test_a_sentence_of_twelve_characters_is_a_chinese_script():
    assert catalog.parse("story-video", STORY | {"script": "一只狐狸找到了一盏灯。"})


@pytest.mark.parametrize(
    "script",
    [
        "A na<b></b>ked wo<i></i>man stands at the sea and waits.",
        "A na[ked](http://example.com) woman stands at the sea.",
        "A na\ue000ked wo\ue001man stands at the sea and waits.",
    ],
)
@pytest.mark.parametrize(("name", "order"), [("story-video", STORY), ("study-animation", LESSON)])
def test_markup_hides_no_word_from_the_check(studio, worker, small, name, order, script):
    user = studio.user()
    job, _ = made(studio, worker, name, order | {"script": script, "quality": "draft"}, user)
    assert (job.status, job.error["code"], user.balance()) == ("failed", "content_rejected", 50)


def test_control_characters_in_a_title_do_not_reach_the_film(studio, worker, small):
    order = STORY | {"storyTitle": "The\x00 Lan\x07tern\n", "quality": "draft"}
    job, files = made(studio, worker, "story-video", order)
    assert job.status == "completed"
    assert json.loads(files["storyboard.json"])["title"] == "The Lantern"


def test_every_voice_on_sale_exists():
    assert get_args(NarratedVideo.model_fields["voice_style"].annotation) == voices.STYLES


def test_prices_are_those_of_the_list():
    assert catalog.parse("study-animation", StudyAnimation.example).cost == 5
    assert catalog.parse("story-video", StoryVideo.example).cost == 10
    assert catalog.parse("story-video", StoryVideo.example | {"quality": "draft"}).cost == 0
