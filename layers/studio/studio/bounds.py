"""Limits of order fields whose errors name the whole allowed range, not just the end that was crossed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from studio.outbound import MAX_URL_CHARACTERS


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`, both included, in steps of `step`."""

    low: int
    high: int
    step: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        multiple_of = self.step if self.step > 1 else None
        number = core_schema.int_schema(ge=self.low, le=self.high, multiple_of=multiple_of, strict=True)
        return core_schema.no_info_wrap_validator_function(self._check, number)

    def _check(self, value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            # JSON has but one kind of number: 512.0 is 512.
            return inner(int(value) if isinstance(value, float) and value.is_integer() else value)
        except ValidationError as error:
            steps = f", a multiple of {self.step}" if self.step > 1 else ""
            words = f"must be a whole number from {self.low} to {self.high}{steps}"
            raise PydanticCustomError("whole_number", "{words}", {"words": words}) from error


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.float_schema(ge=self.low, le=self.high, allow_inf_nan=False, strict=True)
        return core_schema.no_info_wrap_validator_function(self._check, number)

    def _check(self, value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError as error:
            words = f"must be a number from {self.low:g} to {self.high:g}"
            raise PydanticCustomError("number", "{words}", {"words": words}) from error


@dataclass(frozen=True, slots=True)
class Text:
    """Text of `low` to `high` characters."""

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(min_length=self.low, max_length=self.high, strict=True)
        return core_schema.no_info_wrap_validator_function(self._check, text)

    def _check(self, value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError as error:
            words = f"must be text of {self.low} to {self.high} characters"
            raise PydanticCustomError("text", "{words}", {"words": words}) from error


@dataclass(frozen=True, slots=True)
class PictureName:
    """A picture, by the id of its upload or a URL; forms draw a file chooser for it (`format: picture`)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = "^(upl_[0-9a-z]{26}|https?://.+)$"
        text = core_schema.str_schema(pattern=pattern, max_length=MAX_URL_CHARACTERS, strict=True)
        return core_schema.no_info_wrap_validator_function(self._check, text)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "format": "picture"}

    def _check(self, value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError as error:
            words = "must be the id of an upload, an https:// URL, or a file in a multipart form"
            raise PydanticCustomError("picture", "{words}", {"words": words}) from error
