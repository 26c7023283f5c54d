"""A vendor's OpenAPI file as a judge: what it objects to in a request, or in an answer of ours."""

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.wrappers import Request, Response

from escalation.standins import shapes

HOST = "http://standins.invalid"
"""Stands for the vendor's host inside the contract, so that a request's `Host` header has no say in its validity."""

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing the contract objects to; `field` is a dotted path into the body, or None for the whole request."""

    field: str | None
    message: str


class Contract:
    """One trimmed vendor file, loaded from the package. Safe to use from many threads."""

    def __init__(self, file: str) -> None:
        text = resources.files("escalation.standins.contracts").joinpath(file).read_text(encoding="utf-8")
        self._spec: dict[str, Any] = {**json.loads(text), "servers": [{"url": HOST}]}
        self._api = OpenAPI.from_dict(self._spec)
        self._known = shapes.Known()

    def form_objections(self, request: Request, path: str) -> tuple[tuple[Objection, ...], tuple[str, ...]]:
        """Everything the contract objects to in a posted form, and the fields that it does not name."""
        pairs = list(request.form.items(multi=True))
        shape = shapes.of_form(self.body_schema(path, FORM), pairs, self.resolve)
        return self._judged(request, path, FORM, request.form.to_dict(), shape)

    def json_objections(
        self, request: Request, path: str, body: dict[str, Any]
    ) -> tuple[tuple[Objection, ...], tuple[str, ...]]:
        """Everything the contract objects to in a posted JSON `body`, and the fields that it does not name."""
        shape = shapes.of(self.body_schema(path, JSON), body, self.resolve)
        return self._judged(request, path, JSON, body, shape)

    def _judged(
        self, request: Request, path: str, media_type: str, body: object, shape: Hashable
    ) -> tuple[tuple[Objection, ...], tuple[str, ...]]:
        """The verdict; a request whose frame and shape were passed before needs no second judge."""
        scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
        seen = (request.method, request.path, request.query_string, request.content_type, request.content_encoding)
        whole = (*seen, scheme, shape)
        if whole in self._known:
            return (), ()
        found, unknown = self.request_objections(request), self.unknown_fields(path, media_type, body)
        if not (found or unknown):
            self._known.add(whole)
        return found, unknown

    def request_objections(self, request: Request) -> tuple[Objection, ...]:
        """Everything the contract objects to, unknown fields of the body not included."""
        try:
            self._api.validate_request(_Asked(request))
        except OpenAPIError as refusal:
            return tuple(_objections(refusal))
        return ()

    def answer_objections(self, request: Request, answer: Response) -> tuple[Objection, ...]:
        """Everything the contract objects to in our own answer."""
        try:
            self._api.validate_response(_Asked(request), WerkzeugOpenAPIResponse(answer))
        except OpenAPIError as refusal:
            return tuple(_objections(refusal))
        return ()

    def unknown_fields(self, path: str, media_type: str, body: object) -> tuple[str, ...]:
        """Dotted paths of the fields of a POST body that the contract does not name.

        An object without named properties may hold anything. A live vendor may drop an unknown field in silence, and
        with it what the sender meant by it, so the stand-ins refuse it.
        """
        return tuple(self._unknown(self.body_schema(path, media_type), body, ""))

    def body_schema(self, path: str, media_type: str) -> Mapping[str, Any]:
        """The schema of the body of a POST."""
        content = self.resolve(self._spec["paths"][path]["post"]["requestBody"])["content"]
        schema: Mapping[str, Any] = content[media_type]["schema"]
        return schema

    def _unknown(self, schema: Mapping[str, Any], value: object, at: str) -> Iterator[str]:
        schema = self.resolve(schema)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._unknown(schema.get("items", {}), item, f"{at}{index}.")
        if isinstance(value, dict) and schema.get("properties"):
            for name, child in value.items():
                if name in schema["properties"]:
                    yield from self._unknown(schema["properties"][name], child, f"{at}{name}.")
                else:
                    yield f"{at}{name}"

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a part of the contract refers to in the end: itself, or the component that it names."""
        while "$ref" in node:
            _, _, section, name = node["$ref"].split("/", 3)
            node = self._spec["components"][section][name]
        return node


@cache
def load(file: str) -> Contract:
    """The contract in `file`, read once in each program: building the judge takes some 50 ms."""
    return Contract(file)


class _Asked(WerkzeugOpenAPIRequest):
    """A request as openapi-core wants to see one, sent to the host of the contract."""

    @property
    def host_url(self) -> str:
        return HOST


def _objections(refusal: BaseException) -> Iterator[Objection]:
    """The most telling causes in openapi-core's chain: schema errors with their paths, or the outermost sentence."""
    cause: BaseException | None = refusal
    while cause is not None:
        if isinstance(cause, InvalidSchemaValue):
            for error in cause.schema_errors:
                missing = _missing(error)
                path = [*(str(part) for part in getattr(error, "absolute_path", ())), *([missing] if missing else [])]
                yield Objection(".".join(path) or None, str(getattr(error, "message", error)))
            return
        cause = cause.__cause__
    yield Objection(getattr(refusal, "name", None), str(refusal))


def _missing(error: object) -> str | None:
    """The name of the field whose absence the schema error is about."""
    if getattr(error, "validator", None) != "required":
        return None
    return str(getattr(error, "message", "")).split("'")[1]
