"""How often may be guessed: failed logins of an account, and from an address, in a while."""

from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

WINDOW_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many failed logins within fifteen minutes are let through."""

    per_account: int = 10
    per_address: int = 50


def account_scope(username_key: str) -> str:
    """Under what an account's attempts are kept: not its name."""
    return "account:" + sha256(username_key.encode("utf-8", "replace")).hexdigest()


def address_scope(address: str) -> str:
    """Under what an address's attempts are kept; of IPv6, those of the network of one customer."""
    return "address:" + sha256(_network(address).encode("utf-8", "replace")).hexdigest()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
