"""Sweeps: what runs every few seconds so that nothing depends on a single job. Doubled runs are harmless."""

from __future__ import annotations

from extensions import files
from realtime import availability
from realtime.publish import catch_up, note_told, publish
from services import clock, publication, retention
from services.attendance import statuses
from services.conversations import attachments, chats
from services.exchange import disconnecting, inbox, outbox
from services.team import agents, handing_over

from . import queues


def end_silent_chats() -> None:
    """End the chats in which nothing was said for too long (product.md §2.2, C8)."""
    for case_id, ends_at in chats.due(clock.now()):
        chats.end_silent(case_id, ends_at)


def publish_kept_back() -> None:
    """Show what was committed by a process that died before it could tell anyone."""
    note_told()
    events = publication.kept_back()
    if events:
        publish(events)
        # Who has lost sight of a case by them, nobody knows any more.
        catch_up(agents.active_ids())


def ring_again() -> None:
    """Ring for streams whose doorbell was lost and for retries that are due."""
    stale = [(queues.INBOUND, stream) for stream in inbox.stale_streams()]
    due = [(queues.OUTBOUND, stream) for stream in outbox.due_streams(clock.now())]
    queues.ring_all([*stale, *due])


def expire_leases() -> None:
    """Settle what a sender that died has left in the open, and what no echo has settled in time."""
    outbox.expire_leases()
    outbox.give_up_waiting()


def end_statuses() -> None:
    """Set those offline whose connection is gone or whose status is used up for today (product.md §4.1)."""
    statuses.end_lapsed()
    statuses.end_used_up()
    availability.tell()


def tidy_up() -> None:
    """Ring for what agents, groups and channels that have gone leave behind, where a crash has stopped it."""
    left = [*handing_over.unfinished(), *disconnecting.unfinished()]
    queues.ring_all([(queues.SPARE, stream) for stream in left])


def retire() -> None:
    """Drop raw deliveries and settled items that nobody needs any more, as far as nobody waits meanwhile."""
    turn = queues.Turn(queues.LOCAL)
    for _ in retention.retire():
        if turn.is_over:
            queues.enqueue(queues.SPARE, "jobs.sweeps.retire")
            return


def drop_orphans(after: str = "") -> None:
    """Delete uploads that no message names, shelf by shelf; `after` is the shelf that was looked at last."""
    turn = queues.Turn(queues.LOCAL)
    for shelf in files.shelves(after):
        attachments.drop_orphans(shelf)
        if turn.is_over:
            queues.enqueue(queues.SPARE, "jobs.sweeps.drop_orphans", shelf)
            return
