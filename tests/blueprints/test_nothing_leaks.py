"""Every address, asked by agents of every access level and status: what they may not see is on no page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from extensions import db
from models import Access, Agent, Case, Event, Message, StatusKind
from realtime import topics
from services.attendance import statuses
from services.conversations import chats, messages
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests import factories as make
from tests.browsing import Browser
from tests.realtime.test_publish import Ear, listening
from tests.redis import RealRedis

SECRETS = ("Clandestine", "whisper", "hush-hush")
# Of those who may see nothing of it; with a session there is more to reach than without.
HIDDEN_FROM = {
    "limited": (Level(Access.LIMITED), StatusKind.ONLINE),
    "another group": (Level(Access.GROUPS), StatusKind.ONLINE),
    "without the channel": (Level(Access.FULL, without=["live_chat"]), StatusKind.ONLINE),
    "the group without the channel": (Level(Access.GROUPS), StatusKind.ONLINE),
    "view only without the channel": (Level(Access.VIEW_ONLY, without=["live_chat"]), StatusKind.ONLINE),
    "offline": (Level(), StatusKind.OFFLINE),
}


@pytest.fixture(params=["active", "ended"])
def hidden(request: pytest.FixtureRequest, app: Flask) -> Case:
    """A case full of secrets."""
    message = chats.receive(make.website(), make.incoming("whisper", visitor="x", name="Clandestine"))
    case = make.case_of(message)
    if request.param == "ended":
        owner = make.agent("Owner")
        chats.reply(case.id, owner, "hush-hush")
        chats.end(case.id, owner, "open")
    return case


@pytest.fixture(params=HIDDEN_FROM)
def agent(request: pytest.FixtureRequest, app: Flask) -> Agent:
    """An agent who may not see it."""
    agent = make.agent("Ann")
    level, status = HIDDEN_FROM[request.param]
    if level.access == Access.GROUPS:
        here = "channel" in request.param
        level = Level(Access.GROUPS, {groups.first().id: ["live_chat"]} if here else {groups.named("Sales").id: []})
    access_levels.give(agent.id, level)
    statuses.choose(agent.id, statuses.built_in(status).id)
    return agent


@pytest.fixture
def browser(client: FlaskClient, agent: Agent) -> Browser:
    """Their browser; a sign-in would set them online."""
    with db.session.begin_nested():
        agent.keeps_status = True
    db.session.commit()
    return Browser(client).sign_in(agent)


def addresses(app: Flask, case: Case, method: str) -> Iterator[str]:
    """Every address of the desk that takes this method, with the secret case's numbers in it."""
    message = db.session.scalars(db.select(Message.id).where(Message.case_id == case.id)).first()
    numbers = {"case_id": case.id, "message_id": message, "channel_id": case.channel_id}
    numbers |= {"item_id": 1, "way": "in"}
    numbers |= {"agent_id": 1, "group_id": 1, "status_id": 1, "role_id": 1, "invitation_id": 1}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()) and rule.arguments <= numbers.keys() and not is_public(rule):
                _, address = rule.build({name: numbers[name] for name in rule.arguments}) or ("", "")
                yield address


def is_public(rule: Rule) -> bool:
    """What asks for no session shows nothing of a session either; sign-out would end the walk."""
    return rule.endpoint in ("auth.sign_out", "static") or rule.rule.startswith(("/widget", "/live", "/hooks"))


def state(case: Case) -> tuple[object, ...]:
    db.session.rollback()
    db.session.refresh(case)
    events = db.session.scalar(db.select(db.func.count(Event.id)).where(Event.case_id == case.id))
    return case.rev, case.active, case.fixated_to_id, case.assignee_id, case.unread, events


def test_no_page_shows_it(app: Flask, browser: Browser, hidden: Case) -> None:
    walked = 0
    for address in addresses(app, hidden, "GET"):
        for headers in ({}, {"HX-Request": "true"}, {"Accept": "application/json"}):
            text = browser.get(address, **headers).text
            assert not [secret for secret in SECRETS if secret in text], address
            walked += 1
    assert walked > 30


def test_nothing_can_be_done_with_it(app: Flask, browser: Browser, hidden: Case) -> None:
    before = state(hidden)
    for address in addresses(app, hidden, "POST"):
        answer = browser.act(address, text="hello", status="closed", instead_of="1")
        assert not [secret for secret in SECRETS if secret in answer.text], address
        if "/chats/" in address or "/messages/" in address:
            assert answer.status_code == 404, address
    assert state(hidden) == before


WATCHING = {
    "view only": (Level(Access.VIEW_ONLY), StatusKind.ONLINE),
    "without chats": (Level(), StatusKind.WITHOUT_CHATS),
}


@pytest.mark.parametrize("kind", WATCHING)
def test_who_may_only_read_a_case_writes_notes_and_does_nothing_else_with_it(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    case, owner, agent = make.chat("whisper"), make.agent("Owner"), make.agent("Ann")
    chats.reply(case.id, owner, "hush-hush")
    chats.end(case.id, owner, "open")
    level, status = WATCHING[kind]
    access_levels.give(agent.id, level)
    browser = Browser(client).sign_in(agent)
    statuses.choose(agent.id, statuses.built_in(status).id)
    before, harmless = make.fresh(case).status, ("note", "here", "read")
    for address in addresses(app, case, "POST"):
        answer = browser.act(address, text="a note", status="closed", to="group:1", doing="viewing", tab="t")
        if "/chats/" in address or "/messages/" in address:
            is_allowed = address.rpartition("/")[2] in harmless
            assert answer.status_code in ((200, 204) if is_allowed else (403, 404)), address
    after = make.fresh(case)
    assert (after.active, after.status, after.fixated_to_id) == (False, before, None)
    assert [(said.text, said.note) for said in messages.latest(case.id)][2:] == [("a note", True)]


def test_nothing_of_it_is_pushed(agent: Agent, hidden: Case, real_redis: RealRedis) -> None:
    colleague = make.agent("Bob")
    with listening(real_redis) as ear:
        chats.reply(hidden.id, colleague, "hush-hush")
        heard = told(ear)
    assert topics.agent(colleague.id) in heard
    assert topics.agent(agent.id) not in heard


def told(ear: Ear) -> set[str]:
    return {topic for frame in ear.everything() for topic in frame.topics}


def test_the_same_walk_finds_it_for_those_who_may_see_it(app: Flask, client: FlaskClient, hidden: Case) -> None:
    browser = Browser(client).sign_in(make.agent("Bob"))
    pages = [browser.get(address).text for address in addresses(app, hidden, "GET")]
    assert any(secret in page for page in pages for secret in SECRETS)
