"""The second factor: codes of an app on the agent's phone (TOTP, RFC 6238), and codes on paper for when it is gone."""

from __future__ import annotations

import secrets
from hmac import compare_digest

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, func, select

from extensions import db, vault
from models import Agent, RecoveryCode
from services import audit, clock
from services.errors import N_, InvalidInput
from services.uow import lock_agent, unit_of_work

from . import passwords

RECOVERY_CODES = 10
_STEP_SECONDS = 30
# A phone's clock may be a little off, and people take their time to type.
_STEPS_OFF = (0, -1, 1)
# Nothing that is taken for something else when it is read from paper.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_LETTERS_OF_CODE = 10


def is_on(agent_id: int) -> bool:
    """Whether this agent signs in with a second factor."""
    return bool(db.session().scalar(select(Agent.sealed_totp.is_not(None)).where(Agent.id == agent_id)))


def propose(agent_id: int) -> str:
    """A new key for the agent's app, sealed: it counts once `turn_on` has seen a code of it."""
    return vault.seal(f"{agent_id} {pyotp.random_base32()}")


def opened(proposal: str, agent_id: int) -> str:
    """The key that was proposed to this agent. Raises `InvalidInput` for one that was not."""
    try:
        owner, _, key = vault.open(proposal).partition(" ")
    except InvalidToken:
        owner, key = "", ""
    if owner != str(agent_id):
        raise InvalidInput("code", N_("This page is out of date. Begin again."))
    return key


def address(agent: Agent, key: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(key).provisioning_uri(name=agent.email, issuer_name="Deskbell")


def turn_on(agent: Agent, proposal: str, *, password: str, code: str) -> list[str]:
    """Ask for a second factor from now on.

    Args:
        agent: who wants one.
        proposal: what `propose` made.
        password: the agent's.
        code: what the app shows, so that nobody is locked out by a wrong clock.

    Returns:
        The recovery codes; they are nowhere else.

    Raises:
        InvalidInput: password or code is wrong, or there is a second factor already.
    """
    passwords.require(agent, password)
    key = opened(proposal, agent.id)
    with unit_of_work():
        agent = lock_agent(agent.id)
        if is_on(agent.id):
            raise InvalidInput("code", N_("The second factor is on already."))
        if not _accept_app(agent, key, _bare(code)):
            raise _wrong_code()
        agent.sealed_totp = key
        audit.note("agent", agent.id, agent.name, "two_factor", before=False, after=True)
        return _new_codes(agent.id)


def accept(agent_id: int, code: str) -> bool:
    """Whether this code of the app, or this recovery code, stands for the agent. It never does again."""
    with unit_of_work():
        agent, said = lock_agent(agent_id), _bare(code)
        return _accept_app(agent, _key_of(agent), said) or _accept_recovery(agent_id, said)


def turn_off(agent: Agent, *, password: str, code: str) -> None:
    """Ask this agent for no second factor any more. Raises `InvalidInput` if password or code is wrong."""
    passwords.require(agent, password)
    with unit_of_work():
        if not accept(agent.id, code):
            raise _wrong_code()
        reset(agent.id)


def reset(agent_id: int) -> None:
    """Take the second factor of an agent away whose phone and recovery codes are gone."""
    with unit_of_work() as session:
        agent = lock_agent(agent_id)
        if not is_on(agent_id):
            return
        agent.sealed_totp = agent.totp_step = None
        session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
        audit.note("agent", agent.id, agent.name, "two_factor", before=True, after=False)


def renew_codes(agent: Agent, *, password: str, code: str) -> list[str]:
    """New recovery codes; the old ones work no more. Raises `InvalidInput` if password or code is wrong."""
    passwords.require(agent, password)
    with unit_of_work():
        if not accept(agent.id, code):
            raise _wrong_code()
        agent = lock_agent(agent.id)
        audit.note("agent", agent.id, agent.name, "recovery_codes")
        return _new_codes(agent.id)


def codes_left(agent_id: int) -> int:
    """How many of the agent's recovery codes were not used yet."""
    left = select(func.count(RecoveryCode.id)).where(RecoveryCode.agent_id == agent_id, RecoveryCode.used_at.is_(None))
    return db.session().scalar(left) or 0


def _accept_app(agent: Agent, key: str, said: str) -> bool:
    now = int(clock.now().timestamp()) // _STEP_SECONDS
    for step in (now + off for off in _STEPS_OFF):
        # A step from the future was accepted by a clock that has been set right since.
        is_new = agent.totp_step is None or step > agent.totp_step or agent.totp_step > now + max(_STEPS_OFF)
        if key and is_new and compare_digest(pyotp.TOTP(key).generate_otp(step), said):
            agent.totp_step = step
            return True
    return False


def _accept_recovery(agent_id: int, said: str) -> bool:
    code = db.session().scalar(
        select(RecoveryCode).where(
            RecoveryCode.agent_id == agent_id,
            RecoveryCode.code_hash == _digest(agent_id, said),
            RecoveryCode.used_at.is_(None),
        )
    )
    if code is None:
        return False
    code.used_at = clock.now()
    return True


def _new_codes(agent_id: int) -> list[str]:
    session = db.session()
    session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_OF_CODE)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(agent_id=agent_id, code_hash=_digest(agent_id, code)) for code in codes)
    half = _LETTERS_OF_CODE // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def _digest(agent_id: int, code: str) -> str:
    """With the desk's key: fifty bits alone would be found out by trying."""
    return vault.sign(f"recovery code {agent_id} {code}")


def _key_of(agent: Agent) -> str:
    """The app's key; empty for none, and for one that was sealed with another secret key."""
    try:
        return agent.sealed_totp or ""
    except InvalidToken:
        return ""


def _bare(code: str) -> str:
    """A code without what people put between its parts; nothing that no code could be."""
    bare = "".join(code.split()).replace("-", "").casefold()
    return bare if bare.isascii() else ""


def _wrong_code() -> InvalidInput:
    return InvalidInput("code", N_("This code is wrong or was used already. Wait for the next one."))
