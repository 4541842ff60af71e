"""Which profile a machine gets, and why it says so."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace

import pytest

from gpu_handlers.engines import __main__ as command
from gpu_handlers.engines import catalogue, prefetch, weights
from tests.unit.engines.test_weights import put

GIB = 2**30


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder for weights, empty."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("STUDIO_PROFILE", "auto")
    return tmp_path / "models"


def fetch(models, profile: str) -> None:
    for model in weights.table().recipes[profile].models:
        put(models / model.id, model)


@pytest.fixture
def gpu(monkeypatch):
    """Puts a GPU of so many GiB into the machine; None for none."""

    def put_in(gib: float | None) -> None:
        device = SimpleNamespace(name="NVIDIA Something", total_memory=int((gib or 0) * GIB))
        cuda = SimpleNamespace(is_available=lambda: gib is not None, get_device_properties=lambda _: device)
        monkeypatch.setattr("torch.cuda.is_available", cuda.is_available)
        monkeypatch.setattr("torch.cuda.get_device_properties", cuda.get_device_properties)

    return put_in


@pytest.mark.parametrize(
    ("gib", "expected"),
    [(7.6, "gpu8"), (11.9, "gpu8"), (23.6, "gpu24"), (141, "gpu24"), (5.8, "sketch"), (None, "sketch")],
)
def test_the_gpu_decides_between_profiles_whose_weights_are_here(models, gpu, gib, expected):
    fetch(models, "gpu8")
    gpu(gib)
    choice = catalogue.choose()
    assert choice.profile == expected
    if expected == "sketch":
        assert "the weights here need 7 GiB of VRAM" in choice.why
    else:
        assert choice.why == f"NVIDIA Something, {gib:.1f} GiB"


def test_a_machine_without_weights_sketches_without_looking_for_a_gpu(models, monkeypatch):
    monkeypatch.setattr(catalogue, "find_gpu", lambda: pytest.fail("torch would be imported"))
    choice = catalogue.choose()
    assert choice.profile == "sketch"
    assert choice.why.startswith("no weights on this machine (for cpu: segmind-vega, ")


def test_a_cpu_draws_when_its_weights_are_here(models, gpu):
    fetch(models, "cpu")
    gpu(None)
    choice = catalogue.choose()
    assert (choice.profile, choice.why) == ("cpu", "no GPU; of the weights here only these run without a larger one")


def test_without_torch_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert catalogue.find_gpu() is None


def test_one_log_line_says_what_was_chosen_and_why(models, monkeypatch):
    lines = []
    monkeypatch.setattr(catalogue.logger, "info", lambda message, extra: lines.append((message, extra)))
    assert catalogue.profile() == "sketch"
    ((message, extra),) = lines
    assert message == "profile chosen"
    assert extra["profile"] == "sketch"
    assert "no weights" in extra["why"]


def test_a_named_profile_is_taken_at_its_word(monkeypatch):
    monkeypatch.setenv("STUDIO_PROFILE", "tiny")
    assert catalogue.profile() == "tiny"
    monkeypatch.setenv("STUDIO_PROFILE", "gpu9")
    with pytest.raises(ValueError, match=r"gpu9.*not one of auto, gpu24, gpu8, cpu, sketch, tiny"):
        catalogue.profile()


def test_a_named_profile_without_weights_says_how_to_get_them(models):
    with pytest.raises(RuntimeError, match=r"lacks sdxl-base, .*prefetch --profile gpu8"):
        catalogue.illustrator("gpu8")


@pytest.fixture
def hub(monkeypatch):
    """huggingface_hub, downloading empty files; `absent` names what its repositories lack."""
    calls, absent = [], set()

    def snapshot_download(repo, *, revision, allow_patterns, local_dir):
        calls.append((repo, revision, tuple(allow_patterns)))
        for pattern in set(allow_patterns) - absent:
            (local_dir / pattern).parent.mkdir(parents=True, exist_ok=True)
            (local_dir / pattern).touch()
        return str(local_dir)

    fake = SimpleNamespace(snapshot_download=snapshot_download, calls=calls, absent=absent)
    monkeypatch.setitem(sys.modules, "huggingface_hub", fake)
    return fake


def test_prefetch_takes_exactly_the_files_of_the_table_at_their_revisions(models, hub):
    command.main(["prefetch", "--profile", "gpu8"])
    recipe = weights.table().recipes["gpu8"]
    assert recipe.missing == ()
    assert hub.calls == [(model.repo, model.revision, model.files) for model in recipe.models]
    assert not any(file.endswith((".bin", ".ckpt")) for _, _, files in hub.calls for file in files)
    command.main(["prefetch", "--profile", "gpu8"])
    assert len(hub.calls) == len(recipe.models)  # what is here is not fetched again


def test_the_hub_takes_the_arguments_we_give_it():
    import huggingface_hub

    names = inspect.signature(huggingface_hub.snapshot_download).parameters
    assert {"repo_id", "revision", "allow_patterns", "local_dir"} <= set(names)
    assert next(iter(names)) == "repo_id"


def test_prefetch_says_what_a_repository_lacks(models, hub):
    hub.absent.add("config.json")
    with pytest.raises(prefetch.Incomplete, match="sdxl-vae-fp16-fix: madebyollin/"):
        prefetch.profile("gpu8")


def test_prefetch_knows_only_profiles_with_weights(capsys):
    with pytest.raises(SystemExit):
        command.main(["prefetch", "--profile", "sketch"])
    assert "invalid choice" in capsys.readouterr().err
