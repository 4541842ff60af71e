"""Personas: an invented person that later jobs can show again."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from studio import clock, ids
from studio.catalog import InfluencerCreation, Order
from studio.errors import Fault, InvalidOrder
from studio.tables import Persona


def attached(user_id: str, order: Order) -> tuple[Order, Persona | None]:
    """The order with its persona complete, and the persona if it is new and is to be created with the job.

    Raises:
        InvalidOrder: the persona does not exist or is another user's, or the order describes somebody else.
    """
    if not isinstance(order, InfluencerCreation):
        return order, None
    new = None
    if order.persona_id is None:
        persona = new = Persona(
            ids.new("psn"),
            user_id=user_id,
            gender=order.gender,
            ethnicity=order.ethnicity,
            age_range=order.age_range,
            created_at=clock.iso(clock.now()),
        )
    else:
        persona = _known(user_id, order.persona_id)
        _require_same_person(order, persona)
    who = {
        "persona_id": persona.id,
        "gender": persona.gender,
        "ethnicity": persona.ethnicity,
        "age_range": persona.age_range,
    }
    return order.model_copy(update=who), new


def _known(user_id: str, persona_id: str) -> Persona:
    try:
        persona = Persona.get(persona_id, consistent_read=True)
    except DoesNotExist as error:
        raise _invalid("personaId", "is not one of your personas") from error
    if persona.user_id != user_id:
        raise _invalid("personaId", "is not one of your personas")
    return persona


def _require_same_person(order: InfluencerCreation, persona: Persona) -> None:
    for name, given, known in (
        ("gender", order.gender, persona.gender),
        ("ethnicity", order.ethnicity, persona.ethnicity),
        ("ageRange", order.age_range, persona.age_range),
    ):
        if given is not None and given != known:
            raise _invalid(name, f"must be {known!r} or left out: that is who this persona is")


def _invalid(name: str, detail: str) -> InvalidOrder:
    return InvalidOrder(f"/{name} {detail}", faults=(Fault(f"/{name}", detail),))
