"""The gallery: what is connected and how it does, what can be."""

from __future__ import annotations

import re

import pytest

from services.exchange import breaker, channel_states, channels
from services.exchange.channel_settings import ChannelSettings
from tests import factories as make
from tests.blueprints.integrations.connecting import CONNECT, GALLERY, connect, states, tile
from tests.browsing import Browser
from tests.vendors.chatra import ChatraSimulator


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
        connect(admin, chatra, name="Chatra 2", public_key=chatra.another_account().public)
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
        make.disconnected(gone, "open")
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
