"""What the product's first description shows of its API works as it stands there, byte for byte."""

from __future__ import annotations

import re

import pytest

from studio.packages import PACKAGES
from tests.integration.contract import OPERATIONS
from tests.integration.samples import photo
from tests.integration.test_api import ROUTE_KEYS, Client, assert_problem

IMAGE_GENERATION = """{
  "prompt": "A futuristic cityscape at sunset, cyberpunk style",
  "style": "cinematic",
  "negativePrompt": "blurry, low quality, distorted",
  "width": 1024,
  "height": 1024,
  "steps": 30,
  "numImages": 2
}"""
INFLUENCER_CREATION = """{
  "gender": "female",
  "ethnicity": "asian",
  "ageRange": "26-35",
  "style": "professional",
  "poses": 5
}"""
VIDEO_3D = """{
  "prompt": "A dragon flying over snow-capped mountains",
  "duration": 30,
  "cameraMovement": "orbit",
  "style": "cinematic"
}"""
STUDY_ANIMATION = """{
  "topic": "Photosynthesis",
  "script": "Plants convert sunlight into energy through photosynthesis. Chlorophyll in leaves absorbs light...",
  "subject": "science",
  "animationStyle": "3d-cgi",
  "duration": 60
}"""
STORY_VIDEO = """{
  "script": "Once upon a time in a magical forest, a young wizard discovered an ancient spell book...",
  "visualStyle": "pixar",
  "voiceStyle": "male-warm",
  "backgroundMusic": "epic"
}"""
EXAMPLES = {  # the body, and its price in credits
    "/api/v1/jobs/image-generation": (IMAGE_GENERATION, 2 * 2),
    "/api/v1/jobs/influencer-creation": (INFLUENCER_CREATION, 5),
    "/api/v1/jobs/3d-video": (VIDEO_3D, 8),
    "/api/v1/jobs/study-animation": (STUDY_ANIMATION, 5),
    "/api/v1/jobs/story-video": (STORY_VIDEO, 10),
}
CLOTH_SWAP = r"""curl -X POST /api/v1/jobs/cloth-swap \
  -F "person=@person.jpg" \
  -F "cloth=@cloth.jpg" \
  -F "category=formal" \
  -F "preserveFace=true"
"""
ENDPOINTS = """
POST /api/v1/auth/register
POST /api/v1/auth/login
POST /api/v1/jobs/image-generation
POST /api/v1/jobs/cloth-swap
POST /api/v1/jobs/influencer-creation
POST /api/v1/jobs/3d-video
POST /api/v1/jobs/study-animation
POST /api/v1/jobs/story-video
GET /api/v1/jobs/:id
GET /api/v1/jobs
DELETE /api/v1/jobs/:id
GET /api/v1/jobs/:id/download
GET /api/v1/users/profile
GET /api/v1/users/credits
GET /api/v1/users/transactions
POST /api/v1/payments/create-checkout
POST /api/v1/payments/webhook
"""
BOUNDARY = "------------------------d74496d66958873e"  # as curl makes them


@pytest.fixture
def http(studio, context) -> Client:
    client = Client(context)
    client.token = studio.user().token
    return client


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_example_of_a_feature_is_an_order_at_its_price(http, path):
    body, price = EXAMPLES[path]
    answer = http("POST", path, body)
    assert answer.status == 202, answer.text
    job = answer.json
    assert (job["status"], job["credits"]["held"]) == ("pending", price)
    assert http("GET", "/api/v1/users/credits").json == {"balance": 50 - price, "held": price}


def test_the_example_of_a_try_on_lacks_only_the_consent_that_we_ask_for(http):
    """The one deviation; docs/decisions.md says why."""
    path, form = form_of(CLOTH_SWAP)
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    problem = assert_problem(http("POST", path, form, content_type=content_type), 422, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == ["/consent"]
    path, form = form_of(CLOTH_SWAP + '  -F "consent=true"')
    answer = http("POST", path, form, content_type=content_type)
    assert (answer.status, answer.json["credits"]["held"]) == (202, 3), answer.text
    assert answer.json["input"]["preserveFace"] is True


def form_of(command: str) -> tuple[str, bytes]:
    """Path and body that curl would send."""
    path = re.search(r"-X POST (\S+)", command)[1]
    parts = b""
    for name, value in re.findall(r'-F "(\w+)=([^"]+)"', command):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        if value.startswith("@"):
            head += f'; filename="{value[1:]}"\r\nContent-Type: image/jpeg'
        parts += head.encode() + b"\r\n\r\n" + (photo() if value.startswith("@") else value.encode()) + b"\r\n"
    return path, parts + f"--{BOUNDARY}--\r\n".encode()


def test_the_health_check_answers_without_a_token(http):
    """`curl http://localhost:3000/health`"""
    http.token = None
    answer = http("GET", "/health")
    assert (answer.status, answer.json["status"]) == (200, "ok")


def test_every_endpoint_of_the_lists_is_there(http):
    served = {re.sub(r"\{\w+\}", ":id", str(operation)) for operation in OPERATIONS}
    assert set(ENDPOINTS.split("\n")[1:-1]) <= served
    assert "GET /health" in ROUTE_KEYS


def test_a_new_account_has_fifty_credits_for_seven_days_of_token(http):
    http.token = None
    account = {"email": "ada@example.com", "password": "correct horse battery"}
    assert http("POST", "/api/v1/auth/register", account).json["expiresIn"] == 7 * 24 * 3600
    http.token = http("POST", "/api/v1/auth/login", account).json["token"]
    assert http("GET", "/api/v1/users/credits").json["balance"] == 50


def test_packages_cost_what_is_said():
    assert {p.title: (p.credits, p.amount) for p in PACKAGES.values()} == {
        "Starter": (100, 2900),
        "Pro": (500, 7900),
        "Enterprise": (2000, 19900),
    }
