"""How an agreement writes who is told together, and how long a receipt may take."""

from datetime import timedelta

import pytest

from escalation.core.policy import Also, Settle
from escalation.core.vocabulary import Channel, Severity
from escalation.wire.policy_file import ALSO_MAX
from tests.wire.test_policy import GOOD, faults, frozen, with_change

SETTLE = '{window: "2m", resend: false}'
FIRST = 'window: "15m", backup_after: "5m"'


def also(*written: str) -> str:
    """The good file, whose first step tells others as well."""
    return with_change(FIRST, f"{FIRST}, also: [{', '.join(written)}]")


def test_a_receipt_may_be_waited_for_on_one_channel_and_not_on_another() -> None:
    """Left out, nobody waits; so where the channel is left out altogether."""
    policy = frozen(with_change(SETTLE, '{window: "2m", resend: false, silent_after: "10m"}'))

    minutes = timedelta(minutes=1)
    assert policy.settle(Channel.EMAIL) == Settle(Channel.EMAIL, 2 * minutes, resend=False, silent_after=10 * minutes)
    assert policy.settle(Channel.SMS).silent_after is None
    assert frozen(GOOD).settle(Channel.EMAIL).silent_after is None


@pytest.mark.parametrize("written", ["0s", "soon", "-5s"])
def test_a_time_that_no_receipt_can_keep_is_refused(written: str) -> None:
    """With the line it stands in."""
    (fault,) = faults(with_change(SETTLE, f'{{window: "2m", silent_after: "{written}"}}'))

    assert "settles.email.silent_after (line 51)" in fault


def test_a_step_tells_others_at_the_same_instant() -> None:
    """For the severities that are named, or for all; where nothing is written, nobody else."""
    step, second = frozen(also("{contact: cto, severities: [SEV1]}", "{contact: lead}")).chain("l2").steps

    assert step.also == (Also("cto", (Severity.SEV1,)), Also("lead"))
    assert second.also == ()


def test_so_many_may_be_told_and_no_more() -> None:
    """At the bound, and one beyond it."""
    names = [f"{{contact: person-{number}}}" for number in range(ALSO_MAX + 1)]

    assert len(frozen(also(*names[:-1])).chain("l2").steps[0].also) == ALSO_MAX
    assert "also" in faults(also(*names))[0]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("cto", "chains.l2.steps[0].also[0]"),
        ("{contact: cto, severities: [SEV9]}", "'SEV9'"),
        ("{contact: cto, severities: [SEV1, SEV1]}", "severit"),
        ("{severities: [SEV1]}", "contact"),
    ],
)
def test_a_mistake_in_it_is_one_line(written: str, fault: str) -> None:
    """What is wrong, and where."""
    assert fault in faults(also(written))[0]
