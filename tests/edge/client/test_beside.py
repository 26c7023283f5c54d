"""Bringing a second party in: which number it gets, what a repeated call mends, and that nothing is half-done."""

from dataclasses import dataclass, field, replace

import pytest

from escalation.client.beside import Beside
from escalation.core import commands as say
from escalation.core.beside import LINKS_MAX, Attach, ChangeContact, Link, Linked
from escalation.core.refusals import Refusal
from escalation.core.vocabulary import Ask, Phase, Severity
from escalation.wire.messages import Answer, HandedFile, View
from escalation.wire.outcomes import Ended, Refused
from escalation.wire.requests import BadInput, EscalationRequest, episode_of
from escalation.wire.second import SecondParty
from tests.edge.cli.terminal import VIEW

SECOND = SecondParty("any-to-leadership", Ask.DECIDE, "the renewal is at risk")
REF = VIEW.reference


@dataclass
class Desk(Beside):
    """An engine that remembers what was opened and said; what is said may fail."""

    first: View = VIEW
    episodes: dict[str, str] = field(default_factory=dict)
    started: list[EscalationRequest] = field(default_factory=list)
    sent: list[tuple[str, say.Instructable, str | None, str | None]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)  # references that somebody takes at the same moment
    refuses: Exception | None = None  # what the first one answers to a link
    start_fails: Exception | None = None

    async def start(self, request: EscalationRequest) -> Answer:
        if self.start_fails is not None:
            raise self.start_fails
        if request.reference in self.taken:
            raise Refused(Refusal.ALREADY_OPEN, {}, request.reference)
        self.started.append(request)
        self.episodes[request.reference] = request.episode
        return Answer(request.reference, request.episode, 1, Phase.IN_TRANSFER)

    async def view(self, ref: str) -> View:
        return replace(self.first, reference=ref)

    async def latest_episode(self, ref: str) -> str | None:
        return self.episodes.get(ref)

    async def send(
        self, ref: str, command: say.Instructable, key: str | None = None, *, words: str | None = None
    ) -> Answer:
        if isinstance(command, Link) and self.refuses is not None:
            raise self.refuses
        self.sent.append((ref, command, key, words))
        return Answer(ref, "e1", 8, Phase.ACTIVE)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_second_party_is_opened_as_the_first_is(desk: Desk) -> None:
    """Ticket, customer, severity, deadline, agreement and customer contact are the first's; then both are linked."""
    answer = await desk.link(REF.lower(), SECOND, by="amira", key="k")
    request = desk.started[0]

    assert (answer.reference, request.linked_to) == (f"{REF}.2", Linked(REF, VIEW.episode))
    assert (request.ticket, request.customer, request.customer_contact) == (VIEW.ticket, "acme", "tala")
    assert (request.severity, request.deadline, request.policy) == (VIEW.severity, VIEW.deadline, VIEW.policy)
    assert (request.title, request.restricted) == (SECOND.reason, False)
    assert desk.sent == [(REF, Link("amira", f"{REF}.2", request.episode, SECOND.reason), "k", None)]


async def test_what_is_said_of_the_second_party_goes_first(desk: Desk) -> None:
    """Its own title, severity and restriction; a reason that is too long for a title is cut there."""
    await desk.link(REF, SECOND._replace(title="Credit?", severity=Severity.SEV3, restricted=True), by="amira")
    await desk.link(REF, SECOND._replace(reason="r" * 300), by="amira")

    assert (desk.started[0].title, desk.started[0].severity, desk.started[0].restricted) == ("Credit?", "SEV3", True)
    assert desk.started[1].title == "r" * 199 + "…"


async def test_a_restricted_case_stays_restricted(desk: Desk) -> None:
    """Whoever is brought in."""
    desk.first = replace(VIEW, restricted=True)
    await desk.link(REF, SECOND, by="amira")

    assert desk.started[0].restricted


async def test_a_number_is_never_used_twice(desk: Desk) -> None:
    """Those opened before, ended or not, keep theirs; one that is taken at the same moment is stepped over."""
    desk.episodes = {f"{REF}.2": "other"}
    desk.taken = [f"{REF}.3"]

    assert (await desk.link(REF, SECOND, by="amira", key="k")).reference == f"{REF}.4"


async def test_the_same_key_finds_its_own_and_links_it_back(desk: Desk) -> None:
    """Opened before, whatever came before it; linked already, nothing is said again."""
    episode = episode_of(f"{REF}.3", "k")
    desk.episodes = {f"{REF}.2": "other", f"{REF}.3": episode}
    answer = await desk.link(REF, SECOND, by="amira", key="k")
    assert (answer.reference, len(desk.sent)) == (f"{REF}.3", 1)

    desk.first = replace(VIEW, links=(Linked(f"{REF}.3", episode),), phase=Phase.CLOSED)
    await desk.link(REF, SECOND, by="amira", key="k")
    assert len(desk.sent) == 1


async def test_a_number_that_the_engine_has_forgotten_is_linked_anew(desk: Desk) -> None:
    """Its earlier episode is over and gone by retention: the new one is another, and the first hears of it."""
    desk.first = replace(VIEW, links=(Linked(f"{REF}.2", "gone", Phase.CLOSED),))
    await desk.link(REF, SECOND, by="amira", key="k")

    assert [said for _, said, _, _ in desk.sent] == [
        Link("amira", f"{REF}.2", episode_of(f"{REF}.2", "k"), SECOND.reason)
    ]


async def test_there_are_so_many_numbers_and_no_more(desk: Desk) -> None:
    """The last one is given away, then it is refused."""
    desk.episodes = {f"{REF}.{number}": "other" for number in range(2, LINKS_MAX + 1)}
    assert (await desk.link(REF, SECOND, by="amira")).reference == f"{REF}.{LINKS_MAX + 1}"

    with pytest.raises(Refused) as refused:
        await desk.link(REF, SECOND, by="amira")
    assert refused.value.reason is Refusal.TOO_MANY


@pytest.mark.parametrize(
    ("first", "refusal"),
    [
        (replace(VIEW, linked_to=Linked("INC-0", "e0")), Refusal.LINKED_ITSELF),
        (replace(VIEW, phase=Phase.CLOSED), Refusal.ENDED),
    ],
)
async def test_beside_some_nobody_is_brought_in(desk: Desk, first: View, refusal: Refusal) -> None:
    """Beside a linked one, and beside one that is over: nothing is opened."""
    desk.first = first
    with pytest.raises(Refused) as refused:
        await desk.link(REF, SECOND, by="amira")

    assert (refused.value.reason, desk.started) == (refusal, [])


@pytest.mark.parametrize("no", [Ended(REF, None), Refused(Refusal.TOO_MANY, {}, REF)], ids=["ended", "refused"])
async def test_a_second_party_that_the_first_cannot_take_is_called_off(desk: Desk, no: Exception) -> None:
    """It ended in between: nothing stays half-done, and the reason is given."""
    desk.refuses = no
    with pytest.raises(type(no)):
        await desk.link(REF, SECOND, by="amira", key="k")

    assert desk.sent == [(f"{REF}.2", say.Cancel("amira", f"{REF} took no link"), "k", None)]


async def test_a_link_that_is_there_already_is_as_good(desk: Desk) -> None:
    """Somebody repeated the call meanwhile."""
    desk.refuses = Refused(Refusal.NO_CHANGE, {}, REF)

    assert (await desk.link(REF, SECOND, by="amira")).reference == f"{REF}.2"


async def test_a_start_that_is_refused_is_refused(desk: Desk) -> None:
    """An unknown route, say: nothing is linked."""
    desk.start_fails = Refused(Refusal.UNKNOWN_ROUTE, {}, f"{REF}.2")
    with pytest.raises(Refused) as refused:
        await desk.link(REF, SECOND, by="amira")

    assert (refused.value.reason, desk.sent) == (Refusal.UNKNOWN_ROUTE, [])


@pytest.mark.parametrize(("ref", "reason"), [(REF, " "), ("R" * 63, "r")], ids=["no reason", "no room for a number"])
async def test_what_cannot_be_asked_is_not_sent(desk: Desk, ref: str, reason: str) -> None:
    """One line, before anything is opened."""
    with pytest.raises(BadInput):
        await desk.link(ref, SECOND._replace(reason=reason), by="amira")

    assert desk.started == []


@dataclass
class Shelf:
    """Keeps what it is given, in order."""

    kept: list[bytes] = field(default_factory=list)

    def keep(self, content: bytes) -> HandedFile:
        self.kept.append(content)
        return HandedFile("", "ab" * 32, len(content), "text/plain")


async def test_files_and_the_contact_are_commands_as_any(desk: Desk) -> None:
    """The bytes are kept first, then told by reference; the name goes with the words, without its folders."""
    desk.files = shelf = Shelf()
    await desk.attach(REF, b"abc", name="C:\\logs\\console.txt", by="amira", key="a")
    assert shelf.kept == [b"abc"]
    await desk.change_contact(REF, by="amira", to="tala", reason="leave", key="c")

    assert desk.sent == [
        (REF, Attach("amira", "ab" * 32, 3, "text/plain"), "a", "console.txt"),
        (REF, ChangeContact("amira", "tala", "leave"), "c", None),
    ]


async def test_without_a_store_no_file_is_told_of(desk: Desk) -> None:
    """A reference to bytes that nobody has helps nobody: one line, and nothing is sent."""
    with pytest.raises(BadInput, match="no attachment store"):
        await desk.attach(REF, b"abc", name="console.txt", by="amira")

    assert desk.sent == []
