"""Whose machine an address names: this one, or a messaging vendor's."""

from ipaddress import ip_address
from urllib.parse import urlsplit

SLACK_DOMAINS = ("slack.com", "slack-gov.com")
VENDOR_DOMAINS = ("sendgrid.com", "sendgrid.net", "twilio.com", *SLACK_DOMAINS)
"""Whose hosts reach real people; development needs to be told that this is meant."""


def is_loopback(url: str) -> bool:
    """Whether the address is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        return False


def is_vendors(url: str) -> bool:
    """Whether the address is a messaging vendor's own."""
    return _within(url, VENDOR_DOMAINS)


def is_slacks(url: str) -> bool:
    """Whether the address is Slack's own."""
    return _within(url, SLACK_DOMAINS)


def _within(url: str, domains: tuple[str, ...]) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
