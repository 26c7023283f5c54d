"""The parts of a policy file that people read and no clock obeys: who does what, who is asked, when it is reviewed."""

from typing import Annotated

from pydantic import Field

from escalation.core.vocabulary import Severity
from escalation.wire.written_words import Label, LengthOrAtOnce, Name, Sentence, Sentences, Written

MATRIX_MAX = 100
ACTIONS_MAX = 10
LEVELS_MAX = 10


class WrittenCase(Written):
    """One row of the escalation matrix: this kind of issue goes there, after that long."""

    issue: Sentence
    severity: Severity
    sender: Annotated[Label, Field(alias="from")]
    after: LengthOrAtOnce
    route: str
    contact: Name
    actions: Annotated[tuple[Sentence, ...], Field(max_length=ACTIONS_MAX)] = ()


class WrittenLevel(Written):
    """One level of the model: who works there, what they may decide, when it is asked and how.

    Clocks follow the chain; its steps name their levels.
    """

    label: Label
    who: Sentence
    authority: Sentences = ()
    when: Sentences = ()
    how: Sentence | None = None


class WrittenResponsibilities(Written):
    """What each side does at one severity, who hears of it, and who may decide."""

    support: Sentence | None = None
    success: Sentence | None = None
    engineering: Sentence | None = None
    notification: Sentence | None = None
    authority: Sentence | None = None


class WrittenReview(Written):
    """When the agreement is looked at again, what makes that happen at once, and by which figures."""

    cadence: Sentence
    immediate_on: Sentences = ()
    measures: Sentences = ()
