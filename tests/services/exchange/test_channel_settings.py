"""What administrators choose for a channel: kept, checked, and following groups that are closed."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Channel
from services.errors import InvalidInput
from services.exchange import channel_settings, channels
from services.exchange.channel_settings import ChannelSettings, Panel
from services.team import groups
from tests import factories as make


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.chatra()


def of(channel: Channel) -> ChannelSettings:
    db.session.rollback()
    return channel_settings.of(db.session.get_one(Channel, channel.id, populate_existing=True))


def test_a_new_channel_shows_its_data_to_everybody_along_with_the_customers(channel: Channel) -> None:
    assert of(channel) == ChannelSettings(Panel.INFORMATIONAL)


def test_what_is_chosen_is_kept(channel: Channel) -> None:
    sales, ann = groups.named("Sales").id, make.agent("Ann").id
    chosen = ChannelSettings(Panel.SEPARATE, frozenset({ann}), frozenset({sales}), {"abc": sales})
    channel_settings.change(channel.id, chosen)
    assert of(channel) == chosen
    channel_settings.change(channel.id, ChannelSettings())
    assert of(channel) == ChannelSettings()


def test_other_settings_of_the_channel_stay(channel: Channel) -> None:
    channel.settings = {"offline_after_seconds": 30}
    db.session.commit()
    channel_settings.change(channel.id, ChannelSettings(Panel.SEPARATE))
    assert channel.settings == {"offline_after_seconds": 30, "panel": "separate"}


@pytest.mark.parametrize(
    "chosen",
    [
        ChannelSettings(routes={"": 1}),
        ChannelSettings(routes={"abc": 999}),
        ChannelSettings(routes={str(number): 1 for number in range(201)}),
        ChannelSettings(agents=frozenset({999})),
        ChannelSettings(groups=frozenset({999})),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(channel: Channel, chosen: ChannelSettings) -> None:
    with pytest.raises(InvalidInput):
        channels.change(channel.id, name="Shop", group_id=channel.group_id, choices=chosen)
    assert of(channel) == ChannelSettings()
    assert channel.name == "Chatra"


def test_a_name_and_a_group_in_use_are_asked_for(channel: Channel) -> None:
    sales = groups.named("Sales")
    groups.close(sales.id, groups.first().id)
    for name, group_id in (("  ", channel.group_id), ("Shop", sales.id), ("Shop", 999)):
        with pytest.raises(InvalidInput):
            channels.change(channel.id, name=name, group_id=group_id, choices=ChannelSettings())


def test_a_group_that_is_closed_is_followed_by_the_one_that_takes_over(channel: Channel) -> None:
    other = make.chatra()
    sales, support = groups.named("Sales").id, groups.first().id
    chosen = ChannelSettings(groups=frozenset({sales, support}), routes={"abc": sales, "def": support})
    channel_settings.change(channel.id, chosen)
    groups.close(sales, support)
    assert of(channel) == ChannelSettings(groups=frozenset({support}), routes={"abc": support, "def": support})
    assert of(other) == ChannelSettings()


def test_pairs_that_are_one_once_they_are_cleaned_are_refused_and_never_merged(channel: Channel) -> None:
    group = groups.first().id
    for routes in ({"b  c": group, "b c": group}, {"a" * 100 + "b": group, "a" * 100 + "c": group}, {"a" * 101: group}):
        with pytest.raises(InvalidInput):
            channel_settings.change(channel.id, ChannelSettings(routes=routes))
    assert of(channel).routes == {}


@pytest.mark.parametrize(("name", "kept"), [("a\u202e\nb\x07", "a b"), ("  Shop ", "Shop"), ("x" * 200, "x" * 120)])
def test_a_new_channels_name_is_one_clean_line(app: Flask, name: str, kept: str) -> None:
    made = channels.connect(kind="chatra", family="live_chat", name=name, group=groups.first(), credentials={})
    assert made.name == kept


@pytest.mark.parametrize("name", ["", " \n", "\u200b", "\x00"])
def test_a_channel_without_a_name_is_not_made(app: Flask, name: str) -> None:
    with pytest.raises(InvalidInput):
        channels.connect(kind="chatra", family="live_chat", name=name, group=groups.first(), credentials={})
