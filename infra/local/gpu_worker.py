"""A GPU worker as its own process under its own role, restarted when it dies, as ECS would."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from infra.local.emulator import REGION, ROOT_CREDENTIALS, base_env
from infra.local.process import Child
from infra.local.stack import ROOT, nested

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.stack import Deployment

RESTART_DELAY_SECONDS = 1.0
MODULE = "gpu_handlers.entry.queue_worker"


class GpuWorker:
    """One worker process and the thread that watches over it."""

    def __init__(
        self,
        folder: Path,
        endpoint_url: str,
        deployment: Deployment,
        *,
        queue: str = "jobs",
        command: tuple[str, ...] = ("-m", MODULE),
        extra_env: dict[str, str] | None = None,
        restart: bool = True,
    ) -> None:
        self.child = Child(
            f"{queue} worker",
            [sys.executable, *command, "--queue", queue],
            env=base_env()
            | _told(deployment)
            | {
                "STUDIO_MODELS_DIR": os.environ.get("STUDIO_MODELS_DIR", str(ROOT / "models")),
                # The emulator has no Polly; whoever has credentials for the real one says `polly`.
                "STUDIO_VOICE": os.environ.get("STUDIO_VOICE", "offline"),
            }
            | {
                "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'studio'}",
                "PYTHONUNBUFFERED": "1",
                "AWS_ENDPOINT_URL": endpoint_url,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_CONFIG_FILE": str(_credentials_file(folder, deployment)),
                "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
                "AWS_PROFILE": "worker",
                "TMPDIR": str(folder / "tmp"),  # goes with the studio, whatever a killed worker leaves
                "STUDIO_SELL_SKETCHES": "true",  # whoever runs the studio at home plays with credits, not money
            }
            | (extra_env or {}),
            cwd=ROOT,
            log=folder / "logs" / f"{queue}-worker.log",
        )
        self._restart = restart
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_alive, name="worker-watch", daemon=True)

    def start(self) -> None:
        """Start the process and, unless told not to restart it, its watch."""
        self.child.start()
        if self._restart:
            self._watch.start()

    def stop(self) -> None:
        """Stop both."""
        self._stopping.set()
        if self._restart and self._watch.is_alive():
            self._watch.join()
        self.child.stop()

    def _keep_alive(self) -> None:
        while not self._stopping.wait(RESTART_DELAY_SECONDS):
            if not self.child.running:
                self.child.start()


def _told(deployment: Deployment) -> dict[str, str]:
    """What a worker is told of the studio: no more than on ECS."""
    (container,) = nested("infra/gpu.yaml")["Resources"]["GpuTask"]["Properties"]["ContainerDefinitions"]
    names = {variable["Name"] for variable in container["Environment"]}
    return {name: value for name, value in deployment.settings.items() if name in names} | {"STUDIO_SETTINGS": "worker"}


def _credentials_file(folder: Path, deployment: Deployment) -> Path:
    """An AWS config whose `worker` profile assumes the worker's role and renews it, as on a box outside AWS."""
    path = folder / "aws-config"
    path.write_text(
        "[profile operator]\n"
        f"aws_access_key_id = {ROOT_CREDENTIALS['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {ROOT_CREDENTIALS['AWS_SECRET_ACCESS_KEY']}\n"
        "[profile worker]\n"
        f"role_arn = {deployment.outputs['WorkerRoleArn']}\n"
        "source_profile = operator\n"
    )
    path.chmod(0o600)
    return path
