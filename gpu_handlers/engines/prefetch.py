"""Downloads the weights of a profile, for an image build or a network volume."""

from __future__ import annotations

from pathlib import Path

from gpu_handlers.engines import weights
from gpu_handlers.engines.weights import Model
from studio.telemetry import logger


class Incomplete(RuntimeError):
    """A download ended, but files are missing."""


def profile(name: str) -> None:
    """Fetch every model of the profile that is not here yet.

    Raises:
        KeyError: the profile has no weights.
        Incomplete: a repository does not have the files that `models.toml` names.
    """
    for model in weights.table().recipes[name].models:
        if model.folder is None:
            logger.info("fetching", extra={"model": model.id, "repo": model.repo, "megabytes": model.size_mb})
            fetch(model)
        if model.folder is None:
            raise Incomplete(f"{model.id}: {model.repo}@{model.revision} lacks some of {', '.join(model.files)}")
        logger.info("weights present", extra={"model": model.id, "folder": str(model.folder)})


def fetch(model: Model) -> Path:
    """Download the model's files, and nothing else of its repository."""
    import huggingface_hub

    own = weights.models_dir()
    folder = huggingface_hub.snapshot_download(
        model.repo,
        revision=model.revision,
        allow_patterns=list(model.files),
        local_dir=own / model.id if own else None,
    )
    return Path(folder)
