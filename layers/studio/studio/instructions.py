"""Instructions: what people with IAM rights have functions do, in their own name and with a reason, on the record."""

from __future__ import annotations

from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from studio import accounts
from studio.catalog import faults_of
from studio.errors import InvalidOrder

Kind = TypeVar("Kind", bound=BaseModel)
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class AccountInstruction(BaseModel):
    """One about an account, named by id or address: why, and who says so."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)

    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,100}$")]
    user_id: str | None = None
    email: str | None = None
    reason: Text
    operator: Text

    @model_validator(mode="after")
    def _one_account(self) -> Self:
        if (self.user_id is None) == (self.email is None):
            raise ValueError("needs userId or email, one of the two")
        return self

    def account_id(self) -> str:
        """The account that is meant, as far as an address leads to one; an id is not looked up.

        Raises:
            NotFound: no account has this address.
        """
        return self.user_id or accounts.id_of(self.email or "")


def parsed(kind: type[Kind], event: object) -> Kind:
    """The instruction in an invocation, whichever `kind` it is.

    Raises:
        InvalidOrder: names every field that is wrong.
    """
    try:
        return kind.model_validate(event)
    except ValidationError as error:
        raise InvalidOrder.naming(faults_of(error.errors())) from error
