"""What it costs a conversation that many colleagues are connected: each of them is told of every word."""

from __future__ import annotations

from bench.browsers import street
from bench.crowd import Crowd
from bench.desk import Desk, make_agent, running, session_of
from bench.figures import Figure
from bench.talk import VISITORS_BOX, WARM_UP, introduced, say, timed

FEW, MANY = 5, 50
MESSAGES = 60


def measure(*, few: int = FEW, many: int = MANY, messages: int = MESSAGES, warm_up: int = WARM_UP) -> dict[str, object]:
    """Have a visitor write to an agent among few connected agents, and among many."""
    with running() as desk:
        among_few = _among(desk, few, messages, warm_up)
        among_many = _among(desk, many, messages, warm_up)
    return {
        "connected_agents": {
            f"with_{few}_ms": among_few,
            f"with_{many}_ms": among_many,
            "ratio_p50": round(among_many["p50"] / among_few["p50"], 2),
            "ratio_p95": round(among_many["p95"] / among_few["p95"], 2),
        }
    }


def _among(desk: Desk, agents: int, messages: int, warm_up: int) -> Figure:
    """How long a visitor's words take while so many agents are connected, the one who reads them included."""
    cookies = [_cookie(desk, f"Colleague {agents} {number}") for number in range(1, agents)]
    with Crowd(desk.port, ["/live"] * len(cookies), cookies) as crowd, street(desk) as around:
        agent, visitor = introduced(around, f"Ann {agents}", f"Maria {agents}")
        figure = timed(lambda: say(visitor, VISITORS_BOX, agent), messages, warm_up)
        crowd.must_be_complete()
    return figure


def _cookie(desk: Desk, name: str) -> str:
    with desk.app.app_context():
        return session_of(desk.app, make_agent(name))
