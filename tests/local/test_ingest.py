"""Pictures that reach the bucket by a real presigned POST, or are fetched from a host of the customer's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from infra.local.ports import HOST
from infra.local.receivers import PORTS
from tests.integration.samples import photo
from tests.local.conftest import wait_for
from tests.local.receiver import bound

pytestmark = pytest.mark.local


def sent(user, content: bytes) -> str:
    """An upload as a browser makes one."""
    target = user.http.post("/api/v1/uploads", json={"contentType": "image/jpeg"}).raise_for_status().json()
    answer = httpx.post(
        target["url"], data=target["fields"], files={"file": ("a.jpg", content, "image/jpeg")}, trust_env=False
    )
    assert answer.is_success, answer.text
    return target["id"]


def looked_at(user, upload: str) -> dict[str, str | None]:
    def look() -> dict[str, str | None]:
        return user.http.get(f"/api/v1/uploads/{upload}").raise_for_status().json()

    return wait_for(look, lambda now: now["state"] != "waiting", seconds=60)


@contextmanager
def pictures_at(content: bytes) -> Iterator[str]:
    """The address of a host that serves one picture."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    server: ThreadingHTTPServer = bound(Handler)
    assert server.server_address[1] in PORTS
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}/cloth.jpg"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_bucket_tells_of_a_file_and_its_owner_learns_what_became_of_it(user):
    sound, hostile = sent(user, photo()), sent(user, b"GIF89a<script>alert(1)</script>")
    assert looked_at(user, sound) == {"id": sound, "state": "ready", "reason": None}
    words = "must be a JPEG, PNG or WebP picture"
    assert looked_at(user, hostile) == {"id": hostile, "state": "refused", "reason": words}
    swap = {"person": sound, "cloth": hostile, "consent": True}
    answer = user.http.post("/api/v1/jobs/cloth-swap", json=swap)
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "/cloth", "detail": words}])
    with pictures_at(photo(300, 300)) as address:
        answer = user.http.post("/api/v1/jobs/cloth-swap", json=swap | {"cloth": address})
    assert answer.status_code == 202, answer.text
    assert answer.json()["input"]["cloth"].startswith("upl_")
    inside = user.http.post("/api/v1/jobs/cloth-swap", json=swap | {"cloth": "http://127.0.0.1:4566/x.jpg"})
    assert inside.json()["errors"] == [{"pointer": "/cloth", "detail": "must be https:// on port 443"}]
    user.http.delete(answer.json()["urls"]["self"]).raise_for_status()
    assert user.credits() == (50, 0)
