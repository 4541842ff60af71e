"""The stand-in for Stripe on a port: its API, a page to pay on, and webhooks that may come often, late and shuffled.

`POST /world/<act>` lets a person or a test act: pay, arrive, bounce, expire, refund, fail_refund, dispute, decide.
`POST /post {"copies": 3, "lateSeconds": 0.5}` changes how webhooks are sent.
"""

from __future__ import annotations

import asyncio
import html
import json
import random
import time
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.local.stripe import WEBHOOK_SECRET, Refused, Stripe, signature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

PREFERRED_PORT = 12111
PAGE = Template(Path(__file__).with_name("stripe_page.html").read_text())
RETRY_SECONDS = (0.5, 1, 2, 4, 8, 16, 32, 64)  # Stripe takes hours; a person at a laptop would not wait
LANES = 4  # webhooks under way at once; the emulator starts a process for each
LATER_SECONDS = 10  # how long "pay by bank" takes here


class StripeServer:
    """The application of the stand-in; everything in it runs on one event loop.

    Args:
        url: of itself.
        webhook_url: of the studio.
        books: file with what it knew before; None starts empty and keeps nothing.
    """

    def __init__(self, url: str, webhook_url: str, *, books: Path | None = None) -> None:
        self._file = books
        kept = json.loads(books.read_text()) if books and books.exists() else None
        self._stripe = Stripe(url, books=kept)
        self._webhook_url = webhook_url
        self._copies, self._late_seconds = 1, 0.0
        self._told = 0
        self._running: set[asyncio.Task[None]] = set()
        self._lanes = asyncio.Semaphore(LANES)

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/{path:path}", self._api, methods=["GET", "POST"]),
            Route("/pay/{session}", self._show, methods=["GET"]),
            Route("/pay/{session}", self._pay, methods=["POST"]),
            Route("/invoice/{invoice}", self._invoice),
            Route("/world/{act}", self._act, methods=["POST"]),
            Route("/post", self._change_post, methods=["POST"]),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002  # the signature of Starlette
        async with httpx.AsyncClient(timeout=35, trust_env=False) as self._http:
            self._told = len(self._stripe.events())
            for event in self._stripe.events():
                if event["pending_webhooks"]:
                    self._begin(self._deliver(event))
            yield
            for task in self._running:
                task.cancel()

    async def _api(self, request: Request) -> Response:
        body = (await request.body()).decode()
        answer = self._stripe.answer(
            request.method, request.path_params["path"], request.url.query, body, dict(request.headers)
        )
        self._after()
        return JSONResponse(answer.body, answer.status)

    # ---- What a payer sees -------------------------------------------------------------------------------------------

    async def _show(self, request: Request) -> Response:
        session = self._stripe.books["checkout/sessions"].get(request.path_params["session"])
        if session is None:
            return HTMLResponse("There is no such checkout.", 404)
        line = session["line_items"]["data"][0]
        if session["status"] == "open":
            state, action = "", PAGE_ACTIONS.substitute(cents=_money(session["amount_total"]))
        else:
            state, action = f"This checkout is {session['status']}.", ""
        return HTMLResponse(
            PAGE.substitute(
                title=html.escape(line["description"]),
                amount=_money(session["amount_total"]),
                email=html.escape(session["customer_email"] or ""),
                state=state,
                actions=action,
                back=html.escape(session["cancel_url"]),
            )
        )

    async def _pay(self, request: Request) -> Response:
        session_id = request.path_params["session"]
        later = b"later" in await request.body()
        try:
            self._stripe.pay(session_id, later=later)
        except Refused as refused:
            return HTMLResponse(html.escape(str(refused)), refused.answer.status)
        self._after()
        if later:
            self._begin(self._arrive(session_id))
        session = self._stripe.books["checkout/sessions"][session_id]
        return RedirectResponse(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)

    async def _invoice(self, request: Request) -> Response:
        invoice = self._stripe.books["invoices"].get(request.path_params["invoice"])
        if invoice is None:
            return HTMLResponse("There is no such invoice.", 404)
        return HTMLResponse(
            PAGE.substitute(
                title=f"Invoice {invoice['id']}",
                amount=_money(invoice["amount_paid"]),
                email=time.strftime("%d %B %Y", time.gmtime(invoice["created"])),
                state="Paid.",
                actions="",
                back="javascript:history.back()",
            )
        )

    async def _arrive(self, session_id: str) -> None:
        await asyncio.sleep(LATER_SECONDS)
        self._stripe.arrive(session_id)
        self._after()

    # ---- What the world does -----------------------------------------------------------------------------------------

    async def _act(self, request: Request) -> Response:
        acts = {
            name: getattr(self._stripe, name)
            for name in ("pay", "arrive", "bounce", "expire", "refund", "fail_refund", "dispute", "decide")
        }
        told: dict[str, Any] = json.loads(await request.body())
        try:
            done = acts[request.path_params["act"]](**told)
        except Refused as refused:
            return JSONResponse(refused.answer.body, refused.answer.status)
        self._after()
        return JSONResponse(done or {})

    async def _change_post(self, request: Request) -> Response:
        told = json.loads(await request.body())
        self._copies, self._late_seconds = int(told.get("copies", 1)), float(told.get("lateSeconds", 0))
        return JSONResponse({"copies": self._copies, "lateSeconds": self._late_seconds})

    # ---- Webhooks ----------------------------------------------------------------------------------------------------

    def _after(self) -> None:
        """Something may have happened: keep it, and tell of it."""
        events = self._stripe.events()[self._told :]
        self._told += len(events)
        copies = events * self._copies
        if self._late_seconds:
            random.shuffle(copies)
        for event in copies:
            self._begin(self._deliver(event))
        if self._file:
            self._file.write_text(json.dumps(self._stripe.books))

    async def _deliver(self, event: dict[str, Any]) -> None:
        await asyncio.sleep(random.uniform(0, self._late_seconds))  # noqa: S311  # disorder, not a secret
        body = json.dumps(event, indent=2).encode()
        for pause in (*RETRY_SECONDS, 0):
            headers = {
                "content-type": "application/json; charset=utf-8",
                "stripe-signature": signature(body, WEBHOOK_SECRET, int(time.time())),
            }
            try:
                async with self._lanes:
                    answer = await self._http.post(self._webhook_url, content=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                event["pending_webhooks"] = 0
                return
            await asyncio.sleep(pause)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


PAGE_ACTIONS = Template(
    '<button name="how" value="now" class="primary">Pay $cents</button>'
    '<button name="how" value="later">Pay by bank, arrives in a moment</button>'
)


def _money(cents: int) -> str:
    return f"${cents / 100:,.2f}"
