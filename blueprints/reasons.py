"""Why a channel did not work, in the reader's language.

A reason is kept as the English sentence that was true when it happened: nobody knows yet who will read it. Here are
the sentences that channels and the outbox may have kept; what is none of them is shown as it stands.
"""

from __future__ import annotations

from services.errors import N_

from .kept import Kept

_SENTENCES = (
    N_("%(vendor)s's address is not on the public internet."),
    N_("%(vendor)s could not be reached."),
    N_("%(vendor)s's address or keys cannot be sent as they stand."),
    N_("%(vendor)s gave no answer."),
    N_("%(vendor)s refused the keys (answer %(status)s)."),
    N_("%(vendor)s cannot take it at the moment (answer %(status)s)."),
    N_("%(vendor)s did not accept it (answer %(status)s)."),
    N_("The channel's keys could not be read."),
    N_("Chatra cannot be told who is available."),
    N_("Chatra no longer knows this visitor."),
    N_("Chatra no longer knows this message."),
    N_("Chatra does not let this message be changed."),
    N_("Chatra's answer could not be read."),
    N_("Chatra's public and secret key are missing."),
    N_("The message is longer than the 5000 characters that Chatra takes."),
    N_("Chatra sends no event called %(event)s."),
    N_("The delivery is no JSON object, or an empty one."),
    N_("The delivery names no event: eventName is missing."),
    N_("The delivery names no client: client.id is missing."),
    N_("The client's id is longer than 200 characters."),
    N_("The delivery carries no message."),
    N_("The website chat takes no deliveries."),
    N_("The browser's address or keys make no sense."),
    N_("The sender stopped before the answer came."),
    N_("The message could not be prepared."),
    N_("It is not known under which id the vendor keeps this message."),
    N_("Three workers stopped while they applied it."),
    N_("It took longer than %(seconds)s seconds."),
    N_("The integration was disconnected."),
)
reason = Kept(_SENTENCES)
