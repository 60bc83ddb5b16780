"""One connection: its page, what is chosen for it, switching off, a new address, disconnecting."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from blueprints.integrations.chatra_snippet import snippet
from extensions import db
from models import AuditEntry
from services.exchange import channel_settings, disconnecting
from services.exchange.channel_settings import ChannelSettings
from services.team import agents, groups
from tests import factories as make
from tests.blueprints.integrations.connecting import audited, connect, filled_in, newest, page_of, states
from tests.browsing import Browser
from tests.vendors.chatra import ChatraSimulator


class TestOnePage:
    def test_it_waits_until_something_is_heard(self, admin: Browser, chatra: ChatraSimulator) -> None:
        address = connect(admin, chatra)
        assert 'hx-trigger="every 2s"' in admin.get(address).text
        assert admin.get(f"{address}/heard").status_code == 204
        channel = newest()
        hook = f"/hooks/chatra/{channel.sealed_hook_token}"
        admin.client.post(hook, json={"eventName": "chatFragment"})
        heard = admin.get(f"{address}/heard").text
        assert "We have heard from Chatra." in heard
        assert "every 2s" not in heard

    def test_with_the_first_webhook_the_rest_of_the_page_says_so_too(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        address = connect(admin, chatra)
        page = admin.get(address).text
        for place in ("last-heard", "log-latest"):
            assert page.count(f'id="{place}"') == 1
        admin.client.post(f"/hooks/chatra/{newest().sealed_hook_token}", json={"eventName": "chatFragment"})
        heard = admin.get(f"{address}/heard").text
        _, last, log = heard.split("<hx-partial ")
        assert ('hx-target="#last-heard"' in last, "<time" in last) == (True, True)
        assert ('hx-target="#log-latest"' in log, "chatFragment" in log) == (True, True)

    def test_once_it_is_disconnected_it_waits_no_more(self, admin: Browser, chatra: ChatraSimulator) -> None:
        address = connect(admin, chatra)
        make.disconnected(newest())
        answer = admin.get(f"{address}/heard")
        assert (answer.status_code, "hx-trigger" in answer.text) == (200, False)
        assert "Disconnected" in answer.text

    def test_it_offers_both_ways_of_having_a_chat_on_a_site(self, admin: Browser, chatra: ChatraSimulator) -> None:
        sales = groups.named("Sales")
        address = connect(admin, chatra, route_id=["BKjdxwGNFhDE4DJ2x"], route_group=[sales.id])
        page = admin.get(address).text
        assert f"window.ChatraID = &#34;{chatra.keys.public}&#34;;" in page
        assert "groupId" not in page
        assert '"/settings/widget"' in page
        assert "professional plan is needed" in page
        page = admin.get(f"{address}?site_group=BKjdxwGNFhDE4DJ2x").text
        assert "groupId: &#34;BKjdxwGNFhDE4DJ2x&#34;" in page

    def test_a_snippet_cannot_be_broken_out_of(self) -> None:
        lines = snippet("public", '</script><script>"')
        assert lines.count("</script>") == 1
        assert '\\u003c/script>\\u003cscript>\\"' in lines

    def test_presence_is_said_to_be_unsupported(self, admin: Browser, chatra: ChatraSimulator) -> None:
        assert "Unsupported until the vendor's method is known" in admin.get(connect(admin, chatra)).text

    def test_what_was_chosen_is_changed_and_written_down_in_words(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        address, sales = connect(admin, chatra), groups.named("Sales")
        answer = admin.submit(
            f"{address}/edit",
            **filled_in(
                name="Shop",
                group=sales.id,
                panel="separate",
                groups=[sales.id],
                route_id=["abc"],
                route_group=[groups.first().id],
            ),
        )
        assert answer.status_code == 303, answer.text
        channel = newest()
        assert (channel.name, channel.group_id) == ("Shop", sales.id)
        assert audited("routes") == (None, {"abc": groups.first().id})
        log = admin.get("/settings/audit?kind=channel").text
        assert "abc → Support" in log
        assert "Separate one" in log
        admin.submit(f"{address}/edit", **filled_in(name="Shop", group=sales.id))
        assert channel_settings.of(newest()) == ChannelSettings()

    def test_saving_what_is_so_already_writes_nothing_down(self, admin: Browser, chatra: ChatraSimulator) -> None:
        address = connect(admin, chatra)
        before = db.session.scalars(select(AuditEntry.id)).all()
        admin.submit(f"{address}/edit", **filled_in())
        assert db.session.scalars(select(AuditEntry.id)).all() == before

    def test_whoever_was_chosen_and_has_left_stays_chosen(self, admin: Browser, chatra: ChatraSimulator) -> None:
        ann = make.agent("Ann")
        address = connect(admin, chatra, agents=[ann.id])
        db.session.get_one(type(ann), ann.id).active = False
        db.session.commit()
        assert ann.id not in {agent.id for agent in agents.active()}
        assert f'value="{ann.id}" checked' in admin.get(f"{address}/edit").text

    def test_a_closed_group_gives_its_place_to_the_one_that_takes_over(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        sales, support = groups.named("Sales"), groups.first()
        connect(admin, chatra, groups=[sales.id], route_id=["abc"], route_group=[sales.id])
        groups.close(sales.id, support.id)
        kept = channel_settings.of(newest())
        assert (kept.groups, kept.routes) == (frozenset({support.id}), {"abc": support.id})

    def test_our_own_widget_can_be_neither_edited_nor_disconnected(self, admin: Browser) -> None:
        page = page_of(make.website())
        assert admin.get(page).status_code == 200
        for address in ("edit", "disconnect", "keys", "heard"):
            assert admin.get(f"{page}/{address}").status_code == 404
        for address in ("off", "on", "address"):
            assert admin.submit(f"{page}/{address}", page=page).status_code == 404


class TestStates:
    def test_it_is_switched_off_and_on(self, admin: Browser) -> None:
        channel = make.chatra()
        page = page_of(channel)
        admin.submit(f"{page}/off", page=page)
        assert states(admin.get(page).text)[0] == "Off"
        assert "0 deliveries wait, 0 answers wait" in admin.get(page).text
        assert audited("state") == ("connected", "off")
        admin.submit(f"{page}/on", page=page)
        assert states(admin.get(page).text)[0] == "Connected"

    def test_a_new_address_makes_the_old_one_nobodys_at_once(self, admin: Browser, chatra: ChatraSimulator) -> None:
        page = connect(admin, chatra)
        old = f"/hooks/chatra/{newest().sealed_hook_token}"
        assert admin.client.post(old, json={"eventName": "chatFragment"}).status_code == 200
        admin.submit(f"{page}/address", page=page)
        new = f"/hooks/chatra/{newest().sealed_hook_token}"
        assert admin.client.post(old, json={}).status_code == 404
        assert 'hx-trigger="every 2s"' in admin.get(page).text
        assert admin.client.post(new, json={"eventName": "chatFragment"}).status_code == 200
        assert audited("hook_hash") == (None, None)

    def test_disconnecting_says_what_becomes_of_things_and_does_it(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        page = connect(admin, chatra)
        channel = newest()
        case = make.chat(channel=channel)
        asked = admin.get(f"{page}/disconnect").text
        assert "1 chat is active." in asked
        assert admin.submit(f"{page}/disconnect", status="lost").status_code == 422
        assert admin.submit(f"{page}/disconnect", status="pending").status_code == 303
        for _ in disconnecting.steps(f"{disconnecting.STREAM}{channel.id}"):
            pass
        case = make.fresh(case)
        assert (case.active, case.status) == (False, "pending")
        assert admin.get(f"/cases/{case.id}").status_code == 200
        page_of_case = admin.get(f"/cases/{case.id}").text
        assert "nothing can be sent through it" in page_of_case
        assert "data-notes-only" in page_of_case
        shown = admin.get(page).text
        assert states(shown)[0] == "Disconnected"
        assert "/hooks/chatra/" not in shown
        assert chatra.keys.public not in shown
        assert admin.get(f"{page}/disconnect").status_code == 404

    @pytest.mark.parametrize("act", ["off", "on", "address", "disconnect", "edit", "keys"])
    def test_only_administrators_do_it(self, browser: Browser, act: str) -> None:
        channel = make.chatra()
        assert browser.act(f"{page_of(channel)}/{act}", status="open").status_code == 403
        db.session.rollback()
        db.session.refresh(channel)
        assert (channel.disconnected_at, channel.state) == (None, "connected")
