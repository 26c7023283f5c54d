"""The outbox page in a real browser: what a person sees and does, and what a hostile mail cannot do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalation.standins.server import Standins
from tests.browser import chromium
from tests.browser.chromium import Tab
from tests.edge.standins.vendors import OURS, PHONE, Receiver, mail, receiver, sendgrid_at, text, twilio_at

pytestmark = pytest.mark.skipif(chromium.binary() is None, reason="no Chromium on this machine (Debian: chromium)")

ATTACK = (
    "<h1>Down</h1><script>alert('script')</script><img src=x onerror=\"alert('image')\">"
    "<iframe src=\"javascript:alert('frame')\"></iframe><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>"
    "<form action='http://127.0.0.1:9/'><input autofocus></form><link rel=stylesheet href='http://127.0.0.1:9/x.css'>"
    "<style>body { background: url(http://127.0.0.1:9/seen) }</style><base href='http://127.0.0.1:9/'>"
    "<svg onload=\"alert('svg')\"></svg><a id=out target=_top href='http://127.0.0.1:9/'>out</a>"
)
ASK = (
    '<Response><Gather numDigits="1" timeout="20" action="{}/keys">'
    "<Say>SEV1. ESC 42. Press 4 to acknowledge.</Say></Gather></Response>"
)


@pytest.fixture
def back() -> Iterator[Receiver]:
    with receiver() as here:
        here.answers = {"/keys": "<Response><Say>Thank you.</Say></Response>"}
        yield here


@pytest.fixture
def standins(back: Receiver) -> Iterator[Standins]:
    with Standins(inbound_url=f"{back.base_url}/sms", parse_url=f"{back.base_url}/parse") as here:
        here.expect("voice", "rings")
        yield here


@pytest.fixture
async def page(standins: Standins, tmp_path: Path) -> AsyncIterator[Tab]:
    async with chromium.tab(tmp_path / "profile") as tab:
        await tab.open(standins.base_url)
        yield tab


async def told(tab: Tab) -> str:
    return str(await tab.run("document.querySelector('main').innerText"))


async def test_a_new_message_appears_by_itself(page: Tab, standins: Standins) -> None:
    """With its time in the reader's zone and in UTC; nothing is reloaded, and what is being written stays."""
    await asyncio.to_thread(text, twilio_at(standins), body="ESC-42: first")
    await page.until("document.querySelector('main').innerText.includes('first')")
    field = f"#reply-{PHONE}-{OURS}".replace("+", "\\\\+")
    await page.run("window.untouched = true")
    await page.click(field.replace("\\\\", "\\"))
    await page.type("half a")

    await asyncio.to_thread(text, twilio_at(standins), body="ESC-42: second")
    await page.until("document.querySelector('main').innerText.includes('second')")
    await page.type(" word")

    assert await page.run("[window.untouched, document.activeElement.value]") == [True, "half a word"]
    assert "(Asia/Tokyo)" in await told(page)
    assert " UTC" in await told(page)


async def test_a_reply_is_typed_and_sent_by_the_keyboard_alone(page: Tab, standins: Standins, back: Receiver) -> None:
    """Enter sends it; the answer is announced, and the field is empty again."""
    await asyncio.to_thread(text, twilio_at(standins), body="ESC-42: down. Reply ack 42")
    await page.until("document.querySelector('input[name=body]')")
    await page.run("document.querySelector('input[name=body]').focus()")
    await page.type("ack 42")

    await page.key("Enter")

    await page.until("document.querySelector('#notice').innerText.includes('answered 204')")
    await page.until("document.querySelector('main').innerText.includes('They replied')")
    assert back.at("/sms")[0].form["Body"] == "ack 42"
    assert await page.run("document.querySelector('input[name=body]').value") == ""


async def test_a_call_is_answered_and_acknowledged_on_the_keypad(page: Tab, standins: Standins, back: Receiver) -> None:
    """It stands out while it rings, in the title too; what is said appears, and the key is heard."""
    script = ASK.format(back.base_url)
    await asyncio.to_thread(twilio_at(standins).calls.create, to=PHONE, from_=OURS, twiml=script)
    await page.until("document.title.startsWith('(1 ringing)')")

    await page.click("button[value=answer]")
    await page.until("document.querySelector('main').innerText.includes('Press 4 to acknowledge')")
    await page.click("form.keypad button[value='4']")

    await page.until("document.querySelector('main').innerText.includes('Thank you.')")
    assert back.at("/keys")[0].form["Digits"] == "4"


async def test_the_keys_of_the_keyboard_are_those_of_the_telephone(
    page: Tab, standins: Standins, back: Receiver
) -> None:
    """While the focus is in the call."""
    script = ASK.format(back.base_url)
    await asyncio.to_thread(twilio_at(standins).calls.create, to=PHONE, from_=OURS, twiml=script)
    await page.click("button[value=answer]")
    await page.until("document.querySelector('form.keypad')")
    await page.until("document.querySelector('main').innerText.includes('Press 4')")
    await page.run("document.querySelector('form.keypad button').focus()")

    await page.key("5")

    assert (await asyncio.to_thread(back.wait_at, "/keys"))[0].form["Digits"] == "5"


@pytest.mark.parametrize(("act", "status"), [("decline", "busy"), ("voicemail", "completed")])
async def test_a_call_is_left_alone(page: Tab, standins: Standins, back: Receiver, act: str, status: str) -> None:
    """Declined, or left to the voicemail, which presses nothing."""
    script = ASK.format(back.base_url)
    call = await asyncio.to_thread(twilio_at(standins).calls.create, to=PHONE, from_=OURS, twiml=script)

    await page.click(f"button[value={act}]")

    def ended() -> bool:
        change = standins.journal.status(call.sid)
        return change is not None and change.status == status

    assert await asyncio.to_thread(standins.wait_until, ended)
    assert back.at("/keys") == []


async def test_a_hostile_mail_can_do_nothing(page: Tab, standins: Standins, back: Receiver) -> None:
    """No script, no request, no form, no way out of its frame: neither in the page nor opened by its own address."""
    attack = ATTACK.replace("http://127.0.0.1:9", back.base_url)
    content = [{"type": "text/plain", "value": attack}, {"type": "text/html", "value": attack}]
    body = mail(subject=f"[ESC-1] {attack}", content=content, dispatch=attack, headers={"X-Bad": attack})
    await asyncio.to_thread(sendgrid_at(standins).send, body)
    await page.until("document.querySelector('iframe')")
    await page.run("document.querySelector('iframe').scrollIntoView()")
    await page.until("document.querySelector('main').innerText.includes('delivered')")
    frame = await page.run("document.querySelector('iframe').src")

    assert await page.run("location.href") == f"{standins.base_url}/"
    assert await page.run("document.querySelector('iframe').contentDocument") is None
    await page.open(frame)
    assert await page.run("document.querySelector('h1').innerText") == "Down"
    assert await page.run("self.origin") == "null"
    await page.run("document.querySelector('#out').click()")
    assert (page.dialogs, [one.path for one in back.got]) == ([], [])


async def test_a_mail_is_answered_and_its_headers_are_read(page: Tab, standins: Standins, back: Receiver) -> None:
    """Opened details stay open while the page refreshes."""
    await asyncio.to_thread(sendgrid_at(standins).send, mail(headers={"X-Kind": "first"}))
    await page.click("summary")
    await page.until("document.querySelector('details').innerText.includes('X-Kind: first')")
    # By the keyboard: the mail above it is a frame of its own, and moves the page when it is there at last.
    await page.run("document.querySelector('textarea').focus()")
    await page.type("on my way")
    await page.run("document.querySelector('textarea').form.querySelector('button').focus()")
    await page.key("Enter")

    await page.until("document.querySelector('main').innerText.includes('ada@example.com answered to')")
    assert await page.run("document.querySelector('details').open")
    assert b"on my way" in back.at("/parse")[0].body


async def test_the_page_is_narrowed_to_an_escalation(page: Tab, standins: Standins) -> None:
    """And stays so while it refreshes."""
    twilio: Any = twilio_at(standins)
    await asyncio.to_thread(text, twilio, body="ESC-42: one")
    await asyncio.to_thread(text, twilio, to="+14155550101", body="ESC-7: two")
    await page.click("input[name=escalation]")
    await page.type("ESC-42")
    await page.key("Enter")
    await page.until("location.search.includes('ESC-42') && document.readyState === 'complete'")

    await asyncio.to_thread(text, twilio, body="ESC-42: three")
    await page.until("document.querySelector('main').innerText.includes('three')")

    assert "two" not in await told(page)


async def test_nothing_of_the_page_breaks_its_own_policy(page: Tab, standins: Standins) -> None:
    """No error is logged, and no words are too faint against their ground (WCAG AA: 4.5 to 1)."""
    await asyncio.to_thread(text, twilio_at(standins), body="ESC-42: one")
    await page.until("document.querySelector('ol.thread')")

    faint = await page.run(CONTRAST)

    assert page.refused == []
    assert faint == []


CONTRAST = """
(() => {
  const shade = (colour) => { const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3)
    .map((part) => part / 255).map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => { for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor; if (!/, 0\\)$/.test(colour)) return colour; }
    return "rgb(255, 255, 255)"; };
  return [...document.querySelectorAll("body *")].filter((one) => one.innerText && one.children.length === 0)
    .filter((one) => { const [a, b] = [shade(getComputedStyle(one).color), shade(ground(one))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5; }).map((one) => one.outerHTML.slice(0, 80));
})()
"""
