"""`infra/web.yaml` gives the page the policy that it is tried under on a laptop."""

from __future__ import annotations

import re
from typing import Any

import httpx
from samtranslator.yaml_helper import yaml_parse
from starlette.testclient import TestClient

from edge import frame
from edge.caller import PROXY_HEADER
from infra.local.front_door import API_HEADERS, application, security_headers
from infra.local.stack import ROOT

TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "infra" / "web.yaml").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
BEHAVIORS = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]
REALTIME, FILES = "${RealtimeOrigin}", "${FilesOrigin}"


def test_cloudfront_sends_the_headers_of_the_front_door() -> None:
    config = RESOURCES["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    sent = {item["Header"]: item["Value"] for item in config["CustomHeadersConfig"]["Items"]} | {
        "Content-Security-Policy": _spaced(security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]),
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in security else "",
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    }
    assert sent == security_headers(REALTIME, FILES) | {"Cache-Control": "no-cache"}
    assert BEHAVIORS["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "PageHeaders"}


def test_what_the_page_asks_of_the_api_goes_to_the_api_uncached() -> None:
    assert {one["PathPattern"] for one in BEHAVIORS["CacheBehaviors"]} == {
        "/api/*", "/health", "/.well-known/jwks.json",
    }  # fmt: skip
    no_caching = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    for one in BEHAVIORS["CacheBehaviors"]:
        assert (one["TargetOriginId"], one["CachePolicyId"]) == ("api", no_caching)


def test_cloudfront_shows_itself_to_the_api_and_to_nobody_else() -> None:
    headers = {one["Id"]: one.get("OriginCustomHeaders") for one in BEHAVIORS["Origins"]}
    assert headers == {"page": None, "api": [{"HeaderName": PROXY_HEADER, "HeaderValue": {"Ref": "ProxySecret"}}]}
    secret = TEMPLATE["Parameters"]["ProxySecret"]
    assert secret["NoEcho"] is True
    assert "Default" not in secret
    assert re.fullmatch(secret["AllowedPattern"], "a" * 64)


def test_what_the_api_does_not_say_itself_cloudfront_and_the_front_door_say_alike() -> None:
    security = RESOURCES["ApiHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert not any(header["Override"] for header in security.values()), "the page of the reference has its own policy"
    assert {
        "Content-Security-Policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in security else "",
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    } == API_HEADERS
    assert frame.SECURITY_HEADERS.items() >= API_HEADERS.items()
    for one in BEHAVIORS["CacheBehaviors"]:
        assert one["ResponseHeadersPolicyId"] == {"Ref": "ApiHeaders"}


def test_the_front_door_adds_what_an_answer_lacks_and_keeps_what_it_has(monkeypatch) -> None:
    def answered(request: httpx.Request) -> httpx.Response:
        own = {"Content-Security-Policy": "default-src 'self'"} if request.url.path == "/api/v1/docs" else {}
        return httpx.Response(200, headers=own)

    upstream = httpx.AsyncClient(transport=httpx.MockTransport(answered))
    monkeypatch.setattr(httpx, "AsyncClient", lambda **options: upstream)
    with TestClient(application("http://api.test", "ws://live.test", "http://files.test")) as client:
        assert client.get("/api/v1/docs").headers["content-security-policy"] == "default-src 'self'"
        bare = client.get("/api/v1/jobs").headers
    assert {name: bare[name] for name in API_HEADERS} == API_HEADERS


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
