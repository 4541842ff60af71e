# Made by clients/generate.py from _async/files.py; `make clients` makes it anew.
# fmt: off
# ruff: noqa
"""Files up and down. What lies on the studio's storage is reached by links, without the token."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import httpx

from ai_creative_studio import _disk, models
from ai_creative_studio._sync.api import Api
from ai_creative_studio._following import segment
from ai_creative_studio.errors import DownloadFailed, UploadFailed


def upload(api: Api, source: str | Path | bytes) -> str:
    """Send a picture of up to 20 MiB; returns its id for orders.

    Raises:
        NotAPicture: no JPEG, PNG or WebP.
        UploadFailed: the storage refuses it, or does not answer.
    """
    content_type = _disk.content_type(source)
    target = api.post(models.Upload, "/api/v1/uploads", {"contentType": content_type})
    failures = 0
    while True:
        try:
            with _disk.opened(source) as stream:
                response = api.http.post(
                    target.url, data=target.fields, files={"file": ("picture", stream, content_type)}
                )  # fmt: skip
        except httpx.TransportError as error:
            refused = str(error) or type(error).__name__
        else:
            if response.is_success:
                return target.id
            refused = f"{response.status_code}: {_disk.reason(response.text)}"
            if response.status_code < 500:
                raise UploadFailed(refused)
        failures += 1
        delay = api.retries.delay(failures)
        if delay is None:
            raise UploadFailed(refused)
        api.clock.sleep(delay)


def links(api: Api, job_id: str) -> list[models.File]:
    """The files of a completed job, with links that work for a limited time."""
    return (api.get(models.Files, f"/api/v1/jobs/{segment(job_id)}/download")).files


def download(api: Api, job_id: str, folder: Path, names: Iterable[str] | None) -> list[Path]:
    """Fetch the files of a job, or those called `names`, into `folder`.

    Each appears under its name once it is whole, or under one with the job's id where another file has that name.
    One that was begun before goes on where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = links(api, job_id)
    wanted = None if names is None else set(names)
    if wanted is not None and (missing := wanted - {file.name for file in found}):
        raise DownloadFailed(f"{job_id} has no file called {', '.join(sorted(missing))}")
    return [_fetch(api, job_id, file, folder) for file in found if wanted is None or file.name in wanted]


def _fetch(api: Api, job_id: str, file: models.File, folder: Path) -> Path:
    target = folder / _disk.safe_name(file.name)
    part = folder / f".{file.name}.{job_id}.part"
    failures = 0
    while (before := _disk.size(part)) != file.size_bytes:
        try:
            _go_on(api, file, part, before)
        except (httpx.TransportError, _Refused) as error:
            failures = 1 if _disk.size(part) > before else failures + 1
            delay = api.retries.delay(failures)
            if delay is None or (isinstance(error, _Refused) and error.final):
                raise DownloadFailed(f"{file.name} of {job_id}: {error or type(error).__name__}") from error
            api.clock.sleep(delay)
            if isinstance(error, _Refused):  # the link may have run out
                file = next(fresh for fresh in links(api, job_id) if fresh.name == file.name)
    part.touch()  # an empty file has nothing to fetch
    return _disk.settle(part, target, job_id)


def _go_on(api: Api, file: models.File, part: Path, have: int) -> None:
    """Append what is missing; a server that does not know ranges sends everything anew."""
    if have > file.size_bytes:
        part.unlink()
        have = 0
    # Without a coding, or bytes would not be those of the file.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with api.http.stream("GET", file.url, headers=headers) as response:
        if response.status_code not in (200, 206):
            raise _Refused(response.status_code)
        resumed = response.status_code == 206
        if resumed and not response.headers.get("content-range", "").startswith(f"bytes {have}-"):
            part.unlink(missing_ok=True)
            raise _Refused(response.status_code)
        with part.open("ab" if resumed else "wb") as out:
            written = have if resumed else 0
            for chunk in response.iter_raw():
                out.write(chunk)
                written += len(chunk)
                if written > file.size_bytes:
                    break
            out.flush()
            os.fsync(out.fileno())
    if written != file.size_bytes:
        if written > file.size_bytes:
            part.unlink()
        raise _Refused(response.status_code)


class _Refused(Exception):
    """The storage answered, but not with what was asked for."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the storage answered {status}" if status >= 300 else "the storage sent another length")
        self.final = status in (404, 410)
