"""Messages that a vendor named in one delivery and not in another (chatra.md §2.2): the same words are kept once.

Started, fragment and transcript overlap. Where only some of them carry ids, the moment and the words tell that a
message is one that we have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from channels.base import Author, IncomingMessage, is_made_up, made_up_ids
from extensions import db
from models import Case, Channel, Message
from services import clock
from services.clock import milliseconds

from . import position

# By how much the vendor's time may differ from ours of the arrival, where the first delivery told no time.
_UNDER_WAY, _AHEAD = timedelta(minutes=10), timedelta(minutes=1)


def twin(channel: Channel, incoming: IncomingMessage, says_the_same: Callable[[str], bool]) -> Message | None:
    """The message that we have of this under another id; from now on it is known by the vendor's own.

    Words that may as well have been said twice are not taken for one message. Runs in a unit of work that holds the
    conversation's stream.

    Args:
        channel: where it came in.
        incoming: what came under an id that nothing is known by.
        says_the_same: whether words that we have are those that came.
    """
    if is_made_up(incoming.external_id):
        candidates = _named_otherwise(channel, incoming) or _said_then(channel, incoming)
    else:
        candidates = [known for known in _nameless(channel, incoming) if _is_of_then(known, incoming)]
    by_customer = incoming.author == Author.CUSTOMER
    for known in candidates:
        if (known.author == Author.CUSTOMER) == by_customer and says_the_same(known.text):
            if not is_made_up(incoming.external_id):
                _name(known, incoming.external_id)
            return known
    return None


def _named_otherwise(channel: Channel, incoming: IncomingMessage) -> Sequence[Message]:
    """What came under this made-up id and was named since."""
    once = (Message.channel_id == channel.id, Message.client_key == incoming.external_id)
    return db.session().scalars(select(Message).where(*once)).all()


def _said_then(channel: Channel, incoming: IncomingMessage) -> Sequence[Message]:
    """What was said in the conversation at the very moment that the vendor gives."""
    if incoming.said_at is None:
        return ()
    first = milliseconds(incoming.said_at) * position.SLOTS
    then = and_(Message.position >= first, Message.position < first + position.SLOTS)
    of_it = (Case.channel_id == channel.id, Case.conversation == incoming.conversation)
    found = select(Message).join(Case, Case.id == Message.case_id).where(*of_it, then)
    return [known for known in db.session().scalars(found) if known.said_at == incoming.said_at]


def _nameless(channel: Channel, incoming: IncomingMessage) -> Sequence[Message]:
    """What came in this conversation without an id of the vendor's, in the order in which it came."""
    first = made_up_ids(incoming.conversation)
    # They go on with hexadecimal digits, which every collation sorts before a "g".
    made_up = (Message.external_id >= first, Message.external_id < f"{first}g", ~Message.variant)
    found = select(Message).where(Message.channel_id == channel.id, *made_up).order_by(Message.id)
    return db.session().scalars(found).all()


def _is_of_then(known: Message, incoming: IncomingMessage) -> bool:
    """Whether it was said at the same moment; of one that told no time we know when it came."""
    said_at: datetime = incoming.said_at or clock.now()
    if known.said_at == said_at:
        return True
    was_told_no_time = known.said_at == known.created_at
    return was_told_no_time and -_UNDER_WAY <= said_at - known.created_at <= _AHEAD


def _name(known: Message, external_id: str) -> None:
    """Keep the id that was made up too: the first delivery may come again."""
    known.client_key, known.external_id = known.external_id, external_id
    db.session().flush()
