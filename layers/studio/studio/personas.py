"""Personas: an invented person that later jobs can show again."""

from __future__ import annotations

from pynamodb.exceptions import DoesNotExist

from studio import clock, ids
from studio.catalog import InfluencerCreation, Order
from studio.errors import Fault, InvalidOrder
from studio.tables import Persona


def attached(user_id: str, order: Order) -> Order:
    """The order with its persona complete: a new one is remembered, a known one fills in who it is.

    Raises:
        InvalidOrder: the persona does not exist or is another user's, or the order describes somebody else.
    """
    if not isinstance(order, InfluencerCreation):
        return order
    if order.persona_id is None:
        persona = Persona(
            ids.new("psn"),
            user_id=user_id,
            gender=order.gender,
            ethnicity=order.ethnicity,
            age_range=order.age_range,
            created_at=clock.iso(clock.now()),
        )
        persona.save()
    else:
        persona = _known(user_id, order.persona_id)
        _require_same_person(order, persona)
    who = {
        "persona_id": persona.id,
        "gender": persona.gender,
        "ethnicity": persona.ethnicity,
        "age_range": persona.age_range,
    }
    return order.model_copy(update=who)


def _known(user_id: str, persona_id: str) -> Persona:
    try:
        persona = Persona.get(persona_id)
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
