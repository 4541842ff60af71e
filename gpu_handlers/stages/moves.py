"""How a camera moves through one shot: where it stands and where it looks at every moment, relative to the subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, pi, radians, sin
from typing import Literal

Movement = Literal["orbit", "dolly", "pan", "static"]

ORBIT_DEGREES = 7.0  # to each side; a still bears about 6 % of the width before its hidden sides are missed
DOLLY_SHARE = 0.26  # of the way to the subject
PAN_DEGREES = 10.0  # to each side
BREATH = 0.014  # of the distance to the subject
BREATH_SECONDS = 7.0
EASED = 0.55  # 0 moves evenly, 1 starts and stops at rest: shots are cut into each other, so they never rest


@dataclass(frozen=True, slots=True)
class Pose:
    """A camera beside where the picture was taken from.

    Attributes:
        x, y, z: right, down and forward, in distances to the subject.
        yaw, pitch: radians; to the right and down.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """One camera move.

    Attributes:
        amplitude: 1 is the house's choice, 0 stands still.
        reverse: run backwards.
    """

    movement: Movement
    amplitude: float = 1.0
    reverse: bool = False

    def at(self, share: float, seconds: float) -> Pose:
        """The pose at `share` (0 … 1) of a shot of `seconds`."""
        way = eased(1 - share if self.reverse else share)
        swing = 2 * way - 1
        match self.movement:
            case "orbit":
                angle = radians(ORBIT_DEGREES) * swing * self.amplitude
                # On a circle around the subject, looking at it; a little rise keeps it from being a turntable.
                lift = 0.025 * self.amplitude * (1 - swing * swing)
                return Pose(sin(angle), -lift, 1 - cos(angle), yaw=-angle, pitch=lift)
            case "dolly":
                return Pose(z=DOLLY_SHARE * way * self.amplitude)
            case "pan":
                return Pose(x=0.05 * swing * self.amplitude, yaw=radians(PAN_DEGREES) * swing * self.amplitude)
            case "static":
                return _breathing(share * seconds, self.amplitude)

    def scaled(self, share: float) -> Move:
        """The same move with `share` of its amplitude."""
        return replace(self, amplitude=self.amplitude * share)


def eased(share: float) -> float:
    """Slower at both ends; 0 … 1 to 0 … 1."""
    return share - EASED * sin(2 * pi * share) / (2 * pi)


def _breathing(second: float, amplitude: float) -> Pose:
    """As somebody stands who holds a camera: slowly to and fro."""
    turn = 2 * pi * second / BREATH_SECONDS
    breath = BREATH * amplitude
    return Pose(0.5 * breath * sin(turn * 0.5), 0.25 * breath * sin(turn), breath * (1 - cos(turn)) / 2)
