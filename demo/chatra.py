"""Chats by way of the simulated Chatra: what its visitors, its agents and its bots say, and what the desk answers."""

from __future__ import annotations

from sqlalchemy import select

from blueprints.connecting import adapter_of, connect_chatra, hook_url
from channels.base import Adapter, ChannelError, Delivery
from extensions import db
from jobs import fetch
from models import Agent, Case, Channel
from services.conversations import chats
from services.exchange import inbox, intake, outbox
from services.exchange.channel_settings import ChannelSettings, Panel
from services.team import groups
from tests.vendors.chatra import ChatraSimulator

# Chatra's id of a group of agents; the address of the visitor's page may name it: ?groupId=…
GROUP_ID = "BKjdxwGNFhDE4DJ2x"
# A field of the contact form that has no Property key: Chatra gives it an id alone.
UNNAMED_FIELD = "kQ7mPz2Xw9RtYb4Ns"


class Account:
    """The simulated account, connected, and spoken through before the desk runs."""

    def __init__(self, simulator: ChatraSimulator) -> None:
        self._simulator = simulator
        self._told = 0
        self.channel: Channel = connect_chatra(
            name="Chatra",
            public_key=simulator.keys.public,
            secret_key=simulator.keys.secret,
            group="Sales",
            choices=ChannelSettings(panel=Panel.SEPARATE, routes={GROUP_ID: groups.named("Billing").id}),
        )

    def tell(self, ann: Agent) -> None:
        """Two chats: one with everything in it, and one that waits."""
        chatra = self._simulator
        payer = chatra.store.visitor(None)
        payer.group_id = GROUP_ID
        payer.form = {"orderNumber": "7731", UNNAMED_FIELD: "42"}
        facts = {"name": "Elif Demir", "email": "elif@example.com", "phone": "+15550100", "Plan": "Gold"}
        chatra.visitor_says(payer.id, "I have paid twice for my order.", **facts)
        chatra.pushes(payer.id, "Thank you for writing! Somebody will be with you soon.", name="Olga")
        chatra.agent_says(payer.id, "I can see both payments. Our accountants will help you.", name="Olga")
        self._arrive()
        self._answer(payer.id, ann, "One of them is on its way back to you.")
        chatra.visitor_says(payer.id, "When will I have it?")
        self._arrive()
        chatra.faults.fail(400)
        self._answer(payer.id, ann, "In two or three days.")
        chatra.visitor_says(None, "Do you have this lamp in green?")
        self._arrive()

    def listen(self, desk: str) -> None:
        """From now on webhooks go to the desk at this address."""
        self._simulator.send_hooks_to(hook_url(self.channel, desk))

    def _arrive(self) -> None:
        """Take in what Chatra has told since, as the running desk would."""
        adapter = adapter_of(self.channel)
        news = self._simulator.deliveries[self._told :]
        self._told += len(news)
        for parcel in news:
            intake.accept(self.channel, adapter, Delivery(parcel.raw, parcel.body, intake.new_nonce()))
            self._apply(adapter, chats.stream_of(self.channel, parcel.client_id))

    def _apply(self, adapter: Adapter, stream: str) -> None:
        while (wanted := inbox.apply_next(stream, adapter)) is not None:
            for what in wanted:
                fetch.fetch(self.channel.id, what.conversation, what.what, what.id)

    def _answer(self, visitor: str, agent: Agent, text: str) -> None:
        """Answer, and send the answer."""
        case = db.session.scalars(select(Case).where(Case.conversation == visitor)).one()
        chats.reply(case.id, agent, text)
        item = outbox.claim(case.stream)
        if item is None:
            return
        try:
            outbox.settle(item.id, adapter_of(self.channel).perform(outbox.outbound(item)))
        except ChannelError as error:
            outbox.fail(item.id, error, idempotent=False)
        self._arrive()
