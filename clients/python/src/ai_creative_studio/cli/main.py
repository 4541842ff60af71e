"""`studio`: jobs, credits and callbacks from the command line."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import json
import os
import signal
import sys
from contextlib import ExitStack, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

from ai_creative_studio._sync.jobs import Job
from ai_creative_studio._sync.studio import DEFAULT_URL, Studio
from ai_creative_studio.cli import listen, logins, orders
from ai_creative_studio.errors import ApiError, Forbidden, InvalidOrder, NotAuthenticated, StudioError, WaitTimeout

_BAR = 24


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 1 when it failed, 130 when it was interrupted."""
    asked = _parser().parse_args(arguments)
    try:
        asked.run(asked)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `studio jobs list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (StudioError, OSError) as error:
        _complain(error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="studio", description="Media jobs from the command line.")
    commands = parser.add_subparsers(required=True, metavar="command")

    login = commands.add_parser("login", help="sign in and stay so")
    login.add_argument("--url", help=f"of the studio (default: STUDIO_URL, or {DEFAULT_URL})")
    login.add_argument("--email")
    login.add_argument("--register", action="store_true", help="open an account")
    login.add_argument("--api-key", action="store_true", help="keep an API key instead, read from standard input")
    login.set_defaults(run=_login)
    commands.add_parser("logout", help="end the login").set_defaults(run=_logout)

    jobs = commands.add_parser("jobs", help="order, follow, fetch").add_subparsers(required=True, metavar="command")
    run = jobs.add_parser("run", help="order something, wait for it and fetch its files")
    run.add_argument("feature", help="such as image-generation; see `studio features`")
    run.add_argument("options", nargs="*", metavar="name=value", help='such as prompt="A fox" quality=draft')
    run.add_argument("--to", type=Path, help="folder for the files (default: one named after the job)")
    run.add_argument("--no-wait", action="store_true", help="only order it, and say its id")
    run.add_argument("--price", action="store_true", help="only say what it would cost")
    run.set_defaults(run=_run)
    listing = jobs.add_parser("list", help="your jobs, newest first")
    listing.add_argument("--status", choices=["pending", "processing", "completed", "failed", "cancelled"])
    listing.add_argument("--feature")
    listing.add_argument("--limit", type=int, default=20)
    listing.set_defaults(run=_list)
    for name, action, what in (
        ("watch", _watch, "follow a job to its end"),
        ("cancel", _cancel, "end a job and get its credits back"),
        ("download", _download, "fetch the files of a job"),
    ):
        command = jobs.add_parser(name, help=what)
        command.add_argument("id")
        command.set_defaults(run=action)
        if name == "download":
            command.add_argument("--to", type=Path, help="folder (default: one named after the job)")

    features = commands.add_parser("features", help="what can be ordered, and with which options")
    features.add_argument("feature", nargs="?")
    features.set_defaults(run=_features)
    credits = commands.add_parser("credits", help="your balance")  # noqa: A001  # our noun
    credits.add_argument("--ledger", type=int, default=0, metavar="N", help="with the last N entries")
    credits.set_defaults(run=_credits)
    listener = commands.add_parser("listen", help="receive, verify and show callbacks")
    listener.add_argument("--port", type=int, default=listen.DEFAULT_PORT)
    listener.add_argument("--public-url", help="https address that leads to this port")
    listener.add_argument("--secret", action="append", help="whsec_…: only verify with it, and register nothing")
    listener.set_defaults(run=_listen)
    for command in (run, listing, credits):
        command.add_argument("--json", action="store_true", help="for programs")
    return parser


def _login(asked: argparse.Namespace) -> None:
    url = asked.url or os.environ.get("STUDIO_URL") or DEFAULT_URL
    if asked.api_key:
        token = (getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
        if not token:
            raise StudioError("no key was given")
        with Studio(url, token) as studio, suppress(Forbidden):  # it works, and may not read jobs
            next(studio.jobs.list(page_size=1), None)
    else:
        email = asked.email or input("E-mail: ")
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        with Studio(url) as studio:
            if not asked.register:
                studio.login(email, password)
            elif studio.register(email, password) is None:
                studio.verify(input("What stands behind = in the link of the mail: ").strip(), password)
            token = studio.token or ""
    say(f"logged in to {url}; the token is in {logins.keep(logins.Login(url, token))}")


def _logout(asked: argparse.Namespace) -> None:  # noqa: ARG001  # the signature of commands
    if login := logins.load():
        with Studio(login.url, login.token) as studio:
            try:
                studio.logout()
            except ApiError as error:  # an API key stays; a token that ended needs no ending
                if error.status not in (401, 403):
                    raise
    logins.forget()
    say("logged out")


def _run(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        order = orders.parse(_feature(studio, asked.feature), asked.options)
        if asked.price:
            quote = studio.jobs.quote_any(asked.feature, order)
            _tell(asked, quote, f"{quote.cost} credits; you have {quote.balance}")
            return
        job = studio.jobs.submit_any(asked.feature, order)
        if asked.no_wait:
            _tell(asked, job, job.id)
            return
        complain(f"{job.id}  (interrupt me and go on with: studio jobs watch {job.id})")
        done = _followed(studio, job.id)
        paths = done.download(asked.to or Path(job.id))
        _tell(asked, done, "\n".join(map(str, paths)))


def _list(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        for job in islice(studio.jobs.list(status=asked.status, feature=asked.feature), asked.limit):
            line = f"{job.id}  {job.created_at:%Y-%m-%d %H:%M}  {job.status:<10}  {job.feature}"
            _tell(asked, job, line)


def _watch(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        job = _followed(studio, asked.id)
        say(f"{job.id}  {job.status}  {job.credits.charged} credits")


def _cancel(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        job = studio.jobs.cancel(asked.id)
        say(f"{job.id}  {job.status}  {job.credits.refunded} credits refunded")


def _download(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        say("\n".join(map(str, studio.jobs.download(asked.id, asked.to or Path(asked.id)))))


def _features(asked: argparse.Namespace) -> None:
    with _studio(anybody=True) as studio:
        if asked.feature:
            for name, what in orders.described(_feature(studio, asked.feature)):
                say(f"{name:<16}  {what}")
            return
        for feature in studio.features():
            say(f"{feature.name:<20}  {feature.credits_per_unit} credits per {feature.unit}  {feature.summary}")


def _credits(asked: argparse.Namespace) -> None:
    with _studio() as studio:
        now = studio.credits()
        _tell(asked, now, f"{now.balance} credits, {now.held} more are held by jobs")
        for entry in islice(studio.transactions(), asked.ledger):
            about = entry.job_id or entry.purchase_id or entry.reason or ""
            amounts = f"{entry.amount:+6}  {entry.balance_after:6}"
            _tell(asked, entry, f"{entry.created_at:%Y-%m-%d %H:%M}  {entry.kind:<8}  {amounts}  {about}")


def _listen(asked: argparse.Namespace) -> None:
    here = f"http://{listen.HOST}:{asked.port}"
    secrets: list[str] = asked.secret or []
    signal.signal(signal.SIGTERM, _interrupt)
    with _studio(anybody=bool(secrets)) as studio:
        if not secrets and not asked.public_url and not listen.reachable(studio.url):
            raise StudioError(listen.what_to_do(studio.url, asked.port))
        with listen.server(asked.port, secrets, say) as server, ExitStack() as until_stopped:
            if secrets:
                say(f"listening on {here}")
            else:
                url = asked.public_url or f"{here}/"
                secrets.extend(until_stopped.enter_context(listen.endpoint(studio, url, say)))
            server.serve_forever()


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature of handlers
    raise KeyboardInterrupt


def _followed(studio: Studio, job_id: str) -> Job:
    try:
        return studio.jobs.wait(job_id, on_progress=_draw if sys.stderr.isatty() else None)
    finally:
        if sys.stderr.isatty():
            complain("")


def _draw(job: Job) -> None:
    done = round(job.progress.value * _BAR)
    place = f"  {job.queue.position} in the queue" if job.queue else ""
    line = f"\r{'█' * done}{'·' * (_BAR - done)} {job.progress.value:4.0%}  {job.progress.stage}{place}"
    sys.stderr.write(f"{line}\x1b[K")
    sys.stderr.flush()


def _feature(studio: Studio, name: str) -> Any:
    found = {feature.name: feature for feature in studio.features()}
    if name not in found:
        raise StudioError(f"there is no feature {name}; there are {', '.join(found)}")
    return found[name]


def _studio(*, anybody: bool = False) -> Studio:
    """The studio as whoever is logged in. The environment goes before what was kept."""
    kept = logins.load()
    url = os.environ.get("STUDIO_URL") or (kept.url if kept else None)
    token = os.environ.get("STUDIO_API_KEY")
    if (
        token is None and kept and kept.url.rstrip("/") == (url or "").rstrip("/")
    ):  # a token is only shown to the studio it is of
        token = kept.token
    if token is None and not anybody:
        raise StudioError("log in first: studio login")
    return Studio(url, token)


def _tell(asked: argparse.Namespace, thing: Any, words: str) -> None:
    say(_json(thing) if asked.json else words)


def _json(thing: Any) -> str:
    told = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing) if field.name != "jobs"}
    return json.dumps(told, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else dataclasses.asdict(value)


def _complain(error: Exception) -> None:
    if isinstance(error, InvalidOrder) and error.faults:
        complain("\n".join(f"{fault.pointer.lstrip('/')} {fault.detail}" for fault in error.faults))
    elif isinstance(error, ApiError):
        complain(f"{error.detail} ({error.code}, request {error.request_id})")
    elif isinstance(error, OSError) and error.strerror:  # without its number
        complain(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    else:
        complain(str(error))
    if isinstance(error, NotAuthenticated):
        complain("log in again: studio login")
    if isinstance(error, WaitTimeout):
        complain(f"go on with: studio jobs watch {error.job_id}")


def say(text: str) -> None:
    """To standard output, at once."""
    print(text, flush=True)  # noqa: T201


def complain(text: str) -> None:
    """To standard error."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
