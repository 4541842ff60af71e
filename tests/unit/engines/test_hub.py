"""A profile from files on disk: tiny weights in the folders where the real ones lie."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gpu_handlers.engines import tiny_components, weights
from gpu_handlers.engines.illustrator import PoseGuide, Reference
from gpu_handlers.engines.sdxl import SdxlEngine, hub
from tests.unit.engines.conftest import order


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A models folder of the `gpu8` profile; weights are stored in fp16 as in the real repositories."""
    root = tmp_path_factory.mktemp("models")
    parts = tiny_components.components()
    base = root / "sdxl-base"
    parts.modules["unet quality"].load().half().save_pretrained(base / "unet", variant="fp16")
    for number, name in enumerate(("text_encoder", "text_encoder_2"), start=1):
        parts.modules[f"text encoder {number}"].load().half().save_pretrained(base / name, variant="fp16")
        _save_tokenizer(base / f"tokenizer{'_2' if number == 2 else ''}", pad="!" if number == 2 else "<|endoftext|>")
    _scheduler().save_pretrained(base / "scheduler")
    parts.modules["vae"].load().save_pretrained(root / "sdxl-vae-fp16-fix")
    parts.modules["preview"].load().save_pretrained(root / "taesdxl")
    encoder = root / "ip-adapter-image-encoder" / "models" / "image_encoder"
    parts.modules["image encoder"].load().save_pretrained(encoder)
    for kind, adapter in (("plus", parts.style_adapter()), ("plus-face", parts.face_adapter())):
        tensors = {f"{part}.{key}": value for part, state in adapter.items() for key, value in state.items()}
        (root / f"ip-adapter-{kind}-sdxl" / "sdxl_models").mkdir(parents=True)
        file = f"ip-adapter-{kind}_sdxl_vit-h.safetensors"
        save_file(tensors, root / f"ip-adapter-{kind}-sdxl" / "sdxl_models" / file)
    parts.modules["pose adapter"].load().save_pretrained(root / "t2i-adapter-openpose-sdxl")
    (root / "sdxl-lightning-8step").mkdir()
    save_file(
        {key: value.contiguous() for key, value in parts.loras["tiny"].weights.items()},
        root / "sdxl-lightning-8step" / "sdxl_lightning_8step_lora.safetensors",
    )
    _save_classifier(root / "nsfw-image-detection")
    return root


def _save_classifier(folder) -> None:
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

    labels = {0: "normal", 1: "nsfw"}
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=16,
        id2label=labels, label2id={name: index for index, name in labels.items()},
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


def _save_tokenizer(folder, *, pad: str) -> None:
    """In the old layout of the SDXL repository: a vocabulary and merges, no `tokenizer.json`."""
    folder.mkdir()
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad,
    }
    config = special | {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    (folder / "vocab.json").write_text(json.dumps(tiny_components.tokenizer().get_vocab()))
    (folder / "merges.txt").write_text("#version: 0.2\nc a\nca t</w>\n")
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _scheduler():
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(**tiny_components.SCHEDULER)


@pytest.fixture
def recipe(folder, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(folder))
    return replace(weights.table().recipes["gpu8"], device="cpu")


def test_the_full_model_draws_from_disk(recipe):
    components = hub.components(recipe)
    engine = SdxlEngine(components)
    drawing = engine.draw(order(steps=11))
    assert drawing.pictures[0].image.shape == (64, 64, 3)
    assert [model["id"] for model in drawing.record["models"]] == ["sdxl-base", "sdxl-vae-fp16-fix"]
    assert engine.facts.revision == "462165984030d82259a11f4367a4eed129e94a7b"
    assert components.scheduler["timestep_spacing"] == "leading"


def test_every_part_is_loaded_in_the_type_and_size_it_says(recipe):
    from gpu_handlers.engines.residency import weight_bytes

    for name, part in hub.components(recipe).modules.items():
        if name == "unet fast":
            continue
        module = part.load()
        assert {parameter.dtype for parameter in module.parameters()} == {torch.float32}, name
        assert not module.training
        assert part.size == pytest.approx(weight_bytes(module), rel=0.4), name  # files carry headers of some kilobytes


def test_a_style_is_taken_from_disk(recipe):
    engine = SdxlEngine(hub.components(recipe))
    photograph = np.zeros((40, 40, 3), np.uint8)
    plain, styled = (
        engine.draw(order(steps=11, reference=reference)) for reference in (None, Reference(photograph, "style", 1.0))
    )
    assert not np.array_equal(plain.pictures[0].image, styled.pictures[0].image)
    assert styled.record["models"][len(plain.record["models"]) :] == [
        {"id": model, "revision": "018e402774aeeddd60609b4ecdb7e298259dc729", "licence": "apache-2.0"}
        for model in ("ip-adapter-plus-sdxl", "ip-adapter-image-encoder")
    ]


def test_a_face_and_a_pose_are_taken_from_disk(recipe):
    engine = SdxlEngine(hub.components(recipe))
    assert engine.abilities == {"style", "face", "pose"}
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    guided = {"reference": Reference(picture, "face", 1.0), "pose": PoseGuide(picture)}
    plain, posed = (engine.draw(order(steps=11, **options)) for options in ({}, guided))
    assert not np.array_equal(plain.pictures[0].image, posed.pictures[0].image)
    added = posed.record["models"][len(plain.record["models"]) :]
    assert [(model["id"], model["licence"]) for model in added] == [
        ("ip-adapter-plus-face-sdxl", "apache-2.0"),
        ("ip-adapter-image-encoder", "apache-2.0"),
        ("t2i-adapter-openpose-sdxl", "apache-2.0"),
    ]
    assert added[2]["revision"] == "2e0c790b0bfa8bd08423c2c6ed3931443b2c6061"


def test_the_cpu_profile_has_no_adapters_because_its_model_is_another(recipe):
    cpu = weights.table().recipes["cpu"]
    assert cpu.style_adapter is cpu.face_adapter is cpu.pose_adapter is None


def test_the_distilled_model_is_the_base_with_a_lora_merged_in(recipe):
    pytest.importorskip("peft")
    components = hub.components(recipe)
    fast, full = (components.modules[name].load() for name in ("unet fast", "unet quality"))
    assert [name for name, _ in fast.named_parameters()] == [name for name, _ in full.named_parameters()]
    changed = {
        name
        for (name, one), (_, other) in zip(fast.named_parameters(), full.named_parameters(), strict=True)
        if not torch.equal(one, other)
    }
    assert changed
    assert all(".attn2.to_" in name for name in changed)
    record = SdxlEngine(components).draw(order(steps=4)).record
    assert [model["id"] for model in record["models"]] == ["sdxl-base", "sdxl-vae-fp16-fix", "sdxl-lightning-8step"]


def test_missing_weights_are_named(recipe, monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(hub.WeightsMissing, match="gpu8 lacks sdxl-base, sdxl-vae-fp16-fix, "):
        hub.components(recipe)


def test_each_tokenizer_pads_in_its_own_way(recipe):
    """SDXL's second encoder was trained with "!" for padding; its first with the end mark."""
    from gpu_handlers.engines.sdxl.text import _chunked

    one, two = hub.components(recipe).tokenizers()
    rows = [_chunked(tokenizer, "cat", 1)[0][0].tolist() for tokenizer in (one, two)]
    theirs = [
        tokenizer("cat", padding="max_length", max_length=77, truncation=True).input_ids for tokenizer in (one, two)
    ]
    assert rows == theirs
    assert rows[0] != rows[1]
