"""One address for everything: which request goes to which stand-in."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from escalation.standins import page
from escalation.standins.accounts import CUSTOMER_CHARS_MAX, AccountApi
from escalation.standins.board import ELSEWHERE, Board
from escalation.standins.choice import Choice
from escalation.standins.control import Control, answer, is_local
from escalation.standins.email_api import SEND_PATH, EmailApi
from escalation.standins.email_api import error_answer as email_error
from escalation.standins.email_rules import MAIL_BYTES_MAX
from escalation.standins.mail_events import key_of
from escalation.standins.phone_api import PhoneApi
from escalation.standins.phone_api import error_answer as phone_error
from escalation.standins.slack_api import API_PATH, SlackApi
from escalation.standins.ticket_api import TicketApi
from escalation.standins.tickets import TICKET_CHARS_MAX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY_BYTES_MAX = MAIL_BYTES_MAX + 1
"""No request is read further: the largest that any stand-in takes is a mail, and one more byte is too many."""

PRIVATE = ("/control", "/outbox.json", "/reply", "/letter", "/call", "/phones", "/mail/", "/chat")
TWILIO = "/2010-04-01/Accounts/<account>"


class App:
    """The WSGI application over a board."""

    def __init__(self, board: Board) -> None:
        self._board = board
        email, phone, ticket, control = EmailApi(board), PhoneApi(board), TicketApi(board), Control(board)
        self._views: dict[str, Callable[..., Response]] = {}
        self._map = Map(strict_slashes=True, merge_slashes=False)
        self._add(SEND_PATH, "POST", email.send)
        self._add("/v3/logs", "POST", email.logs)
        self._add("/v3/logs/<message_id>", "GET", email.log)
        for collection, kind in (("Messages", "sms"), ("Calls", "voice")):
            self._add(f"{TWILIO}/{collection}.json", "POST", phone.create, phone=kind)
            self._add(f"{TWILIO}/{collection}.json", "GET", phone.list, phone=kind)
            self._add(f"{TWILIO}/{collection}/<sid>.json", "GET", phone.fetch, phone=kind)
        self._add(f"{API_PATH}/<method>", "POST", SlackApi(board).call)
        one_ticket = f"/tickets/<string(maxlength={TICKET_CHARS_MAX}):ticket>"
        self._add(one_ticket, "PUT", ticket.set_status)
        self._add(one_ticket, "GET", ticket.show)
        self._add(f"{one_ticket}/notes", "POST", ticket.add_note)
        accounts, customer = AccountApi(), f"<string(maxlength={CUSTOMER_CHARS_MAX}):customer>"
        self._add(f"/accounts/{customer}", "GET", accounts.show)
        self._add(f"/control/accounts/{customer}", "PUT", accounts.put)
        self._add(f"/control/accounts/{customer}", "DELETE", accounts.remove)
        self._add("/", "GET", self._page)
        self._add("/assets/<name>", "GET", self._asset)
        self._add("/mail/<key>", "GET", self._mail)
        self._add("/reply", "POST", self._reply)
        self._add("/letter", "POST", self._letter)
        self._add("/call", "POST", self._call)
        self._add("/chat", "POST", self._chat)
        self._add("/phones", "POST", self._phones)
        self._add(ELSEWHERE, "GET", lambda _: answer(200, {}))
        self._add("/outbox.json", "GET", control.outbox)
        self._add("/health", "GET", lambda _: answer(200, {"status": "ok"}))
        self._add("/control/faults", "DELETE", control.clear)
        self._add("/control/faults", "GET", control.faults)
        self._add("/control/<command>", "POST", control.tell)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = BODY_BYTES_MAX
        request.max_form_memory_size = BODY_BYTES_MAX
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if (request.path == "/" or request.path.startswith(PRIVATE)) and not is_local(request):
            return answer(403, {"error": "only this machine's own address may be used to read or steer the stand-ins"})
        try:
            # Read once and kept: a form parsed straight from the connection would leave the contract no body to judge.
            request.get_data()
            view, arguments = self._map.bind_to_environ(request.environ).match()
            return self._views[view](request, **arguments)
        except RequestEntityTooLarge:
            return _vendor_error(request, 413)
        except HTTPException as error:
            return _vendor_error(request, error.code or 404)
        except sqlite3.Error as error:
            return answer(503, {"error": f"the store cannot keep this: {error}"})

    def _page(self, request: Request) -> Response:
        return _shown(page.render(self._board, Choice.read(request.args), request.args.get("notice")), page.POLICY)

    def _asset(self, _: Request, name: str) -> Response:
        if name not in page.ASSETS:
            return answer(404, {"error": f"no asset {name!r}"})
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return Response(page.asset(name), content_type=page.ASSETS[name], headers=headers)

    def _mail(self, _: Request, key: str) -> Response:
        found = (mail.html for mail in self._board.outbox("email") if key_of(mail) == key)
        html = next(found, None)
        return answer(404, {"error": f"no mail {key!r} with HTML"}) if html is None else _shown(html, page.MAIL_POLICY)

    def _reply(self, request: Request) -> Response:
        form = request.form
        try:
            posted = self._board.reply_sms(form["sender"], form["body"], form["to"])
            notice = f"Reply posted, answered {posted.answered or posted.failure}"
        except ValueError as error:
            notice = f"Reply not posted: {error}"
        return _see(notice)

    def _letter(self, request: Request) -> Response:
        form = request.form
        try:
            posted = self._board.reply_mail(form["mail"], form["text"], automatic="automatic" in form)
            notice = f"Answer posted, answered {posted.answered or posted.failure}"
        except ValueError as error:
            notice = f"Answer not posted: {error}"
        return _see(notice)

    def _call(self, request: Request) -> Response:
        form = request.form
        try:
            self._board.call(form["sid"], form["act"], form.get("keys", ""))  # type: ignore[arg-type]  # judged there
            notice = f"Pressed {form['keys']}" if "keys" in form else "Done"
        except ValueError as error:
            notice = f"Not done: {error}"
        return _see(notice)

    def _chat(self, request: Request) -> Response:
        form = request.form
        try:
            posted = self._board.chat(form["message"], form["user"], press=form.get("press"), react=form.get("react"))
            notice = f"Posted, answered {posted.answered or posted.failure}" if posted else "Done"
        except ValueError as error:
            notice = f"Not done: {error}"
        return _see(notice)

    def _phones(self, request: Request) -> Response:
        rings = request.form["phones"] == "ring"
        self._board.expect("voice", "rings" if rings else "no-answer")
        return _see("Calls ring here now" if rings else "Nobody picks up now")

    def _add(self, path: str, method: str, view: Callable[..., Response], **defaults: str) -> None:
        name = f"{method} {path}"
        self._views[name] = view
        self._map.add(Rule(path, endpoint=name, methods=[method], defaults=defaults or None))


def _shown(html: str, policy: str) -> Response:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(html, content_type="text/html; charset=utf-8", headers=headers)


def _see(notice: str) -> Response:
    return redirect(f"/?{urlencode({'notice': notice})}", 303)


def _vendor_error(request: Request, status: int) -> Response:
    """An error in the words of whoever is being stood in for."""
    if request.path.startswith("/v3/"):
        return email_error(status)
    if request.path.startswith("/2010-04-01/"):
        return phone_error(20404, f"The requested resource {request.path} was not found", status)
    return answer(status, {"error": f"{request.method} {request.path}: {status}"})
