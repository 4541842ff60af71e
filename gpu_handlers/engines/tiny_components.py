"""The components of SDXL in miniature: the real classes, wired as in the full model, with 200 thousand random weights.

After diffusers' own test fixtures, but with a tokenizer made here, so that nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, T2IAdapter, UNet2DConditionModel
from diffusers.models.embeddings import ImageProjection
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from gpu_handlers.engines.illustrator import EngineFacts
from gpu_handlers.engines.residency import weight_bytes
from gpu_handlers.engines.sdxl.components import (
    FACE,
    IMAGE_ENCODER,
    POSE,
    PREVIEW,
    STYLE,
    TEXT_ENCODERS,
    VAE,
    Components,
    Part,
)
from gpu_handlers.engines.sdxl.lora import Lora
from gpu_handlers.engines.sdxl.schedulers import FAST, QUALITY

WEIGHTS_SEED = 0
TEXT_DIM = 32  # of each text encoder; the UNet sees both side by side
IMAGE_DIM = 32

# The noise schedule of stabilityai/stable-diffusion-xl-base-1.0.
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "prediction_type": "epsilon",
}


def components() -> Components:
    """All parts: previews, adapters for style, face and pose, and one LoRA named ``tiny`` included."""
    return Components(
        facts=EngineFacts("tiny", "random-sdxl", f"seed-{WEIGHTS_SEED}", "Apache-2.0"),
        device=torch.device("cpu"),
        dtype=torch.float32,
        modules={
            TEXT_ENCODERS[0]: _part(lambda: CLIPTextModel(_text_config())),
            TEXT_ENCODERS[1]: _part(lambda: CLIPTextModelWithProjection(_text_config())),
            QUALITY.unet: _part(unet),
            FAST.unet: _part(unet, seed=WEIGHTS_SEED + 1),  # other weights, as a distilled model has
            VAE: _part(vae),
            PREVIEW: _part(_taesd),
            IMAGE_ENCODER: _part(_image_encoder),
            POSE: _part(_pose_adapter),
        },
        tokenizers=lambda: (tokenizer(), tokenizer()),
        scheduler=SCHEDULER,
        style_adapter=_style_adapter,
        face_adapter=_face_adapter,
        loras={"tiny": Lora("tiny", _lora_weights(), "Apache-2.0")},
        models={
            **dict.fromkeys((FAST.name, QUALITY.name), _named("random-sdxl")),
            STYLE: _named("random-ip-adapter", "random-image-encoder"),
            FACE: _named("random-ip-adapter-plus-face", "random-image-encoder"),
            POSE: _named("random-t2i-adapter"),
        },
        micro_batch=2,
        tile_px=64,
        native_px=128,
    )


def _named(*names: str) -> list[dict[str, str]]:
    return [{"id": name, "revision": str(WEIGHTS_SEED), "licence": "Apache-2.0"} for name in names]


def _part(make: Callable[[], nn.Module], *, seed: int = WEIGHTS_SEED) -> Part:
    def load() -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return make().eval().requires_grad_(False)

    with torch.device("meta"):
        return Part(load, weight_bytes(make()))


def unet() -> nn.Module:
    """SDXL's UNet with one layer where it has two or ten, and 16 channels where it has 1280."""
    module: nn.Module = UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        transformer_layers_per_block=(1, 1),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + TEXT_DIM,  # six size conditions and the pooled text
        cross_attention_dim=2 * TEXT_DIM,
        norm_num_groups=4,
    )
    return module


def vae() -> nn.Module:
    """SDXL's VAE with 8 channels where it has 128 to 512."""
    module: nn.Module = AutoencoderKL(
        block_out_channels=[8] * 4,  # four blocks make the scale factor 8 of SDXL
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        latent_channels=4,
        sample_size=64,
        norm_num_groups=4,
        force_upcast=False,
    )
    return module


def _taesd() -> nn.Module:
    module: nn.Module = AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1,) * 4,
        num_decoder_blocks=(1,) * 4,
        latent_channels=4,
    )
    return module


def _text_config() -> Any:
    words = tokenizer()
    return CLIPTextConfig(
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.eos_token_id,
        vocab_size=len(words),
        hidden_size=TEXT_DIM,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=3,
        max_position_embeddings=77,
        projection_dim=TEXT_DIM,
    )


def _image_encoder() -> nn.Module:
    config = CLIPVisionConfig(
        hidden_size=IMAGE_DIM,
        image_size=32,
        projection_dim=IMAGE_DIM,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        patch_size=8,
    )
    module: nn.Module = CLIPVisionModelWithProjection(config)
    return module


def _pose_adapter() -> nn.Module:
    """SDXL's T2I-Adapter for a UNet of two resolutions."""
    module: nn.Module = T2IAdapter(
        in_channels=3, channels=[8, 16], num_res_blocks=1, downscale_factor=16, adapter_type="full_adapter_xl"
    )
    return module


def _style_adapter() -> dict[str, Any]:
    """An IP-Adapter for `unet` that reads the image encoder's summary, in the layout of h94/IP-Adapter's files."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(WEIGHTS_SEED)
        projection = ImageProjection(
            image_embed_dim=IMAGE_DIM, cross_attention_dim=2 * TEXT_DIM, num_image_text_embeds=4
        ).state_dict()  # fmt: skip
        layers = _image_attention(unet, 2 * TEXT_DIM)
    names = {"image_embeds.weight": "proj.weight", "image_embeds.bias": "proj.bias"}
    return {
        "image_proj": {names.get(key, key): value for key, value in projection.items()},
        "ip_adapter": layers,
    }


def _face_adapter() -> dict[str, Any]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(WEIGHTS_SEED + 2)
        return plus_adapter(unet, image_dim=IMAGE_DIM, words=2 * TEXT_DIM, queries=4, hidden=64)


def plus_adapter(
    unet: Callable[[], nn.Module], *, image_dim: int, words: int, queries: int, hidden: int, blocks: int = 4
) -> dict[str, Any]:
    """An IP-Adapter of the "plus" kind, which resamples the encoder's last layer but one; layout of h94/IP-Adapter.

    Args:
        words: channels of the UNet's text conditioning.
        hidden: channels of the resampler, in heads of 64.
    """

    def linear(outputs: int, inputs: int) -> torch.Tensor:
        return torch.randn(outputs, inputs).div(inputs**0.5)

    def norm(size: int, name: str) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": torch.ones(size), f"{name}.bias": torch.zeros(size)}

    resampler = {
        "latents": torch.randn(1, queries, hidden) / hidden**0.5,
        "proj_in.weight": linear(hidden, image_dim),
        "proj_in.bias": torch.zeros(hidden),
        "proj_out.weight": linear(words, hidden),
        "proj_out.bias": torch.zeros(words),
        **norm(words, "norm_out"),
    }
    for block in range(blocks):
        resampler |= norm(hidden, f"layers.{block}.0.norm1") | norm(hidden, f"layers.{block}.0.norm2")
        resampler |= norm(hidden, f"layers.{block}.1.0")
        resampler |= {
            f"layers.{block}.0.to_q.weight": linear(hidden, hidden),
            f"layers.{block}.0.to_kv.weight": linear(2 * hidden, hidden),
            f"layers.{block}.0.to_out.weight": linear(hidden, hidden),
            f"layers.{block}.1.1.weight": linear(4 * hidden, hidden),
            f"layers.{block}.1.3.weight": linear(hidden, 4 * hidden),
        }
    return {"image_proj": resampler, "ip_adapter": _image_attention(unet, words)}


def _image_attention(unet: Callable[[], nn.Module], words: int) -> dict[str, torch.Tensor]:
    """Keys and values for image tokens, for every cross attention of the UNet."""
    with torch.device("meta"):
        model: Any = unet()
    layers = {}
    number = 1  # odd numbers are cross attention, in the order of the UNet's processors
    for name in model.attn_processors:
        if name.endswith("attn2.processor"):
            channels = model.get_submodule(name.removesuffix(".processor")).to_k.out_features
            for part in ("k", "v"):
                layers[f"{number}.to_{part}_ip.weight"] = torch.randn(channels, words) * 0.1
            number += 2
    return layers


def _lora_weights(rank: int = 2) -> dict[str, Any]:
    """A LoRA on every projection of the cross attentions, in diffusers' own layout."""
    with torch.device("meta"):
        model: Any = unet()
    weights = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(WEIGHTS_SEED)
        for name, module in model.named_modules():
            if name.endswith(("attn2.to_q", "attn2.to_k", "attn2.to_v")):
                weights[f"unet.{name}.lora_A.weight"] = torch.randn(rank, module.in_features)
                weights[f"unet.{name}.lora_B.weight"] = torch.randn(module.out_features, rank)
    return weights


@cache
def tokenizer() -> Any:
    """A byte-level CLIP tokenizer of 516 tokens that takes any UTF-8 text."""
    vocabulary: dict[str, int] = {}
    for suffix in ("", "</w>"):
        for character in _byte_alphabet():
            vocabulary.setdefault(character + suffix, len(vocabulary))
    merges = [("c", "a"), ("ca", "t</w>")]
    for first, second in merges:
        vocabulary.setdefault(first + second, len(vocabulary))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocabulary[special] = len(vocabulary)
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _byte_alphabet() -> list[str]:
    """One printable character per byte, as GPT-2's byte-level BPE maps them."""
    printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(hidden))]
