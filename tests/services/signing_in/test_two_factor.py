"""The second factor: each code counts once, a little late or early, and paper stands in for a phone."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
import time_machine
from flask import Flask

from extensions import db, vault
from models import Agent, RecoveryCode
from services import clock
from services.errors import InvalidInput
from services.signing_in import two_factor
from tests import factories as make
from tests.browsing import PASSWORD


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


class Phone:
    """Somebody's app for one-time codes."""

    def __init__(self, key: str) -> None:
        self._codes = pyotp.TOTP(key)

    def code(self, seconds: int = 0) -> str:
        """What it shows so many seconds from now."""
        return self._codes.at(clock.now() + timedelta(seconds=seconds))


def turned_on(agent: Agent) -> tuple[Phone, list[str]]:
    """The agent's phone and recovery codes; turning it on uses up the code of a minute ago."""
    proposal = two_factor.propose(agent.id)
    phone = Phone(two_factor.opened(proposal, agent.id))
    return phone, two_factor.turn_on(agent, proposal, password=PASSWORD, code=phone.code(-30))


def test_it_is_off_until_a_code_of_the_phone_was_seen(ann: Agent) -> None:
    proposal = two_factor.propose(ann.id)
    with pytest.raises(InvalidInput) as refused:
        two_factor.turn_on(ann, proposal, password=PASSWORD, code="000000")
    assert (refused.value.field, two_factor.is_on(ann.id)) == ("code", False)
    turned_on(ann)
    assert two_factor.is_on(ann.id)


def test_turning_it_on_takes_the_password(ann: Agent) -> None:
    proposal = two_factor.propose(ann.id)
    code = Phone(two_factor.opened(proposal, ann.id)).code()
    with pytest.raises(InvalidInput) as refused:
        two_factor.turn_on(ann, proposal, password="wrong", code=code)
    assert (refused.value.field, two_factor.is_on(ann.id)) == ("current", False)


@pytest.mark.parametrize("proposal", ["", "guess"])
def test_only_a_key_that_was_proposed_counts(ann: Agent, proposal: str) -> None:
    with pytest.raises(InvalidInput):
        two_factor.opened(proposal, ann.id)


def test_a_key_that_was_proposed_to_somebody_else_does_not_count(ann: Agent) -> None:
    with pytest.raises(InvalidInput):
        two_factor.opened(two_factor.propose(make.agent("Bob").id), ann.id)


def test_it_is_not_turned_on_twice(ann: Agent) -> None:
    turned_on(ann)
    with pytest.raises(InvalidInput):
        turned_on(ann)


@pytest.mark.parametrize(("seconds", "counts"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_code_counts_a_step_early_and_a_step_late(ann: Agent, seconds: int, counts: bool) -> None:
    now = clock.now().replace(second=0, microsecond=0)
    with time_machine.travel(now, tick=False):
        phone, _ = turned_on(ann)
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        assert two_factor.accept(ann.id, phone.code(seconds)) is counts


def test_a_code_counts_once_and_none_before_it_any_more(ann: Agent) -> None:
    now = clock.now().replace(second=0, microsecond=0)
    with time_machine.travel(now, tick=False):
        phone, _ = turned_on(ann)
        assert not two_factor.accept(ann.id, phone.code(-30))
        assert two_factor.accept(ann.id, phone.code(30))
        assert not two_factor.accept(ann.id, phone.code(30))
        assert not two_factor.accept(ann.id, phone.code())


def test_spaces_are_no_part_of_a_code(ann: Agent) -> None:
    phone, _ = turned_on(ann)
    code = phone.code()
    assert two_factor.accept(ann.id, f" {code[:3]} {code[3:]} ")


@pytest.mark.parametrize("code", ["", "000000", "٠٠٠٠٠٠", "x" * 200, "\0"])
def test_what_is_no_code_does_not_count(ann: Agent, code: str) -> None:
    assert not two_factor.accept(ann.id, code)
    turned_on(ann)
    assert not two_factor.accept(ann.id, code)


def test_each_recovery_code_counts_once_however_it_is_written(ann: Agent) -> None:
    _, codes = turned_on(ann)
    assert len(set(codes)) == two_factor.RECOVERY_CODES
    assert two_factor.accept(ann.id, codes[0].upper().replace("-", " "))
    assert not two_factor.accept(ann.id, codes[0])
    assert two_factor.accept(ann.id, codes[1])
    assert two_factor.codes_left(ann.id) == two_factor.RECOVERY_CODES - 2


def test_recovery_codes_are_another_agents_nothing(ann: Agent) -> None:
    bob = make.agent("Bob")
    _, codes = turned_on(ann)
    turned_on(bob)
    assert not two_factor.accept(bob.id, codes[0])


def test_neither_key_nor_codes_can_be_read_in_the_database(ann: Agent) -> None:
    proposal = two_factor.propose(ann.id)
    key = two_factor.opened(proposal, ann.id)
    codes = two_factor.turn_on(ann, proposal, password=PASSWORD, code=Phone(key).code())
    sealed = db.session.scalar(db.text("SELECT sealed_totp FROM agent WHERE id = :id").bindparams(id=ann.id))
    kept = db.session.scalars(db.select(RecoveryCode.code_hash)).all()
    assert key not in str(sealed)
    assert not {code.replace("-", "") for code in codes} & set(kept)


def test_new_recovery_codes_void_the_old_ones(ann: Agent) -> None:
    phone, old = turned_on(ann)
    new = two_factor.renew_codes(ann, password=PASSWORD, code=phone.code())
    assert not two_factor.accept(ann.id, old[0])
    assert two_factor.accept(ann.id, new[0])


@pytest.mark.parametrize(("password", "code"), [("wrong", True), (PASSWORD, False)])
def test_new_recovery_codes_take_both_factors(ann: Agent, password: str, code: bool) -> None:
    phone, old = turned_on(ann)
    with pytest.raises(InvalidInput):
        two_factor.renew_codes(ann, password=password, code=phone.code() if code else "000000")
    assert two_factor.accept(ann.id, old[0])


@pytest.mark.parametrize(("password", "code"), [("wrong", True), (PASSWORD, False)])
def test_turning_it_off_takes_both_factors(ann: Agent, password: str, code: bool) -> None:
    phone, _ = turned_on(ann)
    with pytest.raises(InvalidInput):
        two_factor.turn_off(ann, password=password, code=phone.code() if code else "000000")
    assert two_factor.is_on(ann.id)


@pytest.mark.parametrize("by", ["phone", "paper"])
def test_turned_off_nothing_of_it_is_left(ann: Agent, by: str) -> None:
    phone, codes = turned_on(ann)
    two_factor.turn_off(ann, password=PASSWORD, code=phone.code() if by == "phone" else codes[0])
    assert (two_factor.is_on(ann.id), two_factor.codes_left(ann.id)) == (False, 0)
    assert not two_factor.accept(ann.id, codes[1])


def test_under_another_secret_key_no_code_counts_and_a_reset_still_works(app: Flask, ann: Agent) -> None:
    phone, codes = turned_on(ann)
    vault.unlock("another secret key that nobody has told")
    try:
        assert not two_factor.accept(ann.id, phone.code())
        assert not two_factor.accept(ann.id, codes[0])
        two_factor.reset(ann.id)
    finally:
        vault.unlock(app.config["SECRET_KEY"])
    assert not two_factor.is_on(ann.id)
