"""The escalation document: all that a receiver needs to begin, every field typed, so that the customer repeats nothing.

Every field may be open here. Which ones must be filled, and why, is the receiving route's to say (`packages`), so that
everything missing is listed at once. Source: the escalation document (title to attachments), its seven rules for a
reproduction, its six dimensions of impact and its five packages; the checklist of the escalation procedures.
"""

from typing import Annotated, Literal

from pydantic import Field

from escalation.wire.document_fields import (
    ACTIONS_MAX,
    ATTACHMENTS_MAX,
    COMMITMENTS_MAX,
    Amount,
    Bytes,
    Count,
    Digest,
    FileName,
    HowUrgent,
    Instant,
    Kind,
    Length,
    Level,
    Likelihood,
    Line,
    Lines,
    LinesOrNone,
    LinkOrId,
    MediaType,
    OneAsk,
    OrNone,
    Part,
    Percent,
    PersonName,
    Sla,
    Text,
    Title,
    Viewers,
    WayRound,
    YesOrNo,
    asked,
    measured,
)

VERSION = "1"


class Reported(Part):
    by: PersonName | None = asked("Who reported it first, at the customer or among us.", "Lena Vogt, Acme")
    at: Instant | None = asked("When it was reported, with its time zone.", "2026-01-12T09:05+01:00")
    in_queue: Length | None = asked("How long the ticket has waited in the queue: 2h30m.", "2h30m")


class Breadth(Part):
    customers: Annotated[Count | None, measured("write how many customers")] = asked(
        "How many customers are affected.", 14
    )
    share_percent: Annotated[Percent | None, measured("write how many in a hundred")] = asked(
        "Which share of all customers that is, in whole percent; 0 is less than one.", 3
    )
    users: Annotated[Count | None, measured("write how many end users")] = asked(
        "How many end users are affected.", 900
    )
    names: Lines | None = asked("Customers by name, where it matters.", ["Acme", "Globex"])
    growing: YesOrNo | None = asked("Whether the number grows: true or false.", sample=True)


class Depth(Part):
    blocked: Annotated[Count | None, measured("write how many customers cannot work at all")] = asked(
        "How many of these customers are fully blocked; the others are merely hampered.", 12
    )
    workaround: WayRound | None = asked("Whether they can go on meanwhile: none, partial or full.", "partial")


class Span(Part):
    since: Instant | None = asked("When it began.", "2026-01-12T08:40+01:00")
    critical_at: Instant | None = asked("When it becomes critical, if nothing is done.", "2026-01-13T00:00+01:00")


class Revenue(Part):
    exposure: Amount | None = asked("Revenue that is exposed: an amount a year, 0 when none is.", None)
    deals: Annotated[Count | None, measured("write how many deals")] = asked("How many deals in the pipeline wait.", 2)
    deals_worth: Amount | None = asked("What these deals are worth together.", None)


class Reputation(Part):
    posts: Annotated[Count | None, measured("write how many posts or enquiries")] = asked(
        "How many public posts and press enquiries there are so far.", 1
    )
    reference_accounts: Annotated[Count | None, measured("write how many reference accounts")] = asked(
        "How many reference accounts are among the affected.", 1
    )


class Contract(Part):
    terms_violated: Annotated[Count | None, measured("write how many terms")] = asked(
        "How many contract terms are violated already.", 0
    )
    penalty: Amount | None = asked("Contractual penalties that apply or are near.", None)


class Impact(Part):
    """What it does to the business, in numbers along the six dimensions."""

    effect: Line | None = asked("What is broken for them, in one line.", "Nobody can export invoices to accounting.")
    sla: Sla | None = asked("Where the SLA stands: compliant, at_risk or breached.", "at_risk")
    breadth: Breadth | None = asked("Breadth: how far it reaches.", None)
    depth: Depth | None = asked("Depth: how badly it hurts.", None)
    duration: Span | None = asked("Duration: since when, and until when it can be borne.", None)
    revenue: Revenue | None = asked("Revenue: what is exposed.", None)
    reputation: Reputation | None = asked("Reputation: who may hear of it.", None)
    contractual: Contract | None = asked("Contractual: what was promised on paper.", None)


class Frequency(Part):
    failed: Annotated[Count | None, measured("write in how many attempts it failed")] = asked(
        "In how many attempts it failed.", 5
    )
    tried: Annotated[Count | None, measured("write how many attempts were made")] = asked(
        "How many attempts were made.", 5
    )
    condition: Line | None = asked("The condition under which it fails, if only then.", "Only with over 500 invoices.")


class Reproduction(Part):
    """The seven rules: baseline, exact actions, literal inputs, environment, frequency, evidence, eliminations."""

    baseline: Line | None = asked(
        "The state to begin in: account type, configuration, permissions.", "Plan Business, role Accountant, EU region."
    )
    steps: Lines | None = asked(
        "Exact actions, one a line.",
        ["Open Reports, view Invoices.", "Select the button Export CSV in the upper right corner."],
    )
    inputs: LinesOrNone | None = asked(
        "Values, ids and strings exactly as used, or none.", ["From 2025-12-01 to 2025-12-31", "Account 48211"]
    )
    expected: Line | None = asked("What should happen.", "A file invoices.csv with 731 rows is downloaded.")
    observed: Line | None = asked("What happens instead.", "The page shows: Export failed (E-1042).")
    environment: Line | None = asked(
        "Browser and version, system, plan, feature flags.",
        "Chrome 142 on Windows 11, plan Business, flag new-export on",
    )
    frequency: Frequency | None = asked("How often it fails.", None)
    evidence: Lines | None = asked(
        "Exact error text, or the attachment that shows it.", ["E-1042 export worker timed out", "console.txt, line 12"]
    )
    eliminations: LinesOrNone | None = asked(
        "What was ruled out, or none.", ["Fails in Safari 26, too.", "Fails on staging and in production."]
    )


class Action(Part):
    did: Line = Field(description="What was tried.", examples=["Restarted the export worker."])
    outcome: Line = Field(description="What came of it.", examples=["Two exports passed, then it failed again."])
    at: Instant | None = asked("When, with its time zone, if known.", "2026-01-12T10:40+01:00")


Actions = Annotated[tuple[Action, ...], Field(strict=False, max_length=ACTIONS_MAX), OrNone()]


class Commitment(Part):
    what: Line = Field(description="What the customer was promised.", examples=["An answer about the cause."])
    by: Instant = Field(description="By when.", examples=["2026-01-12T15:00+01:00"])


Commitments = Annotated[tuple[Commitment, ...], Field(strict=False, max_length=COMMITMENTS_MAX), OrNone()]


class Communication(Part):
    updated_at: Instant | None = asked("When the customer last heard from us.", "2026-01-12T11:30+01:00")
    update: Line | None = asked("What we said.", "The cause is being looked for; the next word comes by 13:30.")
    expectation: Line | None = asked(
        "What the customer believes will happen, and by when.", "Exports work again before the books close at midnight."
    )
    commitments: Commitments | None = asked("Every promise of a time that the customer has from us, or none.", None)
    risk: Likelihood | None = asked("How likely the customer goes over our heads: low, medium or high.", "high")


class Wanted(Part):
    ask: OneAsk | None = asked("Exactly one of investigate, fix, decide, approve_exception.", "fix")
    what: Line | None = asked("The precise ask in one line.", "Make the export finish for accounts over 500 invoices.")
    deadline: Instant | None = asked("The hard deadline, with its time zone.", "2026-01-12T22:00+01:00")


class Attachment(Part):
    """A reference: the bytes lie elsewhere, and the digest says whether they are still the same."""

    name: FileName = Field(description="The file's name.", examples=["console.txt"])
    bytes: Bytes = Field(description="Its size in bytes.", examples=[20480])
    media_type: MediaType = Field(description="Its media type.", examples=["text/plain"])
    sha256: Digest = Field(description="SHA-256 of its bytes, in hex.", examples=["5d" * 32])
    at: LinkOrId = Field(
        description="Where it lies: a link or an id.", examples=["https://files.example/INC-7/console"]
    )
    visibility: Viewers = Field(description="Who may open it: customer, internal or restricted.", examples=["internal"])


Attachments = Annotated[tuple[Attachment, ...], Field(strict=False, max_length=ATTACHMENTS_MAX), OrNone()]


class Context(Part):
    customer: Line | None = asked(
        "Who the customer is: plan, history, what they went through.",
        "Business since 2021, two exports lost in autumn.",
    )
    tickets: Lines | None = asked("Tickets about the same.", ["INC-5", "INC-6"])
    links: Lines | None = asked("Pages that help: dashboards, articles, status.", ["https://status.example/export"])
    threads: Lines | None = asked("Where we discuss it internally.", ["https://chat.example/export-outage"])


class UseCase(Part):
    story: Text | None = asked(
        "The use case, told from the customer's side.", "Accountants export all invoices monthly."
    )
    requests: Annotated[Count | None, measured("write how many requests")] = asked("How often it was asked for.", 23)
    over_days: Annotated[Count | None, measured("write over how many days")] = asked("Over how many days that was.", 90)
    competition: Line | None = asked(
        "What competitors offer here, if known.", "Two competitors export in the background."
    )
    deals: Annotated[Count | None, measured("write how many deals")] = asked("How many deals depend on it.", 3)


class Finding(Part):
    observations: Lines | None = asked(
        "What was seen, with times; no guesses.", ["07:58Z: 31 sign-ins to account 48211 from one address."]
    )
    affected: Lines | None = asked("Parties and systems affected.", ["Acme, account 48211", "sign-in service"])
    containment: LinesOrNone | None = asked(
        "What was done to contain it, or none.", ["Sessions of 48211 ended at 08:10Z."]
    )
    urgency: HowUrgent | None = asked("How urgent: immediate, standard or optional.", "immediate")


class Intervention(Part):
    context: Text | None = asked(
        "The whole business context: who, how much, how it came to this.",
        "Acme renews in March and is our reference in retail. This is the third failed export in four months.",
    )
    decision: Line | None = asked("The one decision that is needed.", "Do we credit January to keep the renewal?")
    options: Lines | None = asked(
        "What can be chosen, with its price.", ["Credit January", "Credit nothing, offer a call"]
    )


class Dispute(Part):
    claim: Line | None = asked("What the customer claims.", "December was charged twice.")
    amount: Amount | None = asked("The amount in dispute.", None)
    papers: Lines | None = asked("Invoices, contracts and letters by number or link.", ["Invoice 2025-12-0815"])


class EscalationDocument(Part):
    """An escalation on paper. Fields that are None were left open; an empty list says "none"."""

    version: Literal["1"] = Field(description="Version of this form.", examples=[VERSION])
    route: PersonName = Field(description="Where it goes: a route of the policy.", examples=["l2-to-engineering"])
    title: Title | None = asked("What is wrong, in one line.", "CSV export fails for large accounts")
    severity: Level | None = asked("SEV1 to SEV4; P1 to P4 and Critical to Low mean the same.", "SEV2")
    nature: Kind | None = asked("defect, infrastructure, gap, incident, dispute, relationship or question.", "defect")
    restricted: YesOrNo | None = asked("Whether only those may see it who need to know: true or false.", sample=False)
    reported: Reported | None = asked("Who reported it, and when.", None)
    impact: Impact | None = asked("Business impact, in numbers.", None)
    narrative: Text | None = asked(
        "Three to five sentences: what happens, since when, how it shows, how far it reaches.",
        "CSV exports of large accounts fail with E-1042. It began with release 4.12. "
        "The export worker times out after 60 seconds. Accounts over 500 invoices are affected, 14 so far.",
    )
    reproduction: Reproduction | None = asked("How to see it happen.", None)
    actions: Actions | None = asked("What was tried, each with its outcome, or none.", None)
    communication: Communication | None = asked("Where we stand with the customer.", None)
    request: Wanted | None = asked("What the receiver shall do.", None)
    attachments: Attachments | None = asked("Logs, screenshots and recordings by reference, or none.", None)
    context: Context | None = asked("What else is known, and where.", None)
    goal: Line | None = asked("What the customer wants to achieve.", "Close the books of December tonight.")
    product: UseCase | None = asked("For Product: the use case.", None)
    security: Finding | None = asked("For Security: what was seen.", None)
    leadership: Intervention | None = asked("For Leadership: what must be decided.", None)
    dispute: Dispute | None = asked("For Finance and Legal: what is claimed.", None)
