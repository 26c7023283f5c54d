"""What a step may say instead of a name: everyone of a list, whoever's turn it is, somebody's manager or contact.

`everyone:LIST` asks all members of a team, or all who take turns in a schedule, at once. `round-robin:LIST` asks the
one of them who has waited longest. `manager-of:WHO` is one step up the reporting line of a person, of a role's holder
or of a list's lead, and may be nested. `contact-of:CUSTOMER` is who looks after that customer. Who it is now, the
directory says; only `owner` and `customer` are known to the escalation alone, and stand for its own.
"""

EVERYONE, ROUND_ROBIN, LINE_OF, CONTACT_OF = "everyone", "round-robin", "manager-of", "contact-of"
FORMS = (EVERYONE, ROUND_ROBIN, LINE_OF, CONTACT_OF)
OWNER, CUSTOMER = "owner", "customer"
NESTING_MAX = 5
"""Steps of one reporting line in one name."""


def parted(contact: str) -> tuple[str, str]:
    """What is asked of whom: ("everyone", "platform"); for a plain name ("", the name)."""
    form, colon, rest = contact.partition(":")
    return (form, rest) if colon else ("", contact)


def placed(contact: str, owner: str, customer: str) -> str:
    """The same, with this escalation's own owner and customer in place of the words for them."""
    form, rest = parted(contact)
    if form == LINE_OF:
        return f"{form}:{owner if rest == OWNER else placed(rest, owner, customer)}"
    return f"{form}:{customer}" if (form, rest) == (CONTACT_OF, CUSTOMER) else contact
