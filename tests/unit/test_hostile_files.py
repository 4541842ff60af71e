"""Files of strangers: whatever is in them, the answer is a clean picture or a refusal, in bounded memory and time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from infra.local.stack import ROOT
from studio import decoding
from tests.unit import hostile_files

REPORT = """
import json, resource, sys, time
from PIL import Image
from studio import decoding, pictures
from studio.errors import BadPicture
from tests.unit import hostile_files

resource.setrlimit(resource.RLIMIT_AS, (decoding.MEMORY_BYTES, decoding.MEMORY_BYTES))
told = {"clean": 0, "refused": 0, "dirty": [], "crashed": [], "slowest": 0.0, "words": []}
for name, content in hostile_files.%(files)s:
    began = time.process_time()
    try:
        clean = pictures.cleaned(content)
    except BadPicture as error:
        told["refused"] += 1
        told["words"] = sorted({*told["words"], error.detail})
    except BaseException as error:
        told["crashed"].append(f"{name}: {error!r}")
    else:
        told["clean"] += 1
        if any(mark in clean.content for mark in (b"<script", b"<?php", b"taken at home", b"%%PDF", b"PK\\x03\\x04")):
            told["dirty"].append(name)
        if max(clean.width, clean.height) > pictures.MAX_KEPT_SIDE_PIXELS:
            told["dirty"].append(name)
    told["slowest"] = max(told["slowest"], time.process_time() - began)
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
told["peak_mb"] = int(peak) / 1024  # of this program; rusage would count what it was forked from
print(json.dumps(told))
"""
REFUSALS = {
    "is a damaged picture",
    "must be a JPEG, PNG or WebP picture",
    "must be a still picture",
    "must be at least 256 pixels wide and high",
    "must have at most 24 megapixels",
    "must be a JPEG of at most 32 scans; saving it again helps",
}


def judged(files: str) -> dict:
    """What became of the files in a process with the limits of the real one."""
    path = f"{ROOT}:{ROOT / 'layers' / 'studio'}"
    done = subprocess.run(
        [sys.executable, "-c", REPORT % {"files": files}], env={"PYTHONPATH": path}, capture_output=True, check=False
    )
    assert done.returncode == 0, f"the process died: {done.returncode} {done.stderr[-2000:].decode()}"
    told = json.loads(done.stdout)
    assert (told["crashed"], told["dirty"]) == ([], [])
    assert set(told["words"]) <= REFUSALS
    print(told)
    return told


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])])
def test_files_broken_by_chance_become_clean_pictures_or_refusals(count):
    told = judged(f"mutated({count}, seed=7)")
    assert told["clean"] + told["refused"] == count
    assert told["clean"] > count / 20, "all were refused: the mutations break too much to test anything"
    assert told["refused"] > count / 4
    assert told["peak_mb"] < 256
    assert told["slowest"] < decoding.CPU_SECONDS


def test_files_broken_on_purpose_are_refused_before_they_cost_anything():
    told = judged("made_on_purpose()")
    assert told["peak_mb"] < 128
    assert told["slowest"] < 1


@pytest.mark.parametrize("name", ["png of 81 megapixels in few bytes", "svg", "jpeg of 4 gigapixels in its header"])
def test_bombs_and_disguises_are_refused_where_they_are_decoded(name):
    with pytest.raises(decoding.BadPicture):
        decoding.cleaned_apart(hostile_files.ON_PURPOSE[name]())
