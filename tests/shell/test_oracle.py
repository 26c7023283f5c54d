"""The judge of the kill tests can find fault: what it expects of the vendors follows from the log alone."""

from collections.abc import Callable, Iterator

from escalation.core.audit import Kept
from escalation.core.commands import Command
from escalation.core.decide import decide
from escalation.core.facts import ReportDelivery
from escalation.core.state import Escalation
from escalation.core.vocabulary import Failure, Outcome, Severity
from tests.bench.mix import default_policy, lifecycle
from tests.bench.oracle import told


def log(altered: Callable[[Command], Command | None]) -> Iterator[Kept]:
    """The log of a standard lifecycle in which each command was altered so; None leaves it out."""
    state: Escalation | None = None
    for timed in lifecycle(default_policy(), Severity.SEV1):
        command = altered(timed.command)
        if command is not None:
            decision = decide(state, command, timed.at)
            state = decision.state
            yield Kept(decision.sealed.body, decision.sealed.entry, decision.sealed.digest)


def test_every_dispatch_of_a_quiet_log_is_owed_once() -> None:
    """Nothing failed, so each of them must have been taken by a provider, exactly once."""
    found = told(log(lambda command: command))

    assert len(found.expected) > 10
    assert set(found.expected.values()) == {1}
    assert len(found.written) >= 4
    assert (found.doubts, found.failed, found.dropped) == (0, 0, 0)


def test_a_dispatch_whose_fact_never_came_is_still_owed() -> None:
    """Forgetting is not failing."""
    forgotten = told(log(lambda command: None if isinstance(command, ReportDelivery) else command))

    assert forgotten.expected
    assert set(forgotten.expected.values()) == {1}


def test_a_failed_dispatch_is_owed_nothing() -> None:
    """A provider that took it all the same would be found out."""

    def failing(command: Command) -> Command:
        if isinstance(command, ReportDelivery):
            return ReportDelivery(command.number, Outcome.FAILED, failure=Failure.UNREACHABLE)
        return command

    failed = told(log(failing))

    assert 0 in failed.expected.values()
    assert failed.failed == list(failed.expected.values()).count(0)
