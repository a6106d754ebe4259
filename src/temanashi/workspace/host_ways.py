"""How a host is reached, as a sentence: `ops@10.0.0.1:2222 via gate`."""

from __future__ import annotations

from temanashi.hosts.inventory import Host, Inventory
from temanashi.text import Phrase, phrase

__all__ = ["way_to"]

SSH_PORT = 22


def way_to(inventory: Inventory, host: Host) -> Phrase:
    """The way, or why nobody signs in."""
    if host.transport == "local":
        return phrase("inventory.way-local")
    if host.shell == "none":
        return phrase("inventory.way-none", address=host.address)
    user = f"{host.user}@" if host.user else ""
    address = f"[{host.address}]" if ":" in host.address else host.address
    port = f":{host.port}" if host.port != SSH_PORT else ""
    hops = [hop.name for hop in inventory.route(host)]
    if hops:
        return phrase("inventory.way-via", way=f"{user}{address}{port}", hops=" → ".join(hops))
    return phrase("inventory.way-direct", way=f"{user}{address}{port}")
