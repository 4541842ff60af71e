"""Numbers in texts: what they are, and how they look while they are counted up to."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GROUPED = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?"
_NUMBER = re.compile(rf"{_GROUPED}|\d+(?:[.,]\d+)?")
_PERCENT = re.compile(r"^\s*(%|per\s?cent\b|٪|％)", re.IGNORECASE)
_YEARS = range(1000, 2101)
YEARS_BEFORE = 30  # a year is counted from there: from 0 it would be a blur
INLINE = 3  # letters of a unit that stand beside the number, such as % or km


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what is around it: ``about`` 3.8 ``billion years``.

    Attributes:
        written: the number as it stands in the text.
        value: 0 when there is nothing to count.
        separator: between thousands, may be empty.
    """

    before: str
    written: str
    after: str
    value: float
    decimals: int
    point: str
    separator: str

    @property
    def percent(self) -> bool:
        """Whether it is a share of a whole."""
        return bool(_PERCENT.match(self.after)) and 0 < self.value <= 100

    @property
    def unit(self) -> str:
        """What follows the number, for the eye: ``%`` for percent."""
        match = _PERCENT.match(self.after)
        return "%" + self.after[match.end() :] if match else self.after

    def counted(self, share: float) -> str:
        """The number when `share` of it has been counted; as written at the end."""
        if share >= 1 or not self.value or not self.written.isascii():
            return self.written
        year = not self.decimals and not self.separator and not self.after.strip() and self.value in _YEARS
        start = self.value - YEARS_BEFORE if year else 0.0
        text = f"{start + (self.value - start) * share:,.{self.decimals}f}"
        if year or not self.separator:
            return text.replace(",", "").replace(".", self.point)
        return text.replace(",", self.separator)


def quantity(text: str) -> Quantity | None:
    """The only number in `text`; None when there is none or more than one."""
    found = list(_NUMBER.finditer(text))
    if len(found) != 1:
        return None
    match = found[0]
    written = match[0]
    grouped = re.fullmatch(_GROUPED, written)
    separator = re.sub(r"[\d.]", "", written)[:1] if grouped else ""
    plain = written.replace(separator, "") if separator else written
    point = "," if "," in plain else "."
    plain = plain.replace(",", ".")
    decimals = len(plain.partition(".")[2])
    return Quantity(
        text[: match.start()].strip(),
        written,
        text[match.end() :].strip(),
        float(plain),
        decimals,
        point,
        separator,
    )


def spelt(text: str) -> Quantity:
    """A number in words, ``three million years``: shown as it is."""
    return Quantity("", text, "", 0.0, 0, ".", "")
