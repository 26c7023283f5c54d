"""The act of telling somebody: claim the dispatch, make the message, hand it over once, write down what came of it.

It never waits and never looks anything up at a provider. Whatever it cannot be sure of it answers as ambiguous; the
rules then tell somebody else at once and look the dispatch up after the settle window. On the last attempt it always
answers, so that nobody waits for an error to be noticed.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from temporalio import activity

from activities.attempts import again, attempt, elapsed, is_last, spare, unanswered
from activities.failures import (
    BLOCKED_CODE,
    BLOCKED_FOR,
    CALLBACK_REFUSED,
    RATE_DELAY_MAX,
    REPORTED,
    FailureClass,
    Verdict,
    classify,
)
from activities.orders import alarm, answerable, order_of
from activities.stores import Answers, PauseStore, WordStore
from escalation.adapters.failpoints import Failpoints
from escalation.adapters.ledger import AlreadyFailed, AlreadySent, Claim, Ledger, LedgerDown, Unfinished, Waiting
from escalation.adapters.pauses import Pause
from escalation.adapters.phrasing import TemplateFault
from escalation.adapters.rendering import Renderer, Words
from escalation.adapters.sending import (
    Accepted,
    AddressBook,
    Answered,
    Attempt,
    Broken,
    Content,
    Outgoing,
    Provider,
    Script,
    Vendor,
)
from escalation.adapters.slack import NoChat
from escalation.core.effects import Notify, text_id
from escalation.core.facts import BUNDLED, TOLD_TWICE, ReportDelivery
from escalation.core.vocabulary import Channel, Failure, Message, Outcome
from workflows.ports import Send

PAGE_LASTS = timedelta(minutes=2)
"""A page that a carrier could not show by then is not shown: somebody else has been told meanwhile."""
NOTICE_LASTS = timedelta(hours=4)
RECORD_TRIES = 3
"""A store that is only busy has its turn for us by then: each try waits for as long as it is given."""
PAGE_WAIT_MAX = timedelta(seconds=10)
"""A page whose provider asks for a longer pause fails at once, so that another channel is tried."""

VENDOR: Mapping[Channel, Vendor] = {
    Channel.EMAIL: "sendgrid",
    Channel.SMS: "twilio",
    Channel.VOICE: "twilio",
    Channel.CHAT: "slack",
}

NEEDS_TEXT = frozenset({Message.CUSTOMER_UPDATE})
"""Messages that are nothing without somebody's words."""

TELLS_STORY = frozenset({Message.PAGE, Message.APPROVAL, Message.RETURNED})
"""Messages whose mail tells what the escalation was handed over with: to whoever is to begin, or to judge."""

ANSWERED = frozenset({Message.PAGE, Message.APPROVAL})
"""Messages that can be answered on a page."""

STORY = "description"
"""The key under which those words are kept."""


@dataclass(frozen=True, slots=True)
class Unsendable:
    """A dispatch that cannot be made into a message. `lasting` is False when another attempt may find it better."""

    failure: Failure
    code: str
    lasting: bool = True


class Notifier:
    """The deed behind `workflows.ports.notify`. Safe to run in many threads."""

    def __init__(  # noqa: PLR0913  # one argument for each thing outside that it touches
        self,
        *,
        ledger: Ledger,
        texts: WordStore,
        book: AddressBook,
        renderer: Renderer,
        mail: Provider,
        phone: Provider,
        failpoints: Failpoints | None = None,
        pauses: PauseStore | None = None,
        answers: Answers | None = None,
        chat: Provider | None = None,
    ) -> None:
        self._ledger = ledger
        self._texts = texts
        self._book = book
        self._renderer = renderer
        self._providers: dict[Channel, Provider] = {Channel.EMAIL: mail, Channel.SMS: phone, Channel.VOICE: phone}
        self._providers[Channel.CHAT] = chat or NoChat()
        self._failpoints = failpoints or Failpoints()
        self._pauses = pauses
        self._answers = answers or Answers()

    # The thread is never interrupted: between a provider's yes and its record, an exception would lose the yes. The act
    # is bounded by its timeouts instead.
    @activity.defn(name="notify", no_thread_cancel_exception=True)
    def notify(self, send: Send) -> ReportDelivery:
        """See `workflows.ports.notify`."""
        began = monotonic()
        report = self._told(send)
        if self._answers.asked is not None:
            # Only now: a chat that hangs must hold up neither a message on another channel nor the record of it.
            self._answers.asked.settle(send.effect, send.at, spare(monotonic() - began))
        return report

    def quiet_until(self, effect: Notify, at: datetime) -> datetime | None:
        """Until when that message does not ring; None: it may."""
        return quiet.until if (quiet := self._answers.hushed(effect, at)) is not None else None

    def _told(self, send: Send) -> ReportDelivery:
        effect = send.effect
        self._failpoints.reach("before_intent")
        try:
            claim = self._ledger.claim(order_of(send))
        except LedgerDown:
            return self._without_ledger(send)
        match claim:
            case AlreadySent(provider_id, _):
                return ReportDelivery(effect.number, Outcome.ACCEPTED, provider_id=provider_id, how="ledger")
            case AlreadyFailed(failure, code):
                return ReportDelivery(effect.number, Outcome.FAILED, failure=failure, code=code, how="ledger")
            case Unfinished():
                return ReportDelivery(effect.number, Outcome.AMBIGUOUS, code="unfinished", how="ledger")
            case Waiting(why):
                return self._waits(send, why)
            case Claim():
                self._failpoints.reach("after_intent")
                if effect.urgent and attempt() > 1 and claim.first:
                    # The attempt before has left no trace: it may have posted while the ledger was away.
                    return ReportDelivery(effect.number, Outcome.AMBIGUOUS, code="no_trace", how="ledger")
                if (quiet := self._answers.hushed(effect, send.at)) is not None:
                    self._freed(claim)
                    return quiet
                return self.hand_over(send, claim)

    def hand_over(self, send: Send, claim: Claim, content: Content | None = None) -> ReportDelivery:
        """With the intent written down: post once, record what is certain. No `content`: it is made of the effect."""
        effect = send.effect
        outgoing = self._outgoing(send, content)
        if isinstance(outgoing, Unsendable):
            return self._unsendable(effect, claim, outgoing)
        if (pause := self._pause(send)) is not None:
            delay = min(pause.until - send.at - elapsed(), RATE_DELAY_MAX)
            verdict = Verdict(FailureClass.RATE_LIMITED, f"paused_{pause.code}", delay)
            return self._surely_not_sent(effect, claim, verdict)
        if not self._ledger.fresh(claim):
            return self._surely_not_sent(effect, claim, Verdict(FailureClass.SAFE_RETRY, "stale_intent"))
        answer = self._post(outgoing)
        if isinstance(answer, Accepted):
            twice = TOLD_TWICE if self._record(claim, answer) else None
            self._failpoints.reach("after_record")
            return ReportDelivery(effect.number, Outcome.ACCEPTED, provider_id=answer.provider_id, code=twice)
        verdict = self._judged(send, answer)
        if verdict.failure_class is FailureClass.AMBIGUOUS:
            return ReportDelivery(effect.number, Outcome.AMBIGUOUS, code=verdict.code)
        if verdict.failure_class in {FailureClass.SAFE_RETRY, FailureClass.RATE_LIMITED}:
            return self._surely_not_sent(effect, claim, verdict)
        return self._fail(effect, claim, REPORTED[verdict.failure_class], verdict.code)

    def _waits(self, send: Send, why: str) -> ReportDelivery:
        """It is told with others soon. What cannot be told on this channel at all does not wait there."""
        effect = send.effect
        self._failpoints.reach("after_waiting")
        try:
            quiet = self._answers.hushed(effect, send.at)
            if quiet is not None and self._ledger.withdraw(effect.dispatch, None, None):
                return quiet
            found = self._outgoing(send)
            hopeless = found if isinstance(found, Unsendable) and found.lasting else None
            if hopeless and self._ledger.withdraw(effect.dispatch, hopeless.failure, hopeless.code):
                return ReportDelivery(effect.number, Outcome.FAILED, failure=hopeless.failure, code=hopeless.code)
        except LedgerDown:
            activity.logger.warning("dispatch %s waits, and nobody knows whether it can be sent", effect.dispatch)
        return ReportDelivery(effect.number, Outcome.ACCEPTED, code=why, how=BUNDLED)

    def _without_ledger(self, send: Send) -> ReportDelivery:
        """A page's first attempt goes out unledgered. Anything later might repeat it, and anything else can wait."""
        effect = send.effect
        if not effect.urgent:
            if is_last():
                return ReportDelivery(effect.number, Outcome.FAILED, failure=Failure.UNREACHABLE, code="ledger_down")
            raise unanswered("LedgerDown", effect.dispatch)
        if attempt() > 1:
            if is_last():
                return ReportDelivery(effect.number, Outcome.AMBIGUOUS, code="ledger_down", how="unledgered")
            raise unanswered("LedgerDown", effect.dispatch)
        outgoing = self._outgoing(send)
        if isinstance(outgoing, Unsendable):
            return ReportDelivery(
                effect.number, Outcome.FAILED, failure=outgoing.failure, code=outgoing.code, how="unledgered"
            )
        answer = self._post(outgoing)
        if isinstance(answer, Accepted):
            self._record_unledgered(send, answer)
            return ReportDelivery(effect.number, Outcome.ACCEPTED, provider_id=answer.provider_id, how="unledgered")
        verdict = self._judged(send, answer)
        failure = REPORTED.get(verdict.failure_class)
        outcome = Outcome.AMBIGUOUS if failure is None else Outcome.FAILED
        return ReportDelivery(effect.number, outcome, failure=failure, code=verdict.code, how="unledgered")

    def _post(self, outgoing: Outgoing) -> Attempt:
        """Once; a second time only when the vendor has refused nothing but our address for callbacks.

        What becomes of it is then asked for, as of any dispatch of which no receipt comes.
        """
        answer = self._post_once(outgoing)
        if isinstance(answer, Answered) and answer.code in CALLBACK_REFUSED and outgoing.calls_back:
            alarm(outgoing.dispatch, outgoing.channel, classify(answer, outgoing.dispatch, attempt()))
            answer = self._post_once(replace(outgoing, calls_back=False))
        self._failpoints.reach("after_post")
        return answer

    def _judged(self, send: Send, answer: Answered | Broken) -> Verdict:
        """What the answer means. Whatever no retry mends, an operator hears of."""
        effect = send.effect
        verdict = classify(answer, effect.dispatch, attempt())
        activity.logger.warning("dispatch %s: %s (%s)", effect.dispatch, verdict.failure_class, verdict.code)
        if verdict.alarming:
            alarm(effect.dispatch, effect.channel, verdict)
        if effect.channel is Channel.EMAIL and verdict.code == BLOCKED_CODE and self._pauses is not None:
            try:
                self._pauses.close(effect.channel, send.at + elapsed() + BLOCKED_FOR, verdict.code)
            except LedgerDown:
                activity.logger.warning("%s stays open: the ledger cannot be reached", effect.channel)
        return verdict

    def _pause(self, send: Send) -> Pause | None:
        if self._pauses is None:
            return None
        try:
            return self._pauses.at(send.effect.channel, send.at + elapsed())
        except LedgerDown:
            return None  # better one refused request than one page that is not tried

    def _post_once(self, outgoing: Outgoing) -> Attempt:
        provider = self._providers[outgoing.channel]
        try:
            return provider.send(outgoing)
        except Exception as error:  # noqa: BLE001  # a bug after the intent: nobody knows what was posted
            return Broken(VENDOR[outgoing.channel], posted=True, why=type(error).__name__)

    def _outgoing(self, send: Send, content: Content | None = None) -> Outgoing | Unsendable:
        """The message with its address, or why there is none."""
        effect, brief = send.effect, send.effect.brief
        try:
            # A customer's id given as a person's, or the reverse: nothing that is written inside may leave the house.
            meant = self._book.is_customer(effect.contact) is effect.message.startswith("customer_")
            address = self._book.address(effect.contact, effect.channel, send.at) if meant else None
            name = self._book.name(effect.contact, send.at)
            known = Words(
                title=None,
                text=None,
                name=name,
                customer=self._book.name(brief.customer, send.at) if brief.customer else None,
                owner=self._book.name(brief.owner, send.at) if brief.owner else None,
                reader=self._book.reader(effect.contact, send.at),
            )
        except Exception as error:  # noqa: BLE001  # whatever a directory raises, it could not be asked
            return Unsendable(Failure.UNREACHABLE, f"directory_{type(error).__name__}", lasting=False)
        if address is None:
            return Unsendable(Failure.NO_ADDRESS, f"no_{effect.channel}")
        if self._turned_off(effect):
            return Unsendable(Failure.OPTED_OUT, "opted_out")
        words = self._words(effect, known) if content is None else known
        if isinstance(words, Unsendable):
            return words
        try:
            content = content or self._made(send, words)
        except TemplateFault as fault:
            activity.logger.error("dispatch %s: %s", effect.dispatch, fault)  # one line, no traceback
            return Unsendable(Failure.CONTENT, "template")
        return Outgoing(
            dispatch=effect.dispatch,
            reference=brief.reference,
            severity=brief.severity,
            channel=effect.channel,
            to=address,
            name=name,
            content=content,
            at=send.at,
            lasts=PAGE_LASTS if effect.urgent else NOTICE_LASTS,
            contact=effect.contact,
            episode=brief.episode,
            reply_to=self._answers.ways.reply_to(effect.dispatch) if answerable(effect) else None,
        )

    def _made(self, send: Send, words: Words) -> Content:
        """What the channel carries, with the ways back to us. A call whose words cannot be kept is told them."""
        effect = send.effect
        if effect.message in ANSWERED and effect.channel in self._answers.linked:
            words = replace(words, link=self._answers.ways.page(effect.dispatch))

        def rendered(words: Words) -> Content:
            return self._renderer.render(effect.message, effect.channel, effect.brief, words, effect.dispatch, send.at)

        if self._answers.scripts is None or effect.channel is not Channel.VOICE:
            return rendered(words)
        script = rendered(replace(words, keypad=True))
        try:
            assert isinstance(script, Script)  # noqa: S101  # what a call carries
            self._answers.scripts.keep(effect.dispatch, script)
        except LedgerDown:
            return rendered(words)
        return replace(script, kept=True)

    def _turned_off(self, effect: Notify) -> bool:
        """Whether the person has said so. Who cannot be asked about is written to: the carrier knows it as well."""
        if self._answers.optouts is None:
            return False
        try:
            return effect.channel in self._answers.optouts.off(effect.contact)
        except LedgerDown:
            return False

    def _words(self, effect: Notify, known: Words) -> Words | Unsendable:
        """What is known, with title, text and story.

        A page goes out without its title; a customer never gets a message with a hole in it.
        """
        try:
            title = self._texts.read(effect.brief.title.id)
            text = None if effect.text is None else self._texts.read(effect.text.id)
            told = effect.message in TELLS_STORY and effect.channel is Channel.EMAIL
            story = self._texts.read(text_id(effect.brief.reference, effect.brief.episode, STORY)) if told else None
        except LedgerDown:
            if effect.urgent:
                return known
            return Unsendable(Failure.UNREACHABLE, "texts_down", lasting=False)
        if text is None and effect.message in NEEDS_TEXT:
            return Unsendable(Failure.CONTENT, "text_missing")
        return replace(known, title=title, text=text, description=story)

    def _unsendable(self, effect: Notify, claim: Claim, reason: Unsendable) -> ReportDelivery:
        if reason.lasting:
            return self._fail(effect, claim, reason.failure, reason.code)
        return self._surely_not_sent(effect, claim, Verdict(FailureClass.SAFE_RETRY, reason.code))

    def _surely_not_sent(self, effect: Notify, claim: Claim, verdict: Verdict) -> ReportDelivery:
        """Free the row and ask for another attempt; on the last one, or when a page may not wait so long, fail."""
        patient = not (effect.urgent and verdict.delay > PAGE_WAIT_MAX)
        if is_last() or not patient:
            return self._fail(effect, claim, REPORTED[verdict.failure_class], verdict.code)
        self._freed(claim)
        delay = verdict.delay if verdict.failure_class is FailureClass.RATE_LIMITED else None
        raise again(verdict.failure_class.value, verdict.code, delay)

    def _freed(self, claim: Claim) -> None:
        try:
            self._ledger.release(claim)
        except LedgerDown:
            activity.logger.warning("dispatch %s: not released, so the next attempt is ambiguous", claim.dispatch)

    def _fail(self, effect: Notify, claim: Claim, failure: Failure, code: str) -> ReportDelivery:
        try:
            self._ledger.failed(claim, failure, code)
        except LedgerDown:
            activity.logger.warning("dispatch %s: its failure is not in the ledger", effect.dispatch)
        return ReportDelivery(effect.number, Outcome.FAILED, failure=failure, code=code)

    def _record(self, claim: Claim, answer: Accepted) -> bool:
        """Whether it is the second of that dispatch, which people hear of.

        An acceptance that cannot be recorded is still one; the row stays open until a receipt or a look-up.
        """
        for _ in range(RECORD_TRIES):
            with suppress(LedgerDown):
                if twice := self._ledger.sent(claim, answer.provider_id):
                    activity.logger.error("dispatch %s: accepted twice", claim.dispatch)
                    activity.metric_meter().create_counter("escalation_accepted_twice").add(1)
                return twice
        activity.logger.warning("dispatch %s: accepted, not in the ledger", claim.dispatch)
        return False

    def _record_unledgered(self, send: Send, answer: Accepted) -> None:
        try:
            self._ledger.unledgered(order_of(send), answer.provider_id)
        except LedgerDown:
            activity.logger.warning("dispatch %s: sent unledgered", send.effect.dispatch)
