"""Addresses that customers want to be called at, judged by the rules of this deployment."""

from __future__ import annotations

from studio.errors import Fault, InvalidOrder
from studio.outbound import Outbound, Refused, resolve
from studio.settings import settings


def way() -> Outbound:
    """How receivers are reached."""
    private = frozenset(name for name in settings().private_receivers.split(",") if name)
    return Outbound(resolve, private=private)


def require(url: str, pointer: str) -> None:
    """Make sure that the text of `url` names somebody who may be called; where it leads is judged at every call.

    Raises:
        InvalidOrder: says at `pointer` what is wrong with it.
    """
    try:
        way().target(url)
    except Refused as error:
        raise InvalidOrder(f"{pointer} {error}", faults=(Fault(pointer, str(error)),)) from error
