"""Settings → Audit log: in words, newest first, by who and by what; for administrators alone."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import services
from blueprints.settings import audit_words
from models import Access, Agent
from services import audit, audit_log
from services.audit import AUDITED
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser

LOG = "/settings/audit"


@pytest.fixture
def boss(admin: Browser) -> Browser:
    """The administrator, whose own arrival is forgotten."""
    return admin


def changes(page: str) -> list[str]:
    """The entries as they are read."""
    entries = re.findall(r'<li class="log-entry">(.*?)</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", entry).split()) for entry in entries]


def said(page: str) -> list[str]:
    """The same without who and when."""
    return [change.partition("UTC ")[2] for change in changes(page)]


def test_administrators_alone_see_it(client: FlaskClient) -> None:
    assert Browser(client).sign_in(make.agent()).get(LOG).status_code == 403


def test_a_change_on_a_page_stands_there_with_who_and_when_and_from_and_to(boss: Browser) -> None:
    boss.submit("/settings/chats", silence_minutes="7", warning_minutes="2", may_postpone="y", chats_at_once="5")
    newest = changes(boss.get(LOG).text)[0]
    assert re.fullmatch(
        r"Boss \d{4}-\d\d-\d\d \d\d:\d\d UTC Setting Chats Silent minutes until the end: from 10 → to 7", newest
    )


def test_ids_are_told_as_names_and_values_as_words(boss: Browser, ann: Agent) -> None:
    sales, support = groups.named("Sales"), groups.first()
    access_levels.give(ann.id, Level(Access.GROUPS, {sales.id: ["live_chat"], support.id: []}))
    boss.submit(f"/settings/groups/{sales.id}/close", replacement=support.id)
    told = said(boss.get(LOG).text)
    assert "Group Sales Which group takes over: from – → to Support" in told
    assert "Group Sales Active: from Yes → to No" in told
    level = "By groups: Support, Sales (without Live chat)"
    assert f"Agent Ann Access: from Full access → to {level}" in told


def test_of_a_secret_it_says_that_it_was_changed(boss: Browser, ann: Agent) -> None:
    with unit_of_work():
        audit.note("agent", ann.id, ann.name, "password")
    assert said(boss.get(LOG).text)[0] == "Agent Ann Password: changed"


def test_it_is_filtered_by_who_and_by_what(boss: Browser) -> None:
    boss.submit("/settings/groups", name="Sales", from_name="")
    groups.create(name="Billing")
    (entry, *_) = audit_log.entries(kind="group").entries
    assert entry.by == audit.SYSTEM
    by_boss = next(who for who, name in audit_log.actors().items() if name == "Boss")
    ours = changes(boss.get(f"{LOG}?who={by_boss}").text)
    assert (len(ours), ours[0].startswith("Boss "), "Group Sales Added" in ours[0]) == (1, True, True)
    assert not [change for change in said(boss.get(f"{LOG}?kind=group").text) if not change.startswith("Group")]
    assert "The desk itself" in boss.get(f"{LOG}?who=system&kind=group").text


@pytest.mark.parametrize("query", ["who=nobody-at-all&kind=x", "after=x", f"after={'9' * 25}", "after=-1"])
def test_what_cannot_be_read_shows_the_newest(boss: Browser, query: str) -> None:
    assert changes(boss.get(f"{LOG}?{query}").text) == changes(boss.get(LOG).text) != []


def test_older_entries_are_behind_a_link_that_keeps_the_filter(boss: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(audit_log.PAGE + 1):
        groups.create(name=f"Group {number}")
    first = boss.get(f"{LOG}?kind=group").text
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older is not None
    second = boss.get(older[1].replace("&amp;", "&")).text
    assert f"Group Group {audit_log.PAGE}" in said(first)[0]
    assert said(second)[0].startswith("Group Group 0 ")
    assert 'rel="next"' not in second


def test_every_kind_and_field_has_words(app: Flask) -> None:
    assert {audited.kind for audited in AUDITED.values()} <= audit_words.KINDS.keys()
    fields = {field for audited in AUDITED.values() for field in (*audited.fields, *audited.veiled)}
    settings = {field for defaults in audit.known_settings().values() for field in defaults}
    assert fields | settings <= audit_words.FIELDS.keys()
    assert audit.known_settings().keys() <= audit_words.SETTINGS.keys()


def test_every_field_that_is_noted_by_name_has_words() -> None:
    sources = Path(inspect.getfile(services)).parent.rglob("*.py")
    noted = {
        field
        for source in sources
        for field in re.findall(r'audit\.note\("\w+", .*?, .*?, "(\w+)"', source.read_text())
    }
    assert "password" in noted
    assert noted <= audit_words.FIELDS.keys()
