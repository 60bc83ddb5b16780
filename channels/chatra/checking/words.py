"""What of Chatra's words may stand in a recording (chatra.md §1, §2)."""

from __future__ import annotations

from channels.chatra.schemas import OUR_NAME
from channels.recording import Vocabulary

_PATHS = "api clients messages pushedMessages deskbell-check"
_WEBHOOK = "eventName client agents messages message groupId group hostName chatStartedPage account link title"
_MESSAGE = "id type text createdAt timestamp clientId agentId agentName agentEmail receivedFrom isPushed error"
_CLIENT = """
    chatId displayedName basicInfo info integrationData name email phone notes ip ipAddress country city region location
    language lang locale browser os osVersion lastVisit lastVisitAt lastSeen lastSeenAt pages
"""

VOCABULARY = Vocabulary(
    words=frozenset(f"{_PATHS} {_WEBHOOK} {_MESSAGE} {_CLIENT}".split()),
    named=frozenset(
        {
            *(("webhook", "eventName"), ("webhook", "message", "type"), ("webhook", "messages", "type")),
            *(("messages", "type"), ("pushedMessages", "type")),
        }
    ),
    ours=frozenset({OUR_NAME}),
)
