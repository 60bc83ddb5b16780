"""A stand-in for Chatra (chatra.md §9): its REST API, its webhooks and a visitor's page, on this machine only.

It proves that the adapter agrees with chatra.md, not with Chatra. All keys and names in it are made up.
"""

from tests.vendors.chatra.faults import Faults, RestFault
from tests.vendors.chatra.simulator import ChatraSimulator
from tests.vendors.chatra.wire import Switches

__all__ = ["ChatraSimulator", "Faults", "RestFault", "Switches"]
