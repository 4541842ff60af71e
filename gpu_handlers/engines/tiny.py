"""A real SDXL pipeline of 180 thousand random weights: every code path of diffusion, no download, no meaning.

For tests. Its pictures are noise, but tokenizer, text encoders, UNet, scheduler and VAE are the real classes, wired as
in the full model, so what runs here runs there.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from gpu_handlers.engines.illustrator import EngineFacts, Picture, Rgb, Size, StepReport, unreported

WEIGHTS_SEED = 0
DEFAULT_STEPS = 4
GUIDANCE = 5.0


class TinyEngine:
    """The `tiny` profile."""

    facts = EngineFacts(engine="tiny", model="random-sdxl", revision=f"seed-{WEIGHTS_SEED}", licence="Apache-2.0")

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,  # noqa: ARG002  # text to image only
        steps: int | None = None,
        on_step: StepReport = unreported,
    ) -> Picture:
        """Denoise for real; raising in `on_step` stops after that step."""
        count = steps or DEFAULT_STEPS

        def after_step(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            on_step(step + 1, count)
            return tensors

        result = self._pipeline(
            prompt=f"{prompt}, {style}",
            negative_prompt=negative,
            width=size.width,
            height=size.height,
            num_inference_steps=count,
            guidance_scale=GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=after_step,
            output_type="np",
        )
        return Picture(np.round(result.images[0] * 255).astype(np.uint8))

    @cached_property
    def _pipeline(self) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(WEIGHTS_SEED)
            pipeline = _pipeline()
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def _pipeline() -> Any:
    tokenizer = _tokenizer()
    text = CLIPTextConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=3,
        max_position_embeddings=77,
        projection_dim=32,
    )
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(
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
            projection_class_embeddings_input_dim=6 * 8 + 32,  # six size conditions and the pooled text
            cross_attention_dim=64,  # both text encoders side by side
            norm_num_groups=4,
        ),
        vae=AutoencoderKL(
            block_out_channels=[8] * 4,  # four blocks make the scale factor 8 of SDXL
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            latent_channels=4,
            sample_size=64,
            norm_num_groups=4,
            force_upcast=False,
        ),
        text_encoder=CLIPTextModel(text),
        text_encoder_2=CLIPTextModelWithProjection(text),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        add_watermarker=False,
    )


def _tokenizer() -> Any:
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
