"""Limits hold on a server as well, where many count at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from escalation.adapters.bundles import Bundles
from escalation.adapters.ledger import Claim, Ledger, Order, Waiting
from escalation.adapters.store import open_store
from escalation.adapters.throttles import read_throttles
from escalation.core.vocabulary import Channel, Message
from tests.edge.samples import NOW
from tests.edge.storms.desk import told

AT_ONCE = 12
LIMITS = read_throttles("sms=8/15m")


def order(number: int) -> Order:
    effect = told(number, message=Message.PAGE)
    brief = effect.brief
    return Order(
        effect.dispatch, brief.reference, effect.contact, effect.channel, effect.message, NOW, brief.episode,
        effect.number, effect,
    )  # fmt: skip


def test_of_many_at_once_no_more_than_the_limit_go_out(database: Callable[[str], str]) -> None:
    """Whoever counts waits for whoever counted before; what is beyond the limit waits, and is claimed once."""
    engine = open_store(database("ledger"), timedelta(seconds=5))
    ledger = Ledger(engine, throttles=LIMITS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ledger.claim, [order(number) for number in range(10, 10 + AT_ONCE)]))

    assert sum(isinstance(answer, Claim) for answer in answers) == 6
    assert answers.count(Waiting("sms 8/15m")) == AT_ONCE - 6
    bundles = Bundles(engine, ledger, LIMITS)
    waiting = bundles.waiting("primary", Channel.SMS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        claims = list(pool.map(lambda _: bundles.claim(waiting, NOW), range(AT_ONCE)))
    assert sum(isinstance(claim, Claim) for claim in claims) == 1
    assert bundles.waiting("primary", Channel.SMS) == ()
    engine.dispose()
