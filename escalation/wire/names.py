"""Every name that another process may write down: a rename here breaks running escalations and is never made."""

from datetime import datetime

from temporalio.common import SearchAttributeKey

WORKFLOW = "Escalation"
TASK_QUEUE = "escalations"  # workflows, and the acts that talk to our own stores
EMAIL_QUEUE = "escalations-email"  # each provider has its own queue, so that its rate limit holds back nobody else
TWILIO_QUEUE = "escalations-phone"  # texts, and every question about texts and calls
CHAT_QUEUE = "escalations-chat"  # messages in the chat, and every question about them
VOICE_QUEUE = "escalations-voice"  # calls alone: an account may dial one in a second

BUNDLE_WORKFLOW = "Bundle"
SIGNAL_GATHER = "gather"

READINESS_WORKFLOW = "Readiness"
READINESS_SCHEDULE = "readiness-weekly"

UPDATE_OPEN = "open"
UPDATE_COMMAND = "command"
SIGNAL_APPROVE = "approve"
SIGNAL_REJECT = "reject"
SIGNAL_FACT = "fact"
QUERY_VIEW = "view"
QUERY_TIMELINE = "timeline"

MEMO_EPISODE = "episode"
NOT_OPEN = "is not open"  # so ends the answer to a look at what never opened

PHASE = SearchAttributeKey.for_keyword("EscPhase")
SEVERITY = SearchAttributeKey.for_keyword("EscSeverity")
ROUTE = SearchAttributeKey.for_keyword("EscRoute")
TEAM = SearchAttributeKey.for_keyword("EscTeam")
CUSTOMER = SearchAttributeKey.for_keyword("EscCustomer")
OWNER = SearchAttributeKey.for_keyword("EscOwner")
EPISODE = SearchAttributeKey.for_keyword("EscEpisode")
NEXT_DUE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("EscNextDue")
BREACHED = SearchAttributeKey.for_bool("EscBreached")
LEFT_ALONE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("EscLeftAlone")  # until then
SEARCH_ATTRIBUTES = (PHASE, SEVERITY, ROUTE, TEAM, CUSTOMER, OWNER, EPISODE, NEXT_DUE, BREACHED, LEFT_ALONE)
