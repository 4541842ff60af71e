"""The light of a scene: sky gradient, sun or moon, ambient tint, haze. One table per time, weather and mood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp
from random import Random

from gpu_handlers.engines.sketch.colour import Colour, from_hex, mix, saturated, scaled, times

DAY_TIMES = ("dawn", "morning", "noon", "afternoon", "sunset", "dusk", "night")


@dataclass(frozen=True, slots=True)
class Light:
    """How everything in one scene is lit.

    Attributes:
        sky: colours from zenith to horizon, evenly spaced.
        sun: colour of the sun or moon disc and of rims turned to it.
        sun_x, sun_y: its centre as fractions of width and of the sky's height (0 top, 1 horizon).
        ambient: what every surface colour is multiplied by.
        haze: what far things fade into.
        visibility_m: distance at which two thirds of a colour is haze.
        stars, clouds: amounts 0–1.
    """

    sky: tuple[Colour, ...]
    sun: Colour
    sun_x: float
    sun_y: float
    ambient: Colour
    haze: Colour
    visibility_m: float
    stars: float
    clouds: float
    dark: bool
    neon: bool = False
    sun_shows: bool = True

    def lit(self, colour: Colour, depth_m: float = 0.0) -> Colour:
        """`colour` as seen in this light from `depth_m` away."""
        return mix(times(colour, self.ambient), self.haze, self.haze_at(depth_m))

    def haze_at(self, depth_m: float) -> float:
        """Share of haze (0–0.93) between the camera and `depth_m`."""
        return min(0.93, 1.0 - exp(-depth_m / self.visibility_m))

    @property
    def side(self) -> float:
        """−1 when the light comes from the left, +1 from the right."""
        return -1.0 if self.sun_x < 0.5 else 1.0


def _row(sky: str, sun: str, sun_y: float, ambient: tuple[float, float, float], haze: str, stars: float) -> Light:
    return Light(
        sky=tuple(from_hex(part) for part in sky.split()),
        sun=from_hex(sun),
        sun_x=0.7,
        sun_y=sun_y,
        ambient=ambient,
        haze=from_hex(haze),
        visibility_m=420.0,
        stars=stars,
        clouds=0.45,
        dark=stars > 0.5,
    )


_TIMES = {
    "dawn": _row("35508f 7d83b8 d9a5b4 ffd0a0 ffe6c2", "fff0cf", 0.86, (0.98, 0.86, 0.86), "f3c3b0", 0.12),
    "morning": _row("4b9be0 86c2ee bfe0f4 fdf0d8", "fff6da", 0.42, (1.0, 0.98, 0.93), "d7e9f0", 0.0),
    "noon": _row("2d84dc 5aaaf0 9fd2f7 dff2fb", "fffbe8", 0.17, (1.0, 1.0, 1.0), "cfe6f5", 0.0),
    "afternoon": _row("3f8bd6 7fb9ea bcdcf0 fbe6c0", "fff0c4", 0.5, (1.0, 0.96, 0.87), "e3e2d4", 0.0),
    "sunset": _row("2b2a6d 7a3b86 d9506b ff8650 ffc46b", "ffe9a8", 0.83, (0.93, 0.72, 0.74), "f0916f", 0.05),
    "dusk": _row("171c4c 3a3478 7c4a8c cf6f86 f3a787", "ffdcb0", 1.2, (0.66, 0.56, 0.74), "96608f", 0.35),
    "night": _row("050a22 0c1a42 19305f 31507f", "f4f1dc", 0.26, (0.36, 0.45, 0.70), "29456f", 1.0),
}

_NEON_SKY = {
    "sunset": "140a3c 4a1272 b31f86 ff4d6d ff9a4d ffd36b",
    "dusk": "0d0830 341266 8a1f8f e0457f ff8f6b",
    "night": "04031a 120c3d 321460 6a1f86 a82f8c",
}


def light_of(time: str, weather: str | None, moods: tuple[str, ...], rng: Random) -> Light:
    """Light for a time of day, changed by weather, then by moods."""
    light = _TIMES.get(time, _TIMES["morning"])
    side = rng.choice((-1.0, 1.0))
    light = replace(light, sun_x=0.5 + side * rng.uniform(0.14, 0.3), sun_y=light.sun_y + rng.uniform(-0.03, 0.03))
    light = _weathered(light, weather, rng)
    for mood in moods:
        light = _mooded(light, mood, time)
    return light


def _weathered(light: Light, weather: str | None, rng: Random) -> Light:
    def greyed(share: float, grey: str, dim: float) -> Light:
        cover = scaled(from_hex(grey), 0.42 if light.dark else 1.0)
        return replace(
            light,
            sky=tuple(scaled(mix(part, cover, share), dim) for part in light.sky),
            haze=scaled(mix(light.haze, cover, share), dim),
            ambient=scaled(mix(light.ambient, saturated(light.ambient, 0.2), share), dim),
            stars=light.stars * (1.0 - share),
        )

    match weather:
        case "rain":
            return replace(greyed(0.55, "7f8fa3", 0.84), visibility_m=170.0, clouds=0.9, sun_shows=False)
        case "storm":
            return replace(greyed(0.8, "4a566b", 0.66), visibility_m=190.0, clouds=1.0, sun_shows=False)
        case "snow":
            return replace(greyed(0.5, "cfd9e6", 0.97), visibility_m=150.0, clouds=0.75, sun_shows=False)
        case "fog":
            return replace(greyed(0.42, "d6dbde", 0.97), visibility_m=48.0, clouds=0.2)
        case "overcast":
            return replace(greyed(0.6, "aab4bf", 0.93), visibility_m=300.0, clouds=1.0, sun_shows=False)
        case "clear":
            return replace(light, clouds=0.08)
    return replace(light, clouds=rng.uniform(0.3, 0.6))


def _mooded(light: Light, mood: str, time: str) -> Light:
    def washed(tint: str, share: float, ambient: Colour) -> Light:
        colour = from_hex(tint)
        return replace(
            light,
            sky=tuple(mix(part, times(mix(part, (1, 1, 1), 0.4), colour), share) for part in light.sky),
            haze=mix(light.haze, times(mix(light.haze, (1, 1, 1), 0.4), colour), share),
            ambient=times(light.ambient, ambient),
        )

    match mood:
        case "neon":
            sky = _NEON_SKY["night" if light.dark else "sunset" if time in ("sunset", "dawn") else "dusk"]
            stops = tuple(from_hex(part) for part in sky.split())
            return replace(
                light,
                sky=stops,
                sun=from_hex("ffd98a"),
                haze=mix(stops[2], stops[3], 0.45),
                neon=True,
                dark=True,
                ambient=(0.62, 0.52, 0.86),
                visibility_m=330.0,
                clouds=min(light.clouds, 0.5),
            )
        case "spooky":
            return replace(washed("7fc59a", 0.5, (0.7, 0.78, 0.8)), clouds=max(light.clouds, 0.5), visibility_m=150.0)
        case "romantic":
            return washed("ffb3c8", 0.45, (1.0, 0.9, 0.93))
        case "dreamy":
            return replace(washed("d9b8ff", 0.42, (0.97, 0.92, 1.0)), visibility_m=240.0)
        case "gloomy":
            return replace(
                light,
                sky=tuple(saturated(scaled(part, 0.82), 0.45) for part in light.sky),
                haze=saturated(scaled(light.haze, 0.85), 0.5),
                ambient=scaled(saturated(light.ambient, 0.5), 0.85),
                visibility_m=190.0,
            )
        case "festive":
            return washed("ffe2ad", 0.25, (1.0, 0.97, 0.95))
        case "warm":
            return washed("ffd9a0", 0.3, (1.0, 0.96, 0.88))
        case "epic":
            return replace(light, sky=tuple(saturated(part, 1.2) for part in light.sky), visibility_m=520.0)
    return light
