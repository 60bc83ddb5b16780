"""Settings → Integrations: the gallery, connecting, choosing, switching off, a new address, disconnecting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from blueprints.integrations.chatra_snippet import snippet
from config import Settings
from extensions import db
from models import AuditEntry, Case, Channel, Group
from services.exchange import breaker, channel_settings, channel_states, channels
from services.exchange.channel_settings import ChannelSettings, Panel
from services.team import agents, groups
from tests import factories as make
from tests.browsing import Browser
from tests.vendors.chatra import ChatraSimulator

GALLERY = "/settings/integrations"
CONNECT = f"{GALLERY}/chatra"


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    with ChatraSimulator() as simulator:
        yield simulator


@pytest.fixture
def settings(settings: Settings, chatra: ChatraSimulator) -> Settings:
    return replace(settings, chatra_api_url=chatra.url)


def keys(chatra: ChatraSimulator, **changed: str) -> dict[str, str]:
    return {"public_key": chatra.keys.public, "secret_key": chatra.keys.secret, **changed}


def filled_in(**changed: object) -> dict[str, object]:
    return {"name": "Chatra", "group": groups.first().id, "panel": "informational", **changed}


def connect(admin: Browser, chatra: ChatraSimulator, **changed: object) -> str:
    answer = admin.submit(CONNECT, **filled_in(**keys(chatra)) | changed)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def newest() -> Channel:
    db.session.rollback()
    return db.session.scalars(select(Channel).order_by(Channel.id.desc()).limit(1)).one()


def page_of(channel: Channel) -> str:
    return f"{GALLERY}/{channel.id}"


def tile(page: str, name: str) -> str:
    """What a gallery says of one thing."""
    tiles = re.findall(r'<li class="tile">(.*?)</li>', page, re.DOTALL)
    (found,) = [tile for tile in tiles if re.search(rf"<h4>(<a[^>]*>)?{name}<", tile)]
    return found


def states(page: str) -> list[str]:
    """The states of the channels that a page shows, in words."""
    return re.findall(r'<span class="badge" data-state="[a-z]+">([^<]+)</span>', page)


def audited(field: str) -> tuple[object, object]:
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.field == field).order_by(AuditEntry.id.desc()))
    found = entry.first()
    assert found is not None
    return found.before, found.after


class TestTheGallery:
    @pytest.mark.parametrize("page", [GALLERY, f"{GALLERY}/new", CONNECT])
    def test_only_administrators_see_it(self, browser: Browser, admin: Browser, page: str) -> None:
        assert browser.get(page).status_code == 403
        assert admin.get(page).status_code == 200

    def test_our_own_widget_and_the_vendors_stand_in_blocks(self, admin: Browser) -> None:
        page = admin.get(GALLERY).text
        assert re.findall(r"<h3[^>]*>([^<]+)</h3>", page) == ["Live chat", "Other integrations"]
        assert states(tile(page, "Chatra")) == ["Not connected"]

    def test_chaport_says_plainly_that_it_comes_later_and_cannot_be_connected(self, admin: Browser) -> None:
        for address in (GALLERY, f"{GALLERY}/new"):
            card = tile(admin.get(address).text, "Chaport")
            assert "Comes with a later version" in card
            assert "href" not in card.replace('<use href="', "")

    def test_each_connection_is_a_card_of_its_own(self, admin: Browser, chatra: ChatraSimulator) -> None:
        connect(admin, chatra)
        connect(admin, chatra, name="Chatra 2")
        page = admin.get(GALLERY).text
        assert [states(tile(page, name)) for name in ("Chatra", "Chatra 2")] == [["Connected"], ["Connected"]]
        assert 'value="Chatra 3"' in admin.get(CONNECT).text

    def test_it_is_searched_by_name(self, admin: Browser) -> None:
        page = admin.get(f"{GALLERY}?q=CHAP").text
        assert "Chaport" in tile(page, "Chaport")
        assert ">Chatra<" not in page
        assert "Nothing here is called that." in admin.get(f"{GALLERY}?q=zendesk").text

    def test_a_script_that_searches_gets_the_cards_alone(self, admin: Browser) -> None:
        answer = admin.get(f"{GALLERY}?q=chat", HX_Request="true").text
        assert answer.lstrip().startswith('<div id="gallery"')

    def test_what_is_off_broken_or_gone_says_so(self, admin: Browser) -> None:
        off, broken, gone = make.chatra(), make.chatra(), make.chatra()
        for channel, name in ((off, "Shop"), (broken, "Blog"), (gone, "Old shop")):
            channels.change(channel.id, name=name, group_id=channel.group_id, choices=ChannelSettings())
        channel_states.switch_off(off.id)
        channels.mark_broken(broken.id, "Chatra refused the keys (answer 401).")
        channel_states.disconnect(gone.id, "open")
        page = admin.get(GALLERY).text
        assert states(tile(page, "Shop")) == ["Off"]
        assert states(tile(page, "Blog")) == ["Needs attention"]
        assert "Chatra refused the keys (answer 401)." in tile(page, "Blog")
        assert states(tile(page, "Old shop")) == ["Disconnected"]

    def test_a_channel_that_could_not_be_reached_is_not_called_connected(self, admin: Browser) -> None:
        channel = make.chatra()
        for _ in range(breaker.PATIENCE):
            breaker.note_failure(channel.id, "Chatra gave no answer.")
        assert states(tile(admin.get(GALLERY).text, "Chatra")) == ["Paused"]


class TestConnecting:
    def test_good_keys_lead_to_the_address_for_webhooks_and_are_never_shown_again(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        address = connect(admin, chatra)
        for page in (address, f"{address}/edit", f"{address}/keys", GALLERY):
            assert chatra.keys.secret not in admin.get(page).text
        page = admin.get(address).text
        assert "/hooks/chatra/" in page
        assert [field in page for field in ("chatStarted", "chatFragment", "chatTranscript")] == [True] * 3
        assert chatra.keys.secret not in (newest().__dict__.get("sealed_credentials") or "")

    def test_everything_that_was_chosen_is_kept(self, admin: Browser, chatra: ChatraSimulator) -> None:
        sales, ann = groups.named("Sales"), make.agent("Ann")
        connect(
            admin,
            chatra,
            panel="separate",
            groups=[sales.id],
            agents=[ann.id],
            route_id=["BKjdxwGNFhDE4DJ2x", "", ""],
            route_group=[sales.id, "", ""],
        )
        kept = channel_settings.of(newest())
        routes = {"BKjdxwGNFhDE4DJ2x": sales.id}
        assert kept == ChannelSettings(Panel.SEPARATE, frozenset({ann.id}), frozenset({sales.id}), routes)

    def test_refused_keys_are_said_at_their_field_with_what_to_do(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra, secret_key="wrong")))
        assert answer.status_code == 422
        assert "refused the keys (answer 401). Copy both keys once more from Chatra" in answer.text
        assert newest().kind == "widget"

    def test_a_vendor_that_cannot_be_reached_is_connected_unchecked(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        chatra.faults.fail(500)
        page = admin.get(connect(admin, chatra)).text
        assert states(page)[0] == "Not checked yet"

    def test_a_default_group_is_asked_for(self, admin: Browser, chatra: ChatraSimulator) -> None:
        groups.named("Sales")
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra), group="0"))
        assert answer.status_code == 422
        assert "Choose a group." in answer.text

    @pytest.mark.parametrize(
        ("ids", "chosen", "sentence"),
        [
            (["abc"], [""], "Choose a group."),
            (["abc"], ["999"], "Choose a group."),
            ([""], ["1"], "Enter the id of the vendor&#39;s group, or choose no group."),
            (["abc", " abc "], ["1", "1"], "This id stands in another row already."),
        ],
    )
    def test_a_pair_that_makes_no_sense_is_refused_in_its_row(
        self, admin: Browser, chatra: ChatraSimulator, ids: list[str], chosen: list[str], sentence: str
    ) -> None:
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra), route_id=ids, route_group=chosen))
        assert answer.status_code == 422
        assert re.search(rf'id="pair-{len(ids)}-error" role="alert">{re.escape(sentence)}<', answer.text)

    def test_without_scripts_there_are_spare_rows(self, admin: Browser) -> None:
        page = admin.get(CONNECT).text.split("<template")[0]
        assert page.count("data-row-spare") == 3


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
        assert "hx-trigger" not in heard

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


class TestKeys:
    def test_new_ones_mend_a_broken_channel_and_keep_its_address(self, admin: Browser, chatra: ChatraSimulator) -> None:
        page = connect(admin, chatra)
        channel = newest()
        token = channel.sealed_hook_token
        channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
        refused = admin.submit(f"{page}/keys", **keys(chatra, secret_key="wrong"))
        assert (refused.status_code, "Copy both keys once more" in refused.text) == (422, True)
        assert admin.submit(f"{page}/keys", **keys(chatra)).status_code == 303
        db.session.expire_all()
        assert (channel.state, channel.sealed_hook_token) == ("connected", token)

    def test_while_they_are_refused_every_page_of_an_administrator_says_so(
        self, admin: Browser, browser: Browser
    ) -> None:
        channel = make.chatra()
        assert "needs attention" not in admin.get("/profile").text
        channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
        assert "1 integration needs attention" in admin.get("/chats").text
        assert "Chatra refused the keys (answer 401)." in admin.get("/settings/chats").text
        assert "Replace the keys" in admin.get(page_of(channel)).text
        assert "needs attention" not in browser.get("/chats").text
        channels.mark_working(channel.id)
        assert "needs attention" not in admin.get("/settings/chats").text


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
        assert channel.disconnected_at is None


def test_a_case_of_a_group_that_is_none_is_never_made(admin: Browser, chatra: ChatraSimulator) -> None:
    """A group that is closed while the form is open is refused like one that never was."""
    sales = groups.named("Sales")
    token_page = admin.get(CONNECT)
    assert token_page.status_code == 200
    groups.close(sales.id, groups.first().id)
    answer = admin.submit(CONNECT, **filled_in(**keys(chatra), group=sales.id))
    assert answer.status_code == 422
    assert db.session.scalars(select(Case.id)).all() == []
    assert db.session.scalars(select(Group.active).where(Group.id == sales.id)).one() is False
