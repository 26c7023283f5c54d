"""A browser's part: looking at the page of a message, and pressing its buttons."""

import asyncio
import re
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tests.scenarios.world import World

_BROWSER = build_opener(ProxyHandler({}))


async def shown(world: World, page: str) -> str:
    """What the page says."""
    return await asyncio.to_thread(_fetched, world, page, None)


async def press(world: World, page: str, button: str, **more: str) -> str:
    """Look, press, and what it says then."""
    nonce = re.search(r'name="n" value="([0-9a-f]{16})"', await shown(world, page))
    assert nonce is not None, "there are no buttons"
    return await asyncio.to_thread(_fetched, world, page, {"do": button, "n": nonce[1], **more})


def _fetched(world: World, page: str, form: dict[str, str] | None) -> str:
    body = urlencode(form).encode() if form is not None else None
    request = Request(f"{world.door}{page}", body)  # noqa: S310  # our own door on loopback
    with _BROWSER.open(request, timeout=20) as answer:
        return str(answer.read().decode())
