"""Words to numbers: both text encoders of SDXL, for prompts of any length, remembered."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from gpu_handlers.engines.ladder import Ladder, Operation, Way
from gpu_handlers.engines.sdxl import budget
from gpu_handlers.engines.sdxl.components import TEXT_ENCODERS, Components
from gpu_handlers.engines.sdxl.prompts import Wording

CHUNK_TOKENS = 75  # CLIP reads 77 tokens, two of them begin and end
MOST_CHUNKS = 4  # 300 tokens, some 1,500 characters; words after that are not read
REMEMBERED = 64  # encodings; one is 0.6 MB in fp16


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """An encoded text on the CPU: `words` of shape 1 × (77·chunks) × 2048, `pooled` of shape 1 × 1280."""

    words: torch.Tensor
    pooled: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """What steers the UNet: towards `wanted` and, with guidance, away from `unwanted`."""

    wanted: Encoding
    unwanted: Encoding | None


class PromptEncoder:
    """Encodes wordings; several pictures of one prompt, and retries, share the work."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._known: OrderedDict[tuple[str, int], Encoding] = OrderedDict()

    def encode(self, wording: Wording, *, guided: bool, ladder: Ladder) -> Conditioning:
        """The conditioning of a wording, as diffusers' `encode_prompt` makes it where that can read all of it."""
        texts = [wording.wanted, wording.unwanted] if guided else [wording.wanted]
        chunks = max(self._chunks(text) for text in texts)
        keys = [(text, chunks) for text in texts]
        if unknown := [key for key in keys if key not in self._known]:
            self._remember(unknown, chunks, ladder)
        encodings = [self._known[key] for key in keys]
        for key in keys:
            self._known.move_to_end(key)
        return Conditioning(encodings[0], encodings[1] if guided else None)

    def _remember(self, keys: list[tuple[str, int]], chunks: int, ladder: Ladder) -> None:
        operation = Operation("encode prompt", lambda _: TEXT_ENCODERS, lambda _: budget.text(chunks))

        def work(_: Way, encoders: tuple[nn.Module, ...]) -> list[Encoding]:
            return [self._encoded(text, chunks, encoders) for text, _ in keys]

        encodings, _ = ladder.run(operation, Way(), work)
        self._known.update(zip(keys, encodings, strict=True))
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    @torch.no_grad()
    def _encoded(self, text: str, chunks: int, encoders: tuple[nn.Module, ...]) -> Encoding:
        states: list[list[torch.Tensor]] = []
        pooled: torch.Tensor | None = None
        for tokenizer, encoder in zip(self._tokenizers, encoders, strict=True):
            states.append([])
            for tokens in _chunked(tokenizer, text, chunks):
                output: Any = encoder(tokens.to(self._components.device), output_hidden_states=True)
                states[-1].append(output.hidden_states[-2])  # SDXL was trained on the last layer but one
                if encoder is encoders[-1] and pooled is None:
                    pooled = output[0]  # of the second encoder's first chunk, where the subject is
        words = torch.cat([torch.cat(part, dim=1) for part in states], dim=-1)
        assert pooled is not None  # noqa: S101  # there is at least one chunk
        return Encoding(words.to("cpu"), pooled.to("cpu"))

    def _chunks(self, text: str) -> int:
        length = max(len(_tokens(tokenizer, text)) for tokenizer in self._tokenizers)
        return min(max(-(-length // CHUNK_TOKENS), 1), MOST_CHUNKS)

    @cached_property
    def _tokenizers(self) -> tuple[Any, Any]:
        return self._components.tokenizers()


def _tokens(tokenizer: Any, text: str) -> list[int]:
    # The tokenizer warns about texts beyond 77 tokens; cutting them up is what we do here.
    return list(tokenizer(text, add_special_tokens=False, verbose=False).input_ids)


def _chunked(tokenizer: Any, text: str, chunks: int) -> list[torch.Tensor]:
    """Exactly `chunks` rows of 77 tokens, each begun, ended and padded as CLIP expects; shape 1 × 77."""
    tokens = _tokens(tokenizer, text)
    rows = []
    for number in range(chunks):
        part = tokens[number * CHUNK_TOKENS : (number + 1) * CHUNK_TOKENS]
        row = [tokenizer.bos_token_id, *part, tokenizer.eos_token_id]
        row += [tokenizer.pad_token_id] * (CHUNK_TOKENS + 2 - len(row))
        rows.append(torch.tensor([row]))
    return rows
