"""The local studio as one thing that is started and stopped: emulator, stack, payments, workers, front door."""

from __future__ import annotations

import fcntl
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3

from infra import operators
from infra.local import front_door, receivers, stack
from infra.local.emulator import REGION, ROOT_CREDENTIALS, Emulator
from infra.local.gpu_worker import GpuWorker
from infra.local.mailbox import Mailbox
from infra.local.payments import Payments
from infra.local.ports import HOST
from infra.local.web_server import WebServer

LOCK = "running"
# Everybody at home comes from one address, and programs there ask more often than people.
_AMPLE = {"RequestQuota": "100000", "ReadQuota": "1000000", "SignupQuota": "100000"}

if TYPE_CHECKING:
    from types import TracebackType

    from infra.local.stack import Deployment


_UNLIKE_AWS = {"RequireTls": "false", "RegisterEventSchemas": "false", "AnyMailSender": "true"}


class AlreadyRunning(RuntimeError):
    """Another studio uses the same folder; two would overwrite each other's state."""


class LocalStudio:
    """Use as a context manager: inside the block the studio runs, after it nothing of it is left.

    Args:
        folder: where state and logs are kept between runs; None keeps nothing.
        parameters: of the template, where they differ from its defaults.
        worker: whether to start the workers, one for paid jobs and one for drafts.
    """

    def __init__(
        self, folder: Path | None = None, *, parameters: dict[str, str] | None = None, worker: bool = True
    ) -> None:  # fmt: skip
        self._kept = folder
        self._parameters = _UNLIKE_AWS | (parameters or {})
        self._with_worker = worker
        self._exit = ExitStack()
        self._workers: list[GpuWorker] = []
        self.folder: Path
        self.emulator: Emulator
        self.deployment: Deployment
        self.front_door: WebServer
        self.payments: Payments
        self.mailbox: Mailbox

    @property
    def url(self) -> str:
        """Where the page and the API answer."""
        return self.front_door.url

    @property
    def api_url(self) -> str:
        """The emulated API Gateway itself."""
        return f"{self.emulator.url}/_aws/execute-api/{self.deployment.outputs['HttpApiId']}/$default"

    @property
    def realtime_url(self) -> str:
        """The emulated WebSocket API itself."""
        gateway = self.emulator.url.replace("http", "ws", 1)
        return f"{gateway}/_aws/execute-api/{self.deployment.outputs['RealtimeApiId']}/live"

    def session(self) -> boto3.Session:
        """An administrator's session, for deploying and for looking at logs and tables."""
        return boto3.Session(
            aws_access_key_id=ROOT_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ROOT_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._exit = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _undisturbed():
            self._exit.close()

    def _start(self, cleanup: ExitStack) -> None:
        self.folder = self._kept or Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="studio-")))
        self.folder.mkdir(parents=True, exist_ok=True)
        cleanup.enter_context(_only_one(self.folder))
        self.emulator = Emulator(self.folder, persist=self._kept is not None)
        cleanup.callback(self.emulator.stop)
        self.emulator.start()
        self.front_door = WebServer("front door", front_door.PREFERRED_PORT, self._kept and self._kept / "page-port")
        cleanup.callback(self.front_door.stop)
        self.payments = Payments(self._kept, self.url)
        cleanup.callback(self.payments.stop)
        origins = f"{self.url},http://{HOST}:{self.front_door.port}"
        parameters = (
            {"RedirectOrigins": origins, "AllowedOrigin": origins, "PublicUrl": self.url}
            | {"WebUrl": self.url}
            | _AMPLE
            | {"RealtimeUrl": self.url.replace("http", "ws", 1) + front_door.REALTIME_PATH}
            | {"ConnectionsBase": f"{self.emulator.url}/_aws/execute-api"}
            | {"PrivateReceivers": receivers.ALLOWED}
            | self.payments.parameters
            | self._parameters
        )
        self.deployment = stack.deploy(self.session(), self.emulator.url, parameters)
        self.payments.start(self.session(), self.emulator.url, self.deployment)
        self.mailbox = Mailbox(self.session(), self.emulator.url, self.deployment.outputs["MailFrom"])
        cleanup.callback(self.mailbox.stop)
        if self._with_worker:
            for queue in ("jobs", "drafts"):
                worker = self.worker(queue=queue)
                cleanup.callback(worker.stop)
                worker.start()
                self._workers.append(worker)
        self.front_door.start(front_door.application(self.api_url, self.realtime_url, self.emulator.url))
        (self.folder / LOCK).write_text(self.url)

    def appoint(self, email: str) -> None:
        """Make an account an operator, as somebody with IAM rights does."""
        operators.ask(
            self.session().client("lambda", endpoint_url=self.emulator.url),
            self.deployment.outputs["AppointFunctionName"],
            {"act": "appoint", "email": email, "reason": "the local studio", "operator": "local"},
        )

    def worker_log(self) -> str:
        """The end of the workers' logs."""
        return "\n".join(worker.child.tail() for worker in self._workers)

    def worker(
        self,
        *,
        queue: str = "jobs",
        command: tuple[str, ...] | None = None,
        extra_env: dict[str, str] | None = None,
        restart: bool = True,
    ) -> GpuWorker:
        """A further worker, not started yet; `command` replaces the program that the interpreter runs."""
        arguments = {"command": command} if command else {}
        return GpuWorker(
            self.folder,
            self.emulator.url,
            self.deployment,
            queue=queue,
            extra_env=extra_env,
            restart=restart,
            **arguments,
        )  # fmt: skip


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, in which the address of its studio is written.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise AlreadyRunning(f"a studio already runs on {folder}: {lock.read() or 'starting'}") from error
        lock.truncate(0)
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not interrupt the stopping, or something would keep running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in stopping}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
