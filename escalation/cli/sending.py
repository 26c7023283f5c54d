"""One command on its way, and the one line that says what came of it."""

import typer

from escalation.cli.doors import doors, run
from escalation.cli.speaking import answered, held, say, say_json
from escalation.core import commands
from escalation.wire import requests
from escalation.wire.messages import Answer, View
from escalation.wire.outcomes import NotDone


def send(
    ctx: typer.Context,
    ref: str,
    command: commands.Instructable,
    key: str | None,
    *,
    words: str | None = None,
    as_json: bool,
) -> None:
    """Send it and say what came of it: that it is done, or that it waits for a yes."""
    # What is wrong with the typing is said before anything is connected.
    checked = requests.checked(command)
    found = requests.reference(ref)

    async def sent() -> tuple[Answer, View | None]:
        client = await doors(ctx).connect()
        answer = await client.send(found, checked, key, words=words)
        if as_json or not _waits(command, answer):
            return answer, None
        try:
            return answer, await client.view(found)
        except NotDone:  # it has been sent: who is asked is worth no failure
            return answer, None

    answer, view = run(sent())
    if _waits(command, answer) and not as_json:
        say(held(answer, view, done=not isinstance(command, commands.RequestApproval), zone=doors(ctx).zone))
    else:
        tell(answer, as_json=as_json)


def tell(answer: Answer, *, as_json: bool) -> None:
    """What became of a command."""
    if as_json:
        say_json(answer)
    else:
        say(answered(answer))


def _waits(command: commands.Instructable, answer: Answer) -> bool:
    """Whether the command was taken, and waits for somebody's yes."""
    return "approval" in answer.facts and not isinstance(command, commands.Approve | commands.Reject)
