"""Which weights exist, under which terms, and which of them are on this machine. Loads no heavy package."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

COMMERCIAL_LICENCES = frozenset({"apache-2.0", "mit", "openrail++"})
"""Licences of weights that let their pictures be sold. Adding one is a decision, so it is made here, in code."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


class LicenceForbids(ValueError):
    """A model may not be used for what this studio sells."""


@dataclass(frozen=True, slots=True)
class Model:
    """One download: a repository at one revision, and the files we take from it."""

    id: str
    repo: str
    revision: str
    verified: bool
    files: tuple[str, ...]
    size_mb: int
    licence: str
    commercial: bool
    vram_gib: float

    @property
    def folder(self) -> Path | None:
        """Where all of its files lie on this machine; None while any is missing."""
        for folder in (_models_dir_folder(self), _hub_cache_folder(self)):
            if folder and all((folder / file).is_file() for file in self.files):
                return folder
        return None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a profile with weights is made of. `preview` and adapters are optional; `style_encoder` serves faces too."""

    name: str
    device: Literal["cuda", "cpu"]
    min_vram_gib: float
    micro_batch: int
    base: Model
    vae: Model
    fast: Model
    preview: Model | None = None
    style_adapter: Model | None = None
    style_encoder: Model | None = None
    face_adapter: Model | None = None
    pose_adapter: Model | None = None
    safety: Model | None = None

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model of the profile, in the order they are fetched."""
        values = (getattr(self, field.name) for field in fields(self))
        return tuple(value for value in values if isinstance(value, Model))

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the models that are not on this machine."""
        return tuple(model.id for model in self.models if model.folder is None)


@dataclass(frozen=True, slots=True)
class Table:
    """Everything `models.toml` says."""

    models: dict[str, Model]
    recipes: dict[str, Recipe]


@cache
def table() -> Table:
    """The table that ships with the studio."""
    return parse(resources.files(__package__).joinpath("models.toml").read_text())


def parse(text: str) -> Table:
    """The table in `text`, refused as a whole when any line of it breaks a rule of the house.

    Raises:
        LicenceForbids: a profile uses a model that may not be used commercially.
        ValueError: a file that is not safetensors, json or txt, or a revision that is not pinned but says it is.
    """
    raw = tomllib.loads(text)
    models = {model.id: model for model in map(_model, raw["model"])}
    recipes = {name: _recipe(name, body, models) for name, body in raw["profile"].items()}
    return Table(models, recipes)


def _model(body: dict[str, Any]) -> Model:
    model = Model(**body | {"files": tuple(body["files"])})
    for file in model.files:
        if Path(file).suffix not in {".safetensors", ".json", ".txt"}:
            raise ValueError(f"{model.id}: {file} is not safetensors, json or txt")
    if model.verified and not _COMMIT.fullmatch(model.revision):
        raise ValueError(f"{model.id}: {model.revision} is not a commit, so it cannot be verified")
    if model.commercial and model.licence not in COMMERCIAL_LICENCES:
        raise LicenceForbids(f"{model.id}: {model.licence} is not among {', '.join(sorted(COMMERCIAL_LICENCES))}")
    return model


def _recipe(name: str, body: dict[str, Any], models: dict[str, Model]) -> Recipe:
    parts: dict[str, Any] = {
        key: models[value] if isinstance(value, str) and key != "device" else value for key, value in body.items()
    }
    recipe = Recipe(name, **parts)
    for model in recipe.models:
        if not model.commercial:
            raise LicenceForbids(f"profile {name}: {model.id} is {model.licence}, which forbids commercial use")
    return recipe


def models_dir() -> Path | None:
    """The operator's own folder of weights, one folder per model id; None means the hub's cache."""
    path = os.environ.get("STUDIO_MODELS_DIR")
    return Path(path) if path else None


def _models_dir_folder(model: Model) -> Path | None:
    folder = models_dir()
    return folder / model.id if folder else None


def _hub_cache_folder(model: Model) -> Path | None:
    """The snapshot folder of huggingface_hub's cache, found without importing it."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    cache_dir = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    repo = cache_dir / f"models--{model.repo.replace('/', '--')}"
    revision = model.revision
    branch = repo / "refs" / revision
    if branch.is_file():
        revision = branch.read_text().strip()
    return repo / "snapshots" / revision
