"""Our own messages as the webhooks show them to us (chatra.md §2.3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from channels.base import Author, Delivery, Echo, Inbound, IncomingMessage, is_made_up
from channels.chatra.checking.line import Line, keys
from channels.chatra.checking.sent import Sent, words
from channels.chatra.checking.webhooks import entries
from channels.checking import Ground, Point, settled, unsettled

_AFTERMATH = 10.0

# What is wrong with what the adapter makes of a message, empty where nothing is.
Judge = Callable[[Inbound | None, Sent], str]


def echoes(line: Line, ground: Ground, message: Sent, pushed: Sent) -> Iterator[Point]:
    """Wait for both; what does not come leaves its point open."""
    seen = _wait(ground, [sent for sent in (message, pushed) if sent.id])
    for sent, asked, judge in ((message, "our message in a webhook", _ours), (pushed, "the pushed one", _pushed)):
        if sent.mark in seen:
            yield _echo(line, sent, asked, *seen[sent.mark], judge)
        elif sent.id:
            yield unsettled("§2.3", asked, f"has not come within {ground.patience:.0f} s: is the desk running?")


def told_of_edit(line: Line, ground: Ground, sent: Sent) -> Point:
    """Whether webhooks tell of edits; the adapter knows them by our mark and takes none for a new message."""
    asked, mark = "an edit in a webhook", f"{sent.mark}, edited"
    for heard in ground.looks(_AFTERMATH):
        if found := _telling(heard, mark):
            items = [item for item in line.adapter.parse(found) if _is_it(item, mark)]
            event = line.adapter.event(found)
            if not items:
                return unsettled("§2.1", asked, f"{event}, of which Deskbell makes nothing")
            return settled("§2.1", asked, event, agrees=all(isinstance(item, Echo) for item in items))
    return unsettled("§2.1", asked, f"has not come within {min(_AFTERMATH, ground.patience):.0f} s")


def id_of(line: Line, ground: Ground, sent: Sent) -> str:
    """Chatra's id of a message for which no answer came, as a webhook shows it; empty where none comes or names one."""
    shown = [item for found, _seconds in _wait(ground, [sent]).values() for item in line.adapter.parse(found)]
    ids = [item.external_id for item in shown if isinstance(item, (Echo, IncomingMessage)) and sent.mark in item.text]
    return next((found for found in ids if not is_made_up(found)), "")


def _wait(ground: Ground, wanted: Sequence[Sent]) -> dict[str, tuple[Delivery, float]]:
    """The first webhook that tells of each, by its mark, and after how many seconds it came."""
    seen: dict[str, tuple[Delivery, float]] = {}
    for heard in ground.looks(ground.patience):
        for sent in wanted:
            found = _telling(heard, sent.mark)
            if found and sent.mark not in seen:
                seen[sent.mark] = (found, time.monotonic() - sent.at)
        if len(seen) == len(wanted):
            break
    return seen


def _telling(heard: Sequence[Delivery], mark: str) -> Delivery | None:
    return next((one for one in heard if any(mark in words(entry) for entry in entries(one.body))), None)


def _echo(line: Line, sent: Sent, asked: str, delivery: Delivery, seconds: float, judge: Judge) -> Point:
    raw = next(entry for entry in entries(delivery.body) if sent.mark in words(entry))
    item = next((item for item in line.adapter.parse(delivery) if _is_it(item, sent.mark)), None)
    told = f"{line.adapter.event(delivery)} after {seconds:.0f} s, {keys(raw)}"
    wrong = judge(item, sent)
    return settled("§2.3", asked, f"{told}; {wrong}" if wrong else told, agrees=not wrong)


def _is_it(item: Inbound, mark: str) -> bool:
    return isinstance(item, (Echo, IncomingMessage)) and mark in item.text


def _ours(item: Inbound | None, sent: Sent) -> str:
    if not isinstance(item, Echo):
        return "taken for somebody else's, for receivedFrom is not there or not ours"
    return "" if item.external_id == sent.id else "under another id than we were told"


def _pushed(item: Inbound | None, sent: Sent) -> str:
    if not isinstance(item, IncomingMessage) or item.author is not Author.BOT:
        return "taken for an agent's, for isPushed is not there"
    return "" if item.external_id == sent.id else "under another id than we were told"
