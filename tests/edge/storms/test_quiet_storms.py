"""A storm that reaches into somebody's quiet hours: what may ring does, and is behind nothing that may not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.stores import Answers
from escalation.adapters.bundles import together
from escalation.adapters.ledger import State
from escalation.adapters.sending import Accepted, Broken, ShortMessage
from escalation.adapters.throttles import GATHERED
from escalation.core.vocabulary import Channel, Message, Severity
from tests.edge.sending.fakes import Vendor, run
from tests.edge.storms.desk import Desk, told
from workflows.ports import Gather, Gathered

Make = Callable[..., Desk]
EVENING = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
MORNING = EVENING + timedelta(hours=9)
NIGHT = EVENING + timedelta(hours=1)
BEFORE = EVENING - timedelta(minutes=1)


class Quiet:
    """Nothing but SEV1 rings between evening and morning; there is no silent channel."""

    def quiet_until(self, person: str, severity: Severity | None, at: datetime) -> datetime | None:
        return MORNING if severity is not Severity.SEV1 and EVENING <= at < MORNING else None

    def address(self, contact: str, channel: Channel, at: datetime | None = None) -> str | None:
        return None


@pytest.fixture
def quiet(desk: Make) -> Callable[[Vendor], Desk]:
    """A desk that knows of quiet hours."""
    return lambda vendor: desk(vendor, "sms=2/15m", Answers(quiet=Quiet()))


def digest(desk: Desk) -> None:
    """Two SEV3 notices that wait when the quiet hours begin."""
    desk.say(told(9, severity=Severity.SEV3), BEFORE)
    assert all(desk.waits(told(number, severity=Severity.SEV3), BEFORE) for number in (10, 11))


def look(desk: Desk, at: datetime) -> Gathered:
    return run(desk.bundling.send_bundle, Gather("primary", Channel.SMS, at))


def last(vendor: Vendor) -> str:
    content = vendor.sent[-1].content
    assert isinstance(content, ShortMessage)
    return content.body


def test_a_digest_waits_for_the_morning(quiet: Make) -> None:
    """It is claimed by no message meanwhile."""
    one = quiet(vendor := Vendor())
    digest(one)

    assert look(one, NIGHT) == Gathered(wake=MORNING)
    assert one.bundles.unfinished("primary", Channel.SMS) is None
    one.play(MORNING)
    assert last(vendor).startswith("Support escalations: 2 escalations need attention. P3 11 10.")


def test_what_may_ring_at_night_is_not_behind_it(quiet: Make) -> None:
    """The gravest stands first in the one message, and it rings once for all of them."""
    one = quiet(vendor := Vendor())
    digest(one)
    assert look(one, NIGHT) == Gathered(wake=MORNING)
    one.say(told(20, severity=Severity.SEV1), NIGHT)
    grave = told(21, severity=Severity.SEV1)
    assert one.waits(grave, NIGHT)
    look(one, NIGHT)

    assert "P1 21; P3 11 10" in last(vendor)
    assert one.row(grave).state is State.SENT


def test_a_page_that_rings_by_itself_rings_in_a_list_too(quiet: Make) -> None:
    """What asks somebody for something is not hushed; notices of any severity come after it."""
    one = quiet(vendor := Vendor())
    digest(one)
    one.say(told(20, message=Message.PAGE), NIGHT)
    pages = [told(number, message=Message.PAGE) for number in (21, 22)]
    assert all(one.waits(page, NIGHT) for page in pages)
    look(one, NIGHT)

    assert "P2 22 21; P3 11 10" in last(vendor)


def test_what_was_surely_not_sent_before_they_began_is_taken_back(quiet: Make) -> None:
    """Else that message would be finished first in the morning, and all that rings would be behind it until then."""
    one = quiet(vendor := Vendor(Accepted("SM1"), Broken("twilio", posted=False, why="Refused")))
    digest(one)
    with pytest.raises(ApplicationError):
        look(one, BEFORE + GATHERED)
    assert look(one, NIGHT) == Gathered(wake=NIGHT)
    assert look(one, NIGHT) == Gathered(wake=MORNING)
    one.say(told(20, severity=Severity.SEV1), NIGHT)
    assert one.waits(told(21, severity=Severity.SEV1), NIGHT)
    one.play(NIGHT)

    assert "P1 21; P3 11 10" in last(vendor)
    assert one.bundles.all_waiting() == ()


def test_one_alone_that_was_surely_not_sent_waits_again_too(quiet: Make) -> None:
    """It is told under its own name, and its own row is what waits; in the morning the same one goes out."""
    one = quiet(vendor := Vendor(Accepted("SM1"), Broken("twilio", posted=False, why="Refused")))
    one.say(told(9, severity=Severity.SEV3), BEFORE)
    notice = told(10, severity=Severity.SEV3)
    assert one.waits(notice, BEFORE)
    with pytest.raises(ApplicationError):
        look(one, BEFORE + GATHERED)
    one.play(NIGHT, until=MORNING - timedelta(seconds=1))

    assert (one.row(notice).state, len(one.bundles.all_waiting())) == (State.BUNDLED, 1)
    one.play(MORNING)
    assert one.row(notice).state is State.SENT
    assert vendor.sent[-1].dispatch == notice.dispatch


def test_who_was_too_late_claims_nothing_of_what_was_taken_back(quiet: Make) -> None:
    """A worker that was thought dead still holds what it read."""
    one = quiet(Vendor(Accepted("SM1"), Broken("twilio", posted=False, why="Refused")))
    digest(one)
    with pytest.raises(ApplicationError):
        look(one, BEFORE + GATHERED)
    message = one.bundles.unfinished("primary", Channel.SMS)
    assert message is not None

    assert one.bundles.take_back(message.dispatch)
    assert not one.bundles.take_back(message.dispatch)
    assert one.bundles.claim_again(together(message.entries), NIGHT) is None
    assert len(one.bundles.waiting("primary", Channel.SMS)) == 2
