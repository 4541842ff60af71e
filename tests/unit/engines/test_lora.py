"""LoRAs: on the operator's list or refused, in for one job and out again without a trace."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import CannotDraw, LoraChoice
from gpu_handlers.engines.weights import LicenceForbids
from tests.unit.engines.conftest import order


def image(engine, *, loras: tuple[LoraChoice, ...] = (), **options):
    (picture,) = engine.draw(order(loras=loras, **options)).pictures
    return picture.image


@pytest.mark.parametrize("steps", [2, 11])
def test_a_lora_works_during_its_job_and_is_gone_after_it(tiny, steps):
    pytest.importorskip("peft")
    before = image(tiny, steps=steps)
    during = image(tiny, steps=steps, loras=(LoraChoice("tiny"),))
    half = image(tiny, steps=steps, loras=(LoraChoice("tiny", 0.5),))
    after = image(tiny, steps=steps)
    assert np.array_equal(before, after)
    assert not np.array_equal(before, during)
    assert not np.array_equal(during, half)


def test_a_cancelled_job_takes_its_lora_with_it(tiny):
    pytest.importorskip("peft")
    before = image(tiny)

    def cancel(step: int, steps: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        tiny.draw(order(loras=(LoraChoice("tiny"),)), on_step=cancel)
    assert np.array_equal(before, image(tiny))


def test_a_result_names_its_loras(tiny):
    pytest.importorskip("peft")
    record = tiny.draw(order(loras=(LoraChoice("tiny", 0.8),))).record
    assert record["loras"] == [{"id": "tiny", "weight": 0.8, "licence": "Apache-2.0"}]


def test_weight_zero_is_as_if_there_were_none(tiny):
    pytest.importorskip("peft")
    assert np.array_equal(image(tiny), image(tiny, loras=(LoraChoice("tiny", 0.0),)))


def test_what_is_not_on_the_list_is_refused_before_any_work(tiny):
    with pytest.raises(CannotDraw, match="There is no LoRA 'other' here; available: tiny") as refused:
        image(tiny, loras=(LoraChoice("other"),))
    assert refused.value.code == "unknown_lora"


def write(tmp_path, monkeypatch, **changes: str) -> None:
    entry = {"id": "ink", "file": "ink.safetensors", "licence": "mit"} | changes
    lines = "\n".join(f'{key} = "{value}"' for key, value in entry.items())
    (tmp_path / "loras.toml").write_text(f"[[lora]]\n{lines}\n")
    monkeypatch.setenv("STUDIO_LORAS", str(tmp_path / "loras.toml"))


def test_the_operators_list_is_read(tmp_path, monkeypatch):
    from gpu_handlers.engines.sdxl import lora

    monkeypatch.delenv("STUDIO_LORAS", raising=False)
    assert lora.allowed() == {}
    write(tmp_path, monkeypatch)
    assert lora.allowed()["ink"].weights == tmp_path / "ink.safetensors"


def test_the_list_takes_no_pickles_and_nothing_that_may_not_be_sold_with(tmp_path, monkeypatch):
    from gpu_handlers.engines.sdxl import lora

    write(tmp_path, monkeypatch, licence="cc-by-nc-4.0")
    with pytest.raises(LicenceForbids, match="ink"):
        lora.allowed()
    write(tmp_path, monkeypatch, file="ink.pt")
    with pytest.raises(ValueError, match="not safetensors"):
        lora.allowed()
