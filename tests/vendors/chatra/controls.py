"""The simulator's own controls, under /__sim/controls: what Chatra's staff and bots say, and what is to go wrong."""

from __future__ import annotations

from typing import get_args, get_type_hints

from flask import Flask, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from tests.vendors.chatra.chats import Chats
from tests.vendors.chatra.faults import Faults, RestFault
from tests.vendors.chatra.store import Client
from tests.vendors.chatra.wire import Switches, display_name

SWITCHES = {name: get_args(kind) for name, kind in get_type_hints(Switches).items() if get_args(kind)}
FAILURES = {
    "refuses the keys (401)": RestFault(401),
    "knows nobody (404)": RestFault(404),
    "wants a pause of 10 seconds (429)": RestFault(429, retry_after="10"),
    "is broken (500)": RestFault(500),
    "does nothing and gives no answer": RestFault(cut="before"),
    "does it, but the answer is lost": RestFault(cut="after"),
}
EVENTS = ("chatStarted", "chatFragment", "chatTranscript")
NUMBERS = {"copies": int, "reorder": int, "delay": float, "drop": int, "retries": int}


class Controls:
    """A page with forms. Each form comes back to the page."""

    def __init__(self, chats: Chats, faults: Faults, webhooks: dict[str, str]) -> None:
        self._chats = chats
        self._webhooks = webhooks
        self._store = chats.store
        self._faults = faults

    def install(self, app: Flask) -> None:
        """Add the page to an app."""
        app.add_url_rule("/__sim/controls", "controls", self.show, methods=["GET"])
        for view in (self.answer, self.push, self.fail, self.turn, self.disturb, self.point, self.finish):
            app.add_url_rule(f"/__sim/controls/{view.__name__}", view.__name__, view, methods=["POST"])

    def show(self) -> str:
        """Show all forms as they stand."""
        visitors = {client.id: display_name(client) for client in self._store.clients.values() if client.started}
        return render_template(
            "controls.html",
            visitors=visitors,
            failures=FAILURES,
            failing=len(self._faults.rest),
            switches={name: (values, getattr(self._chats.switches, name)) for name, values in SWITCHES.items()},
            faults={name: getattr(self._faults, name) for name in NUMBERS},
            webhook=next(iter(self._webhooks.values()), ""),
        )

    def answer(self) -> Response:
        """Let an agent write in Chatra's own application."""
        return self._say(pushed=False)

    def push(self) -> Response:
        """Let a bot write (chatra.md §1.5)."""
        return self._say(pushed=True)

    def fail(self) -> Response:
        """Let the next call of the API go wrong."""
        self._faults.rest.append(FAILURES.get(request.form["how"]) or abort(400))
        return redirect("/__sim/controls")

    def turn(self) -> Response:
        """Turn switches."""
        if any(request.form.get(name, values[0]) not in values for name, values in SWITCHES.items()):
            abort(400)
        vars(self._chats.switches).update({name: request.form[name] for name in SWITCHES if name in request.form})
        return redirect("/__sim/controls")

    def disturb(self) -> Response:
        """Say what is to go wrong with webhooks."""
        try:
            wanted = {name: number(request.form[name]) for name, number in NUMBERS.items() if name in request.form}
        except ValueError:
            abort(400)
        vars(self._faults).update(wanted)
        return redirect("/__sim/controls")

    def point(self) -> Response:
        """Paste another address into the fields of all three webhooks."""
        self._webhooks.update(dict.fromkeys(EVENTS, request.form["url"].strip()))
        return redirect("/__sim/controls")

    def finish(self) -> Response:
        """Put the clock forward until every chat is over, so that the transcripts are sent."""
        self._store.advance(self._chats.switches.idle_seconds + 1)
        self._chats.send_transcripts()
        return redirect("/__sim/controls")

    def _say(self, *, pushed: bool) -> Response:
        form = request.form
        client: Client = self._store.clients.get(form["visitor"]) or abort(404, "no such visitor")
        name = form.get("name", "").strip() or "Olga"
        email = f"{name.lower().replace(' ', '.')}@chatra.example"
        agent = self._store.agent(email=email) or self._store.add_agent(name, email)
        self._chats.agent_says(client, agent, form["text"], pushed=pushed)
        return redirect("/__sim/controls")
