"""Connecting an account: its keys, its default group, its pairs."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from blueprints.connecting import replace_chatra_keys
from channels.base import Adapter, ChannelError
from extensions import db
from services.exchange import channel_settings, channels
from services.exchange.channel_settings import ChannelSettings, Panel
from services.team import groups
from tests import factories as make
from tests.blueprints.integrations.connecting import CONNECT, GALLERY, connect, filled_in, keys, newest, page_of, states
from tests.browsing import Browser
from tests.vendors.chatra import ChatraSimulator

UNSENDABLE = ["\u200b{}", "ключ{}", "{}\x07x"]


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

    def test_keys_are_encrypted_at_rest(self, admin: Browser, chatra: ChatraSimulator) -> None:
        connect(admin, chatra)
        sealed = db.session.scalar(text("SELECT sealed_credentials FROM channel WHERE kind = 'chatra'"))
        assert newest().credentials == keys(chatra)
        for key in (chatra.keys.secret, chatra.keys.public):
            assert key not in str(sealed)

    def test_a_default_group_that_is_renamed_meanwhile_is_still_the_one_that_was_chosen(
        self, admin: Browser, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sales = groups.named("Sales").id

        def slow(adapter: Adapter) -> str:
            groups.change(sales, name="Sellers", from_name="")
            return ""

        monkeypatch.setattr("blueprints.connecting._unchecked", slow)
        connect(admin, chatra, group=sales)
        assert newest().group_id == sales
        assert {group.name for group in groups.everything()} == {"Support", "Sellers"}

    def test_one_that_is_closed_meanwhile_is_refused(
        self, admin: Browser, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sales = groups.named("Sales").id

        def slow(adapter: Adapter) -> str:
            groups.close(sales, groups.first().id)
            return ""

        monkeypatch.setattr("blueprints.connecting._unchecked", slow)
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra), group=sales))
        assert (answer.status_code, "Choose a group." in answer.text) == (422, True)
        assert newest().kind == "widget"

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

    @pytest.mark.parametrize("bad", UNSENDABLE)
    @pytest.mark.parametrize("field", ["public_key", "secret_key"])
    def test_keys_that_cannot_be_sent_are_refused_at_their_field(
        self, admin: Browser, chatra: ChatraSimulator, field: str, bad: str
    ) -> None:
        sent = keys(chatra)
        answer = admin.submit(CONNECT, **filled_in(**sent | {field: bad.format(sent[field])}))
        assert (answer.status_code, newest().kind) == (422, "widget")
        assert re.findall(r'<input[^>]* aria-invalid="true"[^>]* name="(\w+)"', answer.text) == [field]
        assert "Copy the key once more." in answer.text
        assert chatra.requests == []

    def test_an_account_that_is_connected_is_refused_with_the_name_of_its_connection(
        self, admin: Browser, chatra: ChatraSimulator
    ) -> None:
        connect(admin, chatra, name="Shop")
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra)))
        assert (answer.status_code, "This account is connected already, as Shop." in answer.text) == (422, True)
        assert newest().name == "Shop"
        page = connect(admin, chatra, name="Blog", public_key=chatra.another_account().public)
        answer = admin.submit(f"{page}/keys", **keys(chatra))
        assert (answer.status_code, "connected already, as Shop." in answer.text) == (422, True)
        assert newest().credentials != keys(chatra)

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
            (["b  c", "b c"], ["1", "1"], "This id stands in another row already."),
            (["a" * 101], ["1"], "At most 100 characters fit."),
            (["abc"], ["1" * 5000], "Choose a group."),
        ],
    )
    def test_a_pair_that_makes_no_sense_is_refused_in_its_row(
        self, admin: Browser, chatra: ChatraSimulator, ids: list[str], chosen: list[str], sentence: str
    ) -> None:
        answer = admin.submit(CONNECT, **filled_in(**keys(chatra), route_id=ids, route_group=chosen))
        assert answer.status_code == 422
        assert re.search(rf'id="pair-{len(ids)}-error" role="alert">{re.escape(sentence)}<', answer.text)
        (control,) = re.findall(r'<(input|select) name="route_[^>]*aria-invalid="true"', answer.text)
        assert control == ("select" if sentence == "Choose a group." else "input")

    def test_pairs_can_be_told_apart_by_ear(self, admin: Browser) -> None:
        page = admin.get(CONNECT).text
        for label in ("Chatra Group ID, pair 2", "Group, pair 2", "Remove pair 2"):
            assert f'aria-label="{label}"' in page

    def test_without_scripts_there_are_spare_rows(self, admin: Browser) -> None:
        page = admin.get(CONNECT).text.split("<template")[0]
        assert page.count("data-row-spare") == 3


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

    @pytest.mark.parametrize("bad", UNSENDABLE)
    @pytest.mark.parametrize("field", ["public_key", "secret_key"])
    def test_working_ones_are_never_replaced_by_what_cannot_be_sent(
        self, admin: Browser, chatra: ChatraSimulator, field: str, bad: str
    ) -> None:
        page, working = connect(admin, chatra), keys(chatra)
        answer = admin.submit(f"{page}/keys", **working | {field: bad.format(working[field])})
        assert (answer.status_code, "Copy the key once more." in answer.text) == (422, True)
        channel = newest()
        assert (channel.credentials, channel.state, channel.state_reason) == (working, "connected", "")

    @pytest.mark.usefixtures("app")
    def test_nor_are_they_by_a_way_without_a_form(self, admin: Browser, chatra: ChatraSimulator) -> None:
        connect(admin, chatra)
        working = keys(chatra)
        with pytest.raises(ChannelError):
            replace_chatra_keys(newest(), **working | {"secret_key": f"\u200b{chatra.keys.secret}"})
        assert newest().credentials == working

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


def test_a_group_that_was_closed_while_the_form_was_open_is_refused(admin: Browser, chatra: ChatraSimulator) -> None:
    sales = groups.named("Sales")
    groups.close(sales.id, groups.first().id)
    answer = admin.submit(CONNECT, **filled_in(**keys(chatra), group=sales.id))
    assert answer.status_code == 422
    assert newest().kind == "widget"
