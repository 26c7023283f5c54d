"""Whose machine an address names: this one, or a messaging vendor's; and which of them an installation may write to."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Vendor:
    """A messaging vendor: its own address, whose hosts are its own, and what is set for it."""

    name: str
    api: str
    domains: tuple[str, ...]
    base_setting: str
    key_setting: str


SENDGRID = Vendor(
    "SendGrid", "https://api.sendgrid.com", ("sendgrid.com",), "ESCALATION_SENDGRID_BASE_URL",
    "ESCALATION_SENDGRID_API_KEY",
)  # fmt: skip
TWILIO = Vendor(
    "Twilio", "https://api.twilio.com", ("twilio.com",), "ESCALATION_TWILIO_BASE_URL", "ESCALATION_TWILIO_ACCOUNT_SID"
)
SLACK = Vendor(
    "Slack", "https://slack.com/api", ("slack.com", "slack-gov.com"), "ESCALATION_SLACK_BASE_URL",
    "ESCALATION_SLACK_BOT_TOKEN",
)  # fmt: skip
VENDOR_DOMAINS = (*SENDGRID.domains, "sendgrid.net", *TWILIO.domains, *SLACK.domains)
"""Whose hosts reach real people; development needs to be told that this is meant."""


def refusal(vendor: Vendor, base: str, *, has_key: bool, production: bool, meant: bool = False) -> str | None:
    """Why nothing is written to that vendor at `base`, in one line; None when it may be.

    Production writes to the vendor's own hosts, with its key. Development writes to anybody's hosts but a vendor's,
    unless that is `meant`. Neither sends a key in the open, except to this machine.
    """
    if production and not _within(base, vendor.domains):
        where = "this machine" if is_loopback(base) else f"not {vendor.name}"
        return f"{vendor.base_setting}: {base!r} is {where}; production posts to {vendor.api}: unset it"
    if production and not has_key:
        return f"{vendor.key_setting} is not set, and {vendor.base_setting} is {base!r}; set both, or neither"
    if has_key and not is_private(base) and not is_loopback(base):
        return f"{vendor.base_setting}: {base!r} would show the account's key to everybody; write https://…"
    if not production and not meant and is_vendors(base):
        return (
            f"{base} reaches real people, and ESCALATION_ENVIRONMENT is development: unset {vendor.key_setting} to use"
            " the stand-ins, or say ESCALATION_REAL_VENDORS=true"
        )
    return None


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what is written there."""
    return urlsplit(url).scheme == "https"


def is_loopback(url: str) -> bool:
    """Whether the address is this machine, under any of its names."""
    host = _host(url)
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def is_near(url: str) -> bool:
    """Whether the address means something only here: this machine, its network, or a name without a domain."""
    address = _address(_host(url))
    return is_loopback(url) or ("." not in _host(url) if address is None else not address.is_global)


def is_vendors(url: str) -> bool:
    """Whether the address is a messaging vendor's own."""
    return _within(url, VENDOR_DOMAINS)


def _within(url: str, domains: tuple[str, ...]) -> bool:
    host = _host(url)
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _host(url: str) -> str:
    """The host in small letters, without the dot that may end a full name."""
    return (urlsplit(url).hostname or "").rstrip(".")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, also in the ways that only resolvers read ("127.1"); None for a name."""
    try:
        found = ip_address(host)
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return getattr(found, "ipv4_mapped", None) or found
