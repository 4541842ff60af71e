"""ONNX files for tests: networks of convolutions in the layout of YuNet and SFace, written without the onnx package.

Only the fields of onnx.proto3 that OpenCV needs; a message is a list of (field number, value).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

STRIDES = (8, 16, 32)
Field = tuple[int, "int | str | bytes"]


def message(*fields: Field) -> bytes:
    """Fields in protobuf's wire format: varints, and lengths with bytes."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(content)) + content
    return out


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def tensor(name: str, values: np.ndarray) -> bytes:
    kind, values = (7, values.astype("<i8")) if values.dtype.kind == "i" else (1, values.astype("<f4"))
    return message(*((1, side) for side in values.shape), (2, kind), (8, name), (9, values.tobytes()))


def node(kind: str, inputs: Sequence[str], output: str, **attributes: Sequence[int]) -> bytes:
    given = [message((1, name), *((8, value) for value in values), (20, 7)) for name, values in attributes.items()]
    fields = [*((1, name) for name in inputs), (2, output), (3, f"make {output}"), (4, kind)]
    return message(*fields, *((5, attribute) for attribute in given))


def value(name: str, shape: Sequence[int]) -> bytes:
    sides = message(*((1, message((1, side))) for side in shape))
    return message((1, name), (2, message((1, message((1, 1), (2, sides))))))


class Net:
    """A graph that reads one picture of 1 × 3 × H × W."""

    def __init__(self, source: str, height: int, width: int) -> None:
        self._source, self._inputs = source, [(11, value(source, (1, 3, height, width)))]
        self._fields: list[Field] = []
        self._outputs: list[Field] = []

    def convolve(self, output: str, weights: np.ndarray, bias: np.ndarray, stride: int, shape: Sequence[int]) -> None:
        """An output of a convolution without overlap, its channels last, reshaped to `shape`."""
        constants = {"w": weights, "b": bias, "s": np.array(shape, np.int64)}
        self._fields += [(5, tensor(f"{output} {key}", array)) for key, array in constants.items()]
        window = {"kernel_shape": weights.shape[2:], "strides": (stride, stride)}
        conv = node("Conv", [self._source, f"{output} w", f"{output} b"], f"{output} raw", **window)
        last = node("Transpose", [f"{output} raw"], f"{output} last", perm=(0, 2, 3, 1))
        self._fields += [(1, conv), (1, last), (1, node("Reshape", [f"{output} last", f"{output} s"], output))]
        self._outputs.append((12, value(output, [abs(side) for side in shape])))

    def save(self, path: Path) -> None:
        graph = message(*self._fields, (2, "tiny"), *self._inputs, *self._outputs)
        path.write_bytes(message((1, 8), (7, graph), (8, message((1, ""), (2, 13)))))


def detector(path: Path) -> None:
    """A YuNet that takes every white square on a grid of 8 pixels for a face 64 pixels wide around it."""
    net = Net("input", 320, 320)
    for name, biases in (
        ("cls", [0.0]),
        ("obj", [0.0]),
        ("bbox", [0.5, 0.5, np.log(8), np.log(8)]),
        ("kps", [-1.5, -1.0, 2.5, -1.0, 0.5, 0.5, -1.0, 2.0, 2.0, 2.0]),
    ):
        for stride in STRIDES:
            bright = name in ("cls", "obj") and stride == 8
            weight = 1 / (3 * stride**2 * 255) if bright else 0.0
            weights = np.full((len(biases), 3, stride, stride), weight, np.float32)
            net.convolve(f"{name}_{stride}", weights, np.array(biases, np.float32), stride, (1, -1, len(biases)))
    net.save(path)


def recogniser(path: Path) -> None:
    """An SFace that describes a face by 64 patches in two random mixtures of colours."""
    weights = np.random.default_rng(0).normal(0, 0.01, (2, 3, 14, 14)).astype(np.float32)
    net = Net("data", 112, 112)
    net.convolve("fc1", weights, np.zeros(2, np.float32), 14, (1, 128))
    net.save(path)
