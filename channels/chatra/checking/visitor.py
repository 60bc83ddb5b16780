"""What Chatra tells of a visitor, and whether it stands where the adapter looks for it (chatra.md §1.7, §6).

The adapter itself is asked: a key counts as read if a client object with nothing else in it makes it say something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from channels.base import CustomerData
from channels.chatra.checking.line import Line, is_taken, told
from channels.chatra.values import Json, readable, record
from channels.chatra.visitors import PERSON, SOURCES, customer, group
from channels.checking import Point, settled, unsettled

Path = tuple[str, ...]
_ASKED = re.compile(r"fields?$|form$", re.IGNORECASE)
_NOT_SHOWN = {*SOURCES, "id", "chatId", "displayedName", "group", "groupId"}


@dataclass(frozen=True)
class _Topic:
    """Something we show. `says` is what the adapter makes of a client object; `hint` fits the names of likely keys."""

    asked: str
    says: Callable[[CustomerData], str]
    hint: re.Pattern[str]
    by_the_site: bool = False


def _detail(label: str) -> Callable[[CustomerData], str]:
    wanted = re.compile(label, re.IGNORECASE)
    return lambda data: next((shown for key, shown in data.details.items() if wanted.search(key)), "")


def _likely(names: str) -> re.Pattern[str]:
    return re.compile(names, re.IGNORECASE)


_TOPICS = (
    _Topic("name", lambda data: data.name, _likely(r"name$"), by_the_site=True),
    _Topic("e-mail address", lambda data: data.email, _likely(r"mail"), by_the_site=True),
    _Topic("phone", lambda data: data.phone, _likely(r"phone"), by_the_site=True),
    _Topic("last visit", _detail(r"visit"), _likely(r"visit|seen|active|activity|lastTime")),
    _Topic("IP address", _detail(r"\bip\b"), _likely(r"^ip|ip$|ipAddr")),
    _Topic("chat language", _detail(r"language"), _likely(r"lang|locale")),
    _Topic("browser", _detail(r"browser"), _likely(r"browser|userAgent")),
    _Topic("OS version", _detail(r"\bos\b"), _likely(r"^os|os$|platform|operating")),
    _Topic("location", _detail(r"location"), _likely(r"country|city|region|location|geo")),
)


def visitor(line: Line, visitor_id: str) -> Iterator[Point]:
    """Ask for one visitor. Raises `ChannelError` where no answer came."""
    if not visitor_id:
        yield unsettled("§1.7", "a visitor's data", "nobody has written yet: write through Chatra's widget first")
        return
    exchange = line.ask("GET", f"/clients/{quote(visitor_id, safe='')}")
    if exchange.status == 404:
        yield unsettled("§1.7", "a visitor's data", f"Chatra does not know this visitor: {told(exchange)}")
        return
    client = line.answer
    if not is_taken(exchange) or not client:
        yield settled("§1.7", "a visitor's data", told(exchange), agrees=False)
        return
    yield settled("§1.7", "a visitor's keys", ", ".join(sorted(client)), agrees=True)
    yield _identity(client, visitor_id)
    for topic in _TOPICS:
        yield _place(client, topic)
    yield _group(client)
    yield _custom(client)
    yield _unread(client)


def _identity(client: Json, visitor_id: str) -> Point:
    shown = ", ".join(key for key in ("id", "chatId") if client.get(key)) or "neither id nor chatId"
    return settled("§1.7", "a visitor's ids", shown, agrees=client.get("id") in (None, visitor_id))


def _place(client: Json, topic: _Topic) -> Point:
    """Where the data of one topic stands."""
    asked = f"where the {topic.asked} stands"
    filled = [path for path in _leaves(client) if topic.by_the_site or path[0] not in SOURCES]
    read = [path for path in filled if topic.says(customer(_alone(client, path)))]
    likely = [path for path in filled if topic.hint.search(path[-1]) and path not in read]
    if read:
        return settled("§1.7", asked, _named(read), agrees=True)
    if likely:
        return settled("§1.7", asked, f"perhaps {_named(likely)}, which Deskbell does not read so", agrees=False)
    return unsettled("§1.7", asked, "this visitor has none")


def _group(client: Json) -> Point:
    asked = "where the group stands"
    filled = [path for path in _leaves(client) if "group" in path[0].lower()]
    read = [path for path in filled if group(_alone(client, path), {})]
    if read:
        return settled("§6", asked, _named(read), agrees=True)
    if filled:
        return settled("§6", asked, f"perhaps {_named(filled)}, which Deskbell does not read", agrees=False)
    return unsettled("§6", asked, "this visitor has none: write from a page with a group's id")


def _custom(client: Json) -> Point:
    """The site's own fields; what the contact form asked for is expected beside them."""
    asked = "fields of the site and of the contact form"
    own = [path for path in _leaves(client) if _is_own(path)]
    if not own:
        return unsettled("§1.7", asked, "this visitor has none")
    read = [path for path in own if _says_something(_alone(client, path))]
    lost = [path for path in own if path not in read]
    shown = [_named(read), f"not read: {_named(lost)}" if lost else ""]
    return settled("§1.7", asked, "; ".join(filter(None, shown)), agrees=not lost)


def _is_own(path: Path) -> bool:
    """Whether it stands where a site's own fields are known to be, or where a form's may be."""
    return path[-1] not in PERSON and (path[0] in SOURCES or bool(_ASKED.search(path[0])))


def _unread(client: Json) -> Point:
    """Keys that the adapter makes nothing of: somebody has to look whether they are worth showing."""
    asked = "keys that Deskbell makes nothing of"
    read = {path[0] for path in _leaves(client) if _says_something(_alone(client, path))}
    left = sorted(set(client) - read - _NOT_SHOWN)
    return unsettled("§1.7", asked, ", ".join(left)) if left else settled("§1.7", asked, "none", agrees=True)


def _says_something(client: Json) -> bool:
    """Whether the adapter makes anything of such a client object, beside its id."""
    return customer(client | {"id": "x"}) != customer({"id": "x"})


def _leaves(value: object, path: Path = ()) -> list[Path]:
    """Paths to everything that has a value."""
    if isinstance(value, dict) and value:
        return [found for key, inner in value.items() for found in _leaves(inner, (*path, key))]
    return [path] if path and readable(value) else []


def _alone(client: Json, path: Path) -> Json:
    """A client object that has nothing but what stands at this path."""
    inner: Any = client
    for key in path:
        inner = record(inner).get(key)
    for key in reversed(path):
        inner = {key: inner}
    return record(inner)


def _named(paths: Sequence[Path]) -> str:
    return ", ".join(".".join(path) for path in paths)
