"""The commands as people type them: exit status, what is printed where, one clear line when something is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest

from config import Settings
from models import Access
from services.attendance import custom_statuses
from services.attendance.custom_statuses import Custom
from services.signing_in import passwords, two_factor
from services.team import access_levels, agents
from tests import databases
from tests.opening import opened
from tests.vendors.chatra import ChatraSimulator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NOBODY_LISTENS = "http://127.0.0.1:9"
ANN = ["agent", "create", "--email", "ann@desk.example", "--name", "Ann", "--password", "correct horse"]
CHATRA = ["integration", "connect", "chatra"]
LIST = ["integration", "list"]
CHECK = ["integration", "check"]

Run = subprocess.CompletedProcess[str]
Command = Callable[..., Run]


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty database; `furnished` makes it one that was set up, which spares the test the migrations."""
    make = getattr(request, "param", databases.empty)
    with make(tmp_path) as database:
        yield database


furnished = pytest.mark.parametrize("database", [databases.furnished], ids=["furnished"], indirect=True)


@pytest.fixture
def flask(tmp_path: Path, database: dict[str, str]) -> Command:
    """Runs `flask …` on a data directory of the test's own, which is empty at first."""

    def run(*arguments: str, **environ: str) -> Run:
        given = {"DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **database}
        command = [sys.executable, "-m", "flask", *arguments]
        return subprocess.run(command, env=given | environ, cwd=ROOT, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    with ChatraSimulator() as simulator:
        yield simulator


def keys(chatra: ChatraSimulator) -> list[str]:
    """The options that name the simulated account."""
    return ["--public-key", chatra.keys.public, "--secret-key", chatra.keys.secret]


def refused(run: Run) -> str:
    """The one line with which a command refuses; its status is not zero and nothing stands on stdout."""
    assert run.returncode != 0
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line


def rows(run: Run) -> list[list[str]]:
    """What `integration list` shows: number, kind, name, group, state, last heard, set aside, webhook address."""
    assert (run.returncode, run.stderr) == (0, "")
    return [line.split("\t") for line in run.stdout.splitlines()]


class TestAgentCreate:
    def test_on_an_empty_directory_makes_an_agent_who_can_sign_in_at_once(
        self, flask: Command, tmp_path: Path, database: dict[str, str]
    ) -> None:
        made = flask(*ANN)
        assert made.returncode == 0
        assert made.stdout == "Ann can sign in as ann@desk.example.\n"
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            agent = agents.authenticate("ann@desk.example", "correct horse")
        assert agent is not None
        assert (agent.name, agent.is_admin) == ("Ann", False)

    @furnished
    @pytest.mark.parametrize(
        ("option", "value", "line"),
        [
            ("--password", "short", "Error: password: Use at least 8 characters."),
            ("--email", "ann", "Error: email: Enter an e-mail address such as name@example.com."),
            ("--name", " ", "Error: name: Enter a name."),
        ],
    )
    def test_says_in_one_line_what_cannot_be_taken(self, flask: Command, option: str, value: str, line: str) -> None:
        changed = list(ANN)
        changed[changed.index(option) + 1] = value
        assert refused(flask(*changed)) == line

    def test_says_all_that_cannot_be_taken_at_once_and_makes_nothing(self, flask: Command, tmp_path: Path) -> None:
        run = flask("agent", "create", "--email", "ann", "--name", " ", "--password", "short")
        assert refused(run) == (
            "Error: email: Enter an e-mail address such as name@example.com. "
            "name: Enter a name. password: Use at least 8 characters."
        )
        assert not (tmp_path / "deskbell.sqlite3").exists()

    @furnished
    def test_refuses_an_address_that_somebody_has_whatever_its_case(self, flask: Command) -> None:
        assert flask(*ANN).returncode == 0
        again = [word.replace("ann@", "ANN@") for word in ANN]
        assert refused(flask(*again)) == "Error: email: An agent with this e-mail address exists already."

    @furnished
    def test_gives_the_access_that_its_options_say(
        self, flask: Command, tmp_path: Path, database: dict[str, str]
    ) -> None:
        made = flask(*ANN, "--group", "Sales", "--group", "Billing", "--without-channel", "live_chat")
        assert (made.returncode, made.stderr) == (0, "")
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            ann = agents.authenticate("ann@desk.example", "correct horse")
            assert ann is not None
            level = access_levels.of(ann)
            assert (level.access, list(level.groups.values())) == (Access.GROUPS, [["live_chat"]] * 2)

    @furnished
    @pytest.mark.parametrize("access", [Access.FULL, Access.LIMITED, Access.VIEW_ONLY])
    def test_takes_the_access_levels_by_the_names_that_the_docs_use(
        self, flask: Command, tmp_path: Path, database: dict[str, str], access: Access
    ) -> None:
        made = flask(*ANN, "--access", str(access))
        assert (made.returncode, made.stderr) == (0, "")
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            ann = agents.authenticate("ann@desk.example", "correct horse")
            assert ann is not None
            assert ann.access == access

    @furnished
    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (["--access", "full", "--group", "Sales"], "--group goes with --access groups."),
            (["--access", "limited", "--without-channel", "live_chat"], "does not go with --access limited."),
            (["--without-channel", "pigeon_post"], "There is no channel pigeon_post."),
            (["--access", "groups"], "Choose at least one group."),
            (["--access", "half"], "'half' is not one of 'full', 'groups', 'limited', 'view-only'."),
        ],
    )
    def test_refuses_access_that_makes_no_sense_and_makes_nobody(
        self, flask: Command, tmp_path: Path, database: dict[str, str], words: list[str], line: str
    ) -> None:
        run = flask(*ANN, *words)
        assert (run.returncode != 0, line in run.stderr) == (True, True), run.stderr
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            assert agents.authenticate("ann@desk.example", "correct horse") is None

    @pytest.mark.parametrize("option", ["--email", "--name", "--password"])
    def test_names_the_option_that_is_missing(self, flask: Command, option: str) -> None:
        place = ANN.index(option)
        run = flask(*ANN[:place], *ANN[place + 2 :])
        assert run.returncode != 0
        assert run.stderr.splitlines()[-1] == f"Error: Missing option '{option}'."


@furnished
class TestAgentStatus:
    def test_shows_and_sets_it_as_by_hand(self, flask: Command, tmp_path: Path, database: dict[str, str]) -> None:
        assert flask(*ANN).returncode == 0
        assert flask("agent", "status", "ann@desk.example").stdout == "offline\n"
        run = flask("agent", "status", "ANN@desk.example", "without-chats")
        assert (run.returncode, run.stdout) == (0, "without-chats\n")
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            custom_statuses.create(Custom("Long lunch", "none", "none"))
        assert flask("agent", "status", "ann@desk.example", "long lunch").stdout == "Long lunch\n"
        assert flask("agent", "status", "ann@desk.example").stdout == "Long lunch\n"

    def test_refuses_what_nothing_is_called(self, flask: Command) -> None:
        assert flask(*ANN).returncode == 0
        for words, line in (
            (["ann@desk.example", "asleep"], "There is no status asleep. There are: online, offline, without-chats."),
            (["bob@desk.example", "online"], "There is no agent bob@desk.example, or they may not sign in."),
        ):
            run = flask("agent", "status", *words)
            assert (run.returncode, refused(run)) == (2, f"Error: {line}")


@furnished
class TestAgentPassword:
    def test_prints_a_link_that_works_once(self, flask: Command, tmp_path: Path, database: dict[str, str]) -> None:
        assert flask(*ANN).returncode == 0
        run = flask("agent", "password", "ann@desk.example", PUBLIC_URL="https://desk.example")
        link, _, word = run.stdout.strip().rpartition("/")
        assert (run.returncode, link) == (0, "https://desk.example/password")
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            assert passwords.choose_by_link(word, "battery staple")
            assert not passwords.choose_by_link(word, "battery staple")
            assert agents.authenticate("ann@desk.example", "battery staple") is not None

    def test_says_whom_it_does_not_know(self, flask: Command) -> None:
        line = "Error: There is no agent bob@desk.example, or they may not sign in."
        assert refused(flask("agent", "password", "bob@desk.example")) == line


@furnished
class TestAgentTwoFactor:
    def test_turns_it_off_for_whoever_has_lost_everything(
        self, flask: Command, tmp_path: Path, database: dict[str, str]
    ) -> None:
        assert flask(*ANN).returncode == 0
        assert flask("agent", "two-factor", "ann@desk.example").stdout == "off\n"
        with opened(Settings.from_environ({"DATA_DIR": str(tmp_path), **database})):
            ann = agents.authenticate("ann@desk.example", "correct horse")
            assert ann is not None
            proposal = two_factor.propose(ann.id)
            code = pyotp.TOTP(two_factor.opened(proposal, ann.id)).now()
            two_factor.turn_on(ann, proposal, password="correct horse", code=code)
        assert flask("agent", "two-factor", "ann@desk.example").stdout == "on\n"
        assert flask("agent", "two-factor", "ann@desk.example", "--off").stdout == "off\n"


@furnished
class TestIntegrationConnectChatra:
    def test_prints_the_webhook_address_and_nothing_else(self, flask: Command, chatra: ChatraSimulator) -> None:
        run = flask(*CHATRA, *keys(chatra), CHATRA_API_URL=chatra.url, PUBLIC_URL="https://help.example.com")
        assert (run.returncode, run.stderr) == (0, "")
        (address,) = run.stdout.splitlines()
        assert address.startswith("https://help.example.com/hooks/chatra/")
        assert rows(flask(*LIST, PUBLIC_URL="https://help.example.com"))[-1] == [
            "2",
            "chatra",
            "Chatra",
            "Support",
            "connected",
            "never",
            "0",
            address,
        ]

    def test_refuses_keys_that_chatra_refuses_and_keeps_nothing(self, flask: Command, chatra: ChatraSimulator) -> None:
        wrong = ["--public-key", chatra.keys.public, "--secret-key", "wrong"]
        line = refused(flask(*CHATRA, *wrong, CHATRA_API_URL=chatra.url))
        assert "Chatra" in line
        assert "wrong" not in line
        assert [kind for _, kind, *_ in rows(flask(*LIST))] == ["widget"]

    def test_connects_with_a_warning_while_chatra_cannot_be_reached(self, flask: Command) -> None:
        run = flask(*CHATRA, "--public-key", "p", "--secret-key", "s", CHATRA_API_URL=NOBODY_LISTENS)
        assert run.returncode == 0
        reason = "but its keys are not checked yet: Chatra could not be reached."
        assert run.stderr == f"Chatra is connected, number 2, {reason}\n"
        assert run.stdout.count("\n") == 1
        assert "/hooks/chatra/" in run.stdout
        assert rows(flask(*LIST))[-1][4] == "unchecked"

    def test_connects_several_accounts_by_names_of_their_own(self, flask: Command, chatra: ChatraSimulator) -> None:
        for name in (["--name", "Shop DE"], ["--name", "Shop FR"], [], []):
            another = chatra.another_account()
            pair = ["--public-key", another.public, "--secret-key", another.secret]
            flask(*CHATRA, *pair, *name, CHATRA_API_URL=chatra.url)
        assert [row[2] for row in rows(flask(*LIST))[1:]] == ["Shop DE", "Shop FR", "Chatra", "Chatra 2"]
        assert refused(flask(*CHATRA, *keys(chatra), "--name", " ")) == "Error: name: Enter a name."

    def test_refuses_an_account_that_is_connected_and_says_as_what(
        self, flask: Command, chatra: ChatraSimulator
    ) -> None:
        flask(*CHATRA, *keys(chatra), "--name", "Shop", CHATRA_API_URL=chatra.url)
        line = refused(flask(*CHATRA, *keys(chatra), CHATRA_API_URL=chatra.url))
        assert line == "Error: public_key: This account is connected already, as Shop."

    def test_makes_a_group_that_is_missing_only_if_it_is_told_to(self, flask: Command, chatra: ChatraSimulator) -> None:
        sales = [*CHATRA, *keys(chatra), "--group", "Sales"]
        line = "Error: There is no group Sales. There are: Support. With --make-group it is made."
        assert refused(flask(*sales, CHATRA_API_URL=chatra.url)) == line
        flask(*sales, "--make-group", CHATRA_API_URL=chatra.url)
        assert rows(flask(*LIST))[-1][3] == "Sales"

    def test_refuses_a_group_without_a_name(self, flask: Command, chatra: ChatraSimulator) -> None:
        assert "group" in refused(flask(*CHATRA, *keys(chatra), "--group", " ", CHATRA_API_URL=chatra.url)).lower()

    @pytest.mark.parametrize("option", ["--public-key", "--secret-key"])
    def test_names_the_option_that_is_missing(self, flask: Command, chatra: ChatraSimulator, option: str) -> None:
        given = keys(chatra)
        place = given.index(option)
        run = flask(*CHATRA, *given[:place], *given[place + 2 :])
        assert run.returncode != 0
        assert run.stderr.splitlines()[-1] == f"Error: Missing option '{option}'."


@furnished
class TestIntegrationCheck:
    """Beside a desk that runs: tests/flows/test_integration_commands.py."""

    def test_says_point_by_point_what_the_vendor_answers(self, flask: Command, chatra: ChatraSimulator) -> None:
        flask(*CHATRA, *keys(chatra), CHATRA_API_URL=chatra.url)
        visitor = chatra.visitor_says(None, "Hi", name="Maria").client_id
        run = flask(*CHECK, "chatra", "--visitor", visitor, CHATRA_API_URL=chatra.url)
        assert (run.returncode, run.stderr) == (0, "")
        *points, sum_ = run.stdout.splitlines()
        assert points[0] == "agrees       §1.1  whether the keys are taken: yes"
        assert "agrees       §1.7  where the name stands: displayedName, info.name, integrationData.name" in points
        assert re.fullmatch(r"agrees: \d+, differs: 0, not settled: \d+", sum_)

    def test_says_in_one_line_why_it_cannot(self, flask: Command) -> None:
        flask(*CHATRA, "--public-key", "p", "--secret-key", "s", CHATRA_API_URL=NOBODY_LISTENS)
        for words, line in (
            (["Chaport"], "There is no integration Chaport. There are: Website chat, Chatra."),
            (["Website chat"], "Website chat is our own live chat: there is no vendor to ask."),
            (["2"], "Chatra could not be reached."),
            (["2", "--send"], "Nobody has written through Chatra yet: name a visitor with --visitor."),
            (["2", "--send", "--visitor", "a", "--agent", "bob@desk.example"], "There is no agent bob@desk.example"),
            (["2", "--record", "/"], "/ is there already"),
            (["2", "--record", "/nowhere/chatra.json"], "There is no folder /nowhere."),
        ):
            assert refused(flask(*CHECK, *words, CHATRA_API_URL=NOBODY_LISTENS)).startswith(f"Error: {line}")

    def test_wants_the_number_where_a_name_fits_several(self, flask: Command) -> None:
        for key in ("p", "q"):
            pair = ["--public-key", key, "--secret-key", "s", "--name", "Chatra"]
            flask(*CHATRA, *pair, CHATRA_API_URL=NOBODY_LISTENS)
        line = "Error: Several integrations are called Chatra. Name one by its number: 2, 3."
        assert refused(flask(*CHECK, "Chatra", CHATRA_API_URL=NOBODY_LISTENS)) == line


def test_a_fresh_desk_lists_its_own_live_chat(flask: Command) -> None:
    run = flask(*LIST)
    assert run.stdout == "1\twidget\tWebsite chat\tSupport\tconnected\tnever\t0\t\n"


@pytest.mark.sqlite("the file tells whether there was a database")
@pytest.mark.parametrize("command", [LIST, ANN], ids=lambda command: command[0])
def test_a_command_that_makes_a_new_desk_says_where_and_says_it_once(
    flask: Command, tmp_path: Path, command: list[str]
) -> None:
    assert flask(*command).stderr == f"A new desk was made in {tmp_path}.\n"
    assert flask(*LIST).stderr == ""


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["agent", "create", "--help"], ["--email", "--name", "--password", "--admin"]),
        (["agent", "create", "--help"], ["--access", "--group", "--without-channel"]),
        (["agent", "status", "--help"], ["online, offline, without-chats"]),
        (["agent", "password", "--help"], ["--ask"]),
        (["agent", "two-factor", "--help"], ["--off"]),
        ([*CHATRA, "--help"], ["--public-key", "--secret-key", "--group", "--name"]),
        ([*LIST, "--help"], ["Number, kind, name, group, state"]),
        ([*CHECK, "--help"], ["--send", "--visitor", "--agent", "--yes", "--wait", "--record", "--force"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_help_tells_what_a_command_takes_and_touches_nothing(
    flask: Command, tmp_path: Path, command: list[str], told: list[str]
) -> None:
    run = flask(*command)
    assert (run.returncode, run.stderr) == (0, "")
    assert [word for word in told if word not in run.stdout] == []
    assert not (tmp_path / "deskbell.sqlite3").exists()


@pytest.mark.parametrize("command", [LIST, ["up"]], ids=lambda command: command[0])
def test_a_setting_that_cannot_be_used_is_told_in_one_line(flask: Command, command: list[str]) -> None:
    assert refused(flask(*command, PORT="x")) == "Error: PORT is 'x': a whole number from 1 to 65535."
