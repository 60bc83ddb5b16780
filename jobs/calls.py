"""What a call to a vendor tells about its channel: that it works, that it is broken, or that it needs a pause."""

from __future__ import annotations

from channels.base import ChannelError
from services.exchange import breaker, channels


def worked(channel_id: int) -> None:
    """The vendor has taken a call."""
    channels.mark_working(channel_id)
    breaker.note_success(channel_id)


def failed(channel_id: int, error: ChannelError) -> None:
    """A call did not work out. A vendor that refuses one call for good does answer."""
    if error.broken:
        channels.mark_broken(channel_id, error.reason)
    elif error.permanent:
        breaker.note_success(channel_id)
    else:
        breaker.note_failure(channel_id, error.reason, error.retry_after)
