"""What the delivered files say of themselves, read back from their bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import EngineFacts, Picture
from gpu_handlers.engines.sketch.engine import FACTS as SKETCH
from gpu_handlers.stages import manifest, provenance, watermark
from gpu_handlers.stages.watermark import Payload

SDXL = EngineFacts(
    "sdxl", "stabilityai/stable-diffusion-xl-base-1.0", "462165984030d82259a11f4367a4eed129e94a7b", "openrail++"
)
needs_c2pa = pytest.mark.skipif(not manifest.available(), reason="c2pa-python is not installed")


@pytest.fixture(autouse=True)
def fresh_credentials(monkeypatch):
    for name in ("STUDIO_C2PA_CERTIFICATES", "STUDIO_C2PA_KEY"):
        monkeypatch.delenv(name, raising=False)
    manifest.credentials.cache_clear()
    yield
    manifest.credentials.cache_clear()


def test_files_are_named_in_order_and_carry_text_and_watermark(portrait):
    pictures = [Picture(portrait), Picture(portrait[:, ::-1].copy())]
    stage = Stage("encode", 0, 1, lambda progress: None)
    files = provenance.png_files(pictures, [7, 8], SKETCH, stage, draft=False)
    assert [file.name for file in files] == ["image-1.png", "image-2.png"]
    for file, seed in zip(files, (7, 8), strict=True):
        picture = Image.open(io.BytesIO(file.content))
        assert picture.text["Seed"] == str(seed)
        assert picture.text["DigitalSourceType"] == provenance.COMPUTER_DRAWN_SOURCE_TYPE
        assert watermark.read_watermark(np.asarray(picture)) == Payload(trained=False, seed=seed)


def test_drafts_keep_their_corner_mark_and_the_watermark(portrait):
    plain, draft = (provenance.png_file("a.png", portrait, 1, SDXL, draft=draft) for draft in (False, True))
    images = [np.asarray(Image.open(io.BytesIO(file.content))) for file in (plain, draft)]
    assert np.abs(images[0][-40:, -90:].astype(int) - images[1][-40:, -90:]).mean() > 5
    assert watermark.read_watermark(images[1]) == Payload(trained=True, seed=1)


@needs_c2pa
@pytest.mark.parametrize(
    ("facts", "source"), [(SDXL, provenance.DIGITAL_SOURCE_TYPE), (SKETCH, provenance.COMPUTER_DRAWN_SOURCE_TYPE)]
)
def test_the_manifest_names_how_it_was_made_and_is_intact(portrait, facts, source):
    statement = manifest.read(provenance.png(portrait, 5, facts), "image/png")
    assert statement.intact
    assert statement.source_type == source
    assert statement.software == f"{facts.model}@{facts.revision}"
    assert statement.issuer == manifest.OWN_ORGANISATION


@needs_c2pa
def test_a_changed_file_is_found_out(portrait):
    content = bytearray(provenance.png(portrait, 5, SDXL))
    content[len(content) * 3 // 4] ^= 0xFF
    assert not manifest.read(bytes(content), "image/png").intact


@needs_c2pa
def test_a_file_without_manifest_has_none(portrait):
    buffer = io.BytesIO()
    Image.fromarray(portrait).save(buffer, "PNG")
    assert manifest.read(buffer.getvalue(), "image/png") is None


@needs_c2pa
def test_the_operators_own_certificates_are_used(portrait, monkeypatch):
    own = manifest.self_signed()
    monkeypatch.setenv("STUDIO_C2PA_CERTIFICATES", own.certificates.decode())
    monkeypatch.setenv("STUDIO_C2PA_KEY", own.key.decode())
    assert manifest.credentials().trusted
    assert provenance.record() == {"watermark": "spread-spectrum-1", "c2pa": True, "c2paTrusted": True}
    assert manifest.read(provenance.png(portrait, 5, SDXL), "image/png").intact


@needs_c2pa
def test_jpeg_can_be_signed_too(portrait):
    buffer = io.BytesIO()
    Image.fromarray(portrait).save(buffer, "JPEG")
    signed = manifest.sign(
        buffer.getvalue(), "image/jpeg", title="a.jpg", source_type=provenance.DIGITAL_SOURCE_TYPE, software="x@1"
    )
    assert manifest.read(signed, "image/jpeg").intact


def test_half_of_the_credentials_is_an_operators_mistake(monkeypatch):
    monkeypatch.setenv("STUDIO_C2PA_KEY", "key")
    with pytest.raises(ValueError, match="set together"):
        manifest.credentials()


def test_without_c2pa_files_are_still_marked(portrait, monkeypatch):
    monkeypatch.setattr(manifest, "available", lambda: False)
    picture = Image.open(io.BytesIO(provenance.png(portrait, 5, SDXL)))
    assert picture.text["DigitalSourceType"] == provenance.DIGITAL_SOURCE_TYPE
    assert watermark.read_watermark(np.asarray(picture)) == Payload(trained=True, seed=5)
    assert provenance.record()["c2pa"] is False
