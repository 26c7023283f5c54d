"""What Twilio refuses and its OpenAPI file does not say, with the error codes its documentation gives for it.

Sources: docs/api/errors/<code>, docs/iam/test-credentials (the magic numbers), the Messages and Calls resources. Rules
marked *stricter* refuse what the vendor would accept and fail on later.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.parsers import expat

from werkzeug.datastructures import MultiDict

BODY_CHARS_MAX = 1_600
TWIML_CHARS_MAX = 4_000
VALIDITY_SECONDS_MAX = 36_000
RING_SECONDS_MAX = 600
DETECTIONS = ("Enable", "DetectMessageEnd")

BAD_PARAMETER = 20001
ERRORS: Mapping[int, tuple[int, str]] = {
    BAD_PARAMETER: (400, "Bad request"),
    20003: (401, "Authenticate"),
    20008: (403, "Resource not accessible with Test Account Credentials"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL"),
    21210: (400, "'From' phone number not verified"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid 'From' Number"),
    21213: (400, "'From' phone number is required"),
    21214: (400, "'To' phone number cannot be reached"),
    21215: (403, "Account not authorized to call this number: geo permissions"),
    21216: (400, "Account not allowed to call this number"),
    21217: (400, "Phone number does not appear to be valid"),
    21402: (400, "Invalid Url"),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number is not a valid, SMS-capable number for your account"),
    21609: (400, "Invalid 'StatusCallback' URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number is not currently reachable"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21624: (400, "Invalid validity period value"),
}
STATUS_CODES = {429: 20429, 500: 20500, 503: 20503, 404: 20404, 401: 20003}
"""The code that Twilio's body carries for a bare HTTP status."""

MAGIC = "+1500555000"
SMS_MAGIC_FROM = {f"{MAGIC}1": 21212, f"{MAGIC}7": 21606, f"{MAGIC}8": 21611}
SMS_MAGIC_TO = {f"{MAGIC}1": 21211, f"{MAGIC}2": 21612, f"{MAGIC}3": 21408, f"{MAGIC}4": 21610, f"{MAGIC}9": 21614}
MAGIC_FROM = f"{MAGIC}6"
"""The only sender that test credentials may use."""
VOICE_MAGIC_FROM = {f"{MAGIC}1": 21212}
VOICE_MAGIC_TO = {f"{MAGIC}1": 21217, f"{MAGIC}2": 21214, f"{MAGIC}3": 21215, f"{MAGIC}4": 21216}

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,6}|[A-Za-z0-9 ]{1,11}")


def sms_error(form: MultiDict[str, str]) -> tuple[int, str] | None:
    """The first error (code, message) of a message to be created, or None. The contract has not been asked yet."""
    sender = form.get("From", "")
    ranged = _out_of_range(form, "ValidityPeriod", 1, VALIDITY_SECONDS_MAX)
    rules: tuple[tuple[bool, int], ...] = (
        (not form.get("To"), 21604),
        (not _E164.fullmatch(form.get("To", "")), 21211),
        (not sender and not form.get("MessagingServiceSid"), 21603),
        (bool(sender) and not _SENDER.fullmatch(sender), 21212),
        (not any(form.get(field) for field in ("Body", "MediaUrl", "ContentSid")), 21602),
        (len(form.get("Body", "")) > BODY_CHARS_MAX, 21617),
        (ranged, 21624),
        ("StatusCallback" in form and not _is_url(form["StatusCallback"]), 21609),
        (sender in SMS_MAGIC_FROM, SMS_MAGIC_FROM.get(sender, 0)),
        (form.get("To") in SMS_MAGIC_TO, SMS_MAGIC_TO.get(form.get("To", ""), 0)),
    )
    return _first(rules)


def voice_error(form: MultiDict[str, str]) -> tuple[int, str] | None:
    """The first error (code, message) of a call to be created, or None. The contract has not been asked yet."""
    sender, to, twiml = form.get("From", ""), form.get("To", ""), form.get("Twiml")
    rules: tuple[tuple[bool, int], ...] = (
        (not to, 21201),
        (not _E164.fullmatch(to), 21211),
        (not sender, 21213),
        (not _E164.fullmatch(sender), 21212),
        (not any(form.get(field) for field in ("Url", "Twiml", "ApplicationSid")), 21205),
        ("Url" in form and not _is_url(form["Url"]), 21205),
        ("StatusCallback" in form and not _is_url(form["StatusCallback"]), 21205),
        (sender in VOICE_MAGIC_FROM, VOICE_MAGIC_FROM.get(sender, 0)),
        (to in VOICE_MAGIC_TO, VOICE_MAGIC_TO.get(to, 0)),
    )
    if first := _first(rules):
        return first
    if _out_of_range(form, "Timeout", 1, RING_SECONDS_MAX):
        return BAD_PARAMETER, f"Timeout must be between 1 and {RING_SECONDS_MAX} seconds"
    if form.get("MachineDetection", DETECTIONS[0]) not in DETECTIONS:
        return BAD_PARAMETER, f"MachineDetection must be one of {', '.join(DETECTIONS)}"
    if form.get("AsyncAmd", "true").lower() not in {"true", "false"}:
        return BAD_PARAMETER, "AsyncAmd must be true or false"
    if form.get("StatusCallbackMethod", "POST") != "POST":
        return BAD_PARAMETER, "The stand-in posts callbacks only; leave StatusCallbackMethod out"
    if twiml is not None:
        return _twiml_error(twiml)
    return None


def _twiml_error(twiml: str) -> tuple[int, str] | None:
    """Stricter: Twilio takes such a call on, and the person who picks up hears only "an application error"."""
    if len(twiml) > TWIML_CHARS_MAX:
        return BAD_PARAMETER, f"Twiml may have at most {TWIML_CHARS_MAX} characters"
    roots: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: roots.append(name)
    try:
        parser.Parse(twiml, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        return BAD_PARAMETER, f"Twiml is not well-formed XML: {error}"
    return None if roots[0] == "Response" else (BAD_PARAMETER, f"Twiml must begin with <Response>, not <{roots[0]}>")


def _first(rules: tuple[tuple[bool, int], ...]) -> tuple[int, str] | None:
    code = next((code for broken, code in rules if broken), None)
    return None if code is None else (code, ERRORS[code][1])


def _out_of_range(form: MultiDict[str, str], field: str, low: int, high: int) -> bool:
    """Whether a whole number lies outside its bounds; what is no number is left to the contract."""
    text = form.get(field, "")
    return bool(re.fullmatch(r"-?[0-9]{1,12}", text)) and not low <= int(text) <= high


def _is_url(text: str) -> bool:
    """Twilio wants an absolute http(s) URL; host names with underscores are refused."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "_" not in (parts.hostname or "_")
