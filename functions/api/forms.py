"""Multipart forms: an order with its pictures in one request, turned into the JSON order that the route expects."""

from __future__ import annotations

import base64
import binascii
import io
import json
from typing import TYPE_CHECKING, Any

from multipart import MultipartError, MultipartParser, parse_options_header

from studio import catalog, pictures, uploads
from studio.errors import BadPicture, Fault, InvalidOrder, MalformedRequest, TooLarge, first

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

# Lambda takes 6 MB per request, a third of which Base64 uses up. Larger files go through `POST /api/v1/uploads`.
MAX_FORM_BYTES = 4_400_000
MAX_PARTS = 32


def is_form(event: APIGatewayProxyEventV2) -> bool:
    """Whether the body is a multipart form."""
    return event.headers.get("content-type", "").lower().startswith("multipart/form-data")


def order_json(event: APIGatewayProxyEventV2, user_id: str, *, dry_run: bool = False) -> str:
    """The order in the form as JSON; its files are uploads now, or in a dry run looked at and forgotten.

    Raises:
        TooLarge, MalformedRequest: the form cannot be read.
        NotFound: there is no such feature.
        InvalidOrder: a file is not a picture we take, or a field is given twice or no UTF-8.
    """
    kind = catalog.order_type(event.raw_path.rpartition("/")[2])
    order: dict[str, Any] = {}
    faults: list[Fault] = []
    files: dict[str, bytes] = {}
    for name, value in _parts(event):
        if name in order:
            faults.append(Fault(catalog.pointer(name), "is given twice"))
        elif value is None:
            faults.append(Fault(catalog.pointer(name), "is not text in UTF-8"))
        elif isinstance(value, str):
            order[name] = _value(kind, name, value)
        elif name in kind.picture_fields():
            order[name], files[name] = uploads.PLACEHOLDER, value
        else:
            faults.append(Fault(catalog.pointer(name), "is not a picture of this request"))
    try:
        catalog.parse(kind.feature, order)  # nothing is stored for an order that is wrong anyway
    except InvalidOrder as refusal:
        named = {fault.pointer for fault in faults}
        faults += [fault for fault in refusal.faults if fault.pointer not in named]
    _refuse(faults)
    for name, content in files.items():
        try:
            if dry_run:
                pictures.cleaned(content)
            else:
                order[name] = uploads.accept(user_id, content)
        except BadPicture as error:
            faults.append(Fault(f"/{name}", error.detail))
    _refuse(faults)
    return json.dumps(order)


def described(kind: type[catalog.Order], order: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI schema of a feature's form, from that of its order in JSON.

    A form has no null: what is not sent is left out. Pictures are files or named as in JSON; a list is JSON in a field.
    """
    return order | {
        "title": f"{order['title']}Form",
        "properties": {
            name: _field(schema, picture=name in kind.picture_fields()) for name, schema in order["properties"].items()
        },
    }


def _field(schema: dict[str, Any], *, picture: bool) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    # pydantic has `anyOf` for what may be null only, so one kind is left.
    field = {key: value for key, value in schema.items() if key != "anyOf"} | (kinds[0] if kinds else {})
    told = {key: field.pop(key) for key in ("title", "description", "default") if key in field}
    if picture:
        return told | {"anyOf": [{"type": "string", "contentMediaType": "application/octet-stream"}, field]}
    if field["type"] == "array":
        del told["default"]  # of the list, not of its text
        return told | {"type": "string", "contentMediaType": "application/json", "contentSchema": field}
    return told | field


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidOrder.naming(first(faults, len(faults)))


def _parts(event: APIGatewayProxyEventV2) -> list[tuple[str, str | bytes | None]]:
    """Name and value of every part; files are bytes, fields are text, or None when they are none."""
    try:
        body = base64.b64decode(event.body or "", validate=True) if event.is_base64_encoded else _raw(event)
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge(
                f"The form has {len(body):,} bytes; at most {MAX_FORM_BYTES:,} are taken. "
                "Send larger pictures through POST /api/v1/uploads."
            )
        _, options = parse_options_header(event.headers["content-type"])
        parser = MultipartParser(
            io.BytesIO(body),
            options.get("boundary", ""),
            content_length=len(body),
            part_limit=MAX_PARTS,
            spool_limit=MAX_FORM_BYTES,
            memory_limit=2 * MAX_FORM_BYTES,
            disk_limit=0,
        )
        return [(part.name, _text(part.raw) if part.filename is None else part.raw) for part in parser]
    except (MultipartError, ValueError, LookupError, binascii.Error) as error:
        raise MalformedRequest(f"The form cannot be read: {error}.") from error


def _text(raw: bytes) -> str | None:
    """A field's text. Which codec a part names does not matter: some take quadratic time, or are no charset."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _raw(event: APIGatewayProxyEventV2) -> bytes:
    return (event.body or "").encode("latin-1")


def _value(kind: type[catalog.Order], name: str, text: str) -> Any:
    """A form knows only text; fields that are not text are read as JSON (`true`, `7`)."""
    schema = kind.model_json_schema(by_alias=True)["properties"].get(name, {})
    types = {schema.get("type")} | {option.get("type") for option in schema.get("anyOf", [])}
    constant = schema.get("const")
    if types & {"integer", "number", "boolean", "array", "object"} or isinstance(constant, bool):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return text if value is None else value  # a form leaves out what JSON calls null
    return text
