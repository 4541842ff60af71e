"""The pose library: named 18-point skeletons, shared by the drawn persona and the diffusion engines' pose adapter.

Poses are stored as joint angles in `poses.toml`, because angles read and edit well and fit bodies of any proportions;
points follow from them by forward kinematics.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import cos, radians, sin
from typing import Any, Literal

import numpy as np

from gpu_handlers.engines.illustrator import Rgb, Size

Framing = Literal["portrait", "waist-up", "full"]
Point = tuple[float, float]

# Order of the 18 points as OpenPose's COCO model has them; "r" and "l" are the person's own.
POINTS = (
    "nose", "neck", "r_shoulder", "r_elbow", "r_wrist", "l_shoulder", "l_elbow", "l_wrist",
    "r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "r_eye", "l_eye", "r_ear", "l_ear",
)  # fmt: skip

# The 17 limbs by index into POINTS, and the 18 colours (RGB) that T2I-Adapter and ControlNet openpose were trained on.
LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13), (1, 0),
    (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0), (0, 255, 0), (0, 255, 85),
    (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255), (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255),
    (255, 0, 170), (255, 0, 85),
)  # fmt: skip
LIMB_STRENGTH = 0.6  # limbs are drawn at 60 % so that the joints stand out, as in the training pictures


@dataclass(frozen=True, slots=True)
class Pose:
    """A posed skeleton.

    Attributes:
        joints: `POINTS` to (x, y) in head heights; x grows to the viewer's right, y downwards, the crown is at 0.
        framing: how much of it the pose is made for.
        front: which arms are in front of the trunk: "r", "l".
        turn: where the face looks, −1 the viewer's left … 1 right.
        tilt: of the head, degrees clockwise.
        words: for prompts, "standing with arms crossed".
        seated: whether it sits.
    """

    name: str
    joints: dict[str, Point]
    framing: Framing
    front: tuple[str, ...]
    turn: float
    tilt: float
    words: str
    seated: bool


@cache
def library() -> dict[str, Pose]:
    """All poses by name, in the order of the file."""
    table = tomllib.loads(resources.files(__package__).joinpath("poses.toml").read_text())
    build = table.pop("build")
    return {name: _posed(name, body, build) for name, body in table.items()}


def chosen(count: int, seed: int, *, seated: bool = True) -> list[Pose]:
    """`count` different poses as long as there are so many, the framings taking turns; the same seed, the same list.

    Args:
        seated: whether sitting poses may be among them.
    """
    order = np.random.default_rng(seed)
    groups: dict[str, list[Pose]] = {"waist-up": [], "full": [], "portrait": []}
    for pose in library().values():
        if seated or not pose.seated:
            groups[pose.framing].append(pose)
    for group in groups.values():
        order.shuffle(group)
    picked: list[Pose] = []
    while len(picked) < count:
        for group in groups.values():
            rest = [pose for pose in group if pose not in picked] or group
            picked.append(rest[len(picked) % len(rest)])
    return picked[:count]


def _posed(name: str, body: dict[str, Any], build: dict[str, float]) -> Pose:
    lean = radians(body.get("lean", 0.0))
    hips = (body.get("shift", 0.0), build["neck"] + build["spine"])
    neck = _step(hips, 180 + body.get("lean", 0.0), build["spine"])
    joints: dict[str, Point] = {"neck": neck}
    for side, out in (("r", -1.0), ("l", 1.0)):
        across = body.get("shoulders", 0.0)
        joints[f"{side}_shoulder"] = (
            neck[0] + out * build["shoulder"] * cos(radians(across) + lean),
            neck[1] + out * build["shoulder"] * sin(radians(across) + lean) + 0.06,
        )
        joints[f"{side}_hip"] = (
            hips[0] + out * build["hip"],
            hips[1] + out * build["hip"] * sin(radians(body.get("hips", 0.0))),
        )
        upper, fore, *shorter = body.get(f"{side}_arm", [6, 4])
        short = shorter or [1.0, 1.0]
        joints[f"{side}_elbow"] = _step(joints[f"{side}_shoulder"], -out * upper, build["upper_arm"] * short[0])
        joints[f"{side}_wrist"] = _step(joints[f"{side}_elbow"], -out * fore, build["forearm"] * short[1])
        thigh, shin, *shorter = body.get(f"{side}_leg", [3, 2])
        short = shorter or [1.0, 1.0]
        joints[f"{side}_knee"] = _step(joints[f"{side}_hip"], -out * thigh, build["thigh"] * short[0])
        joints[f"{side}_ankle"] = _step(joints[f"{side}_knee"], -out * shin, build["shin"] * short[1])
    turn, tilt = body.get("turn", 0.0), body.get("tilt", 0.0)
    for point, (x, y) in _HEAD.items():
        # A turned head shows its features shifted; the far ear goes behind the cheek.
        dx, dy = x + turn * (0.16 if point == "nose" else 0.1 if "eye" in point else 0.04), y - build["neck"]
        angle = radians(tilt)
        joints[point] = (
            neck[0] + dx * cos(angle) - dy * sin(angle),
            neck[1] + dx * sin(angle) + dy * cos(angle),
        )
    return Pose(
        name,
        {point: joints[point] for point in POINTS},
        body["framing"],
        tuple(body.get("front", ())),
        turn,
        tilt,
        body["words"],
        bool(body.get("seated", False)),
    )


_HEAD = {
    "nose": (0.0, 0.66),
    "r_eye": (-0.14, 0.53),
    "l_eye": (0.14, 0.53),
    "r_ear": (-0.33, 0.58),
    "l_ear": (0.33, 0.58),
}


def _step(start: Point, degrees: float, length: float) -> Point:
    """`length` from `start`; 0° is straight down, positive turns to the viewer's left."""
    angle = radians(degrees)
    return start[0] - sin(angle) * length, start[1] + cos(angle) * length


def framed(pose: Pose, size: Size) -> dict[str, Point]:
    """The joints in pixels of a picture of `size`: the whole figure, down to the hips, or the bust, by its framing."""
    top, bottom = crop(pose)
    scale = size.height / (bottom - top)
    middle = pose.joints["neck"][0] * 0.6 + (pose.joints["r_hip"][0] + pose.joints["l_hip"][0]) * 0.2
    return {name: (size.width / 2 + (x - middle) * scale, (y - top) * scale) for name, (x, y) in pose.joints.items()}


def crop(pose: Pose) -> tuple[float, float]:
    """Rows of the skeleton, in head heights, at the upper and lower edge of the picture."""
    highest = min(0.0, *(y for _, y in pose.joints.values())) - 0.15
    if pose.framing == "full":
        lowest = max(pose.joints["r_ankle"][1], pose.joints["l_ankle"][1])
        return highest - 0.55, lowest + 0.75
    if pose.framing == "waist-up":
        return highest - 0.45, max(pose.joints["r_hip"][1], pose.joints["l_hip"][1]) + 0.35
    return highest - 0.4, pose.joints["neck"][1] + 1.5


def draw_openpose(pose: Pose, size: Size) -> Rgb:
    """The skeleton on black in OpenPose's colours, H×W×3 uint8, for `T2I-Adapter openpose` and its like.

    Limbs are ellipses and joints discs, as controlnet's annotator draws them; their width grows with the picture.
    """
    import cv2

    joints = framed(pose, size)
    points = [joints[name] for name in POINTS]
    canvas = np.zeros((size.height, size.width, 3), np.uint8)
    stick = max(2, round(4 * min(size.width, size.height) / 512))
    for (start, end), colour in zip(LIMBS, COLOURS, strict=False):
        (ax, ay), (bx, by) = points[start], points[end]
        centre = (round((ax + bx) / 2), round((ay + by) / 2))
        length = float(np.hypot(bx - ax, by - ay))
        angle = float(np.degrees(np.arctan2(by - ay, bx - ax)))
        cv2.ellipse(canvas, (centre, (max(1.0, length), 2.0 * stick), angle), colour, -1)
    canvas = (canvas * LIMB_STRENGTH).astype(np.uint8)
    for (x, y), colour in zip(points, COLOURS, strict=True):
        cv2.circle(canvas, (round(x), round(y)), stick, colour, -1)
    return canvas
