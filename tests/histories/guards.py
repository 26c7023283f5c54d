"""The three guards as a command: does today's code do what running escalations rely on?

`python -m tests.histories.guards` says what differs, and exits 1 if anything does. `--write` takes today's code as the
new truth. Names (`transcripts`, `commands`, `schemas`) leave out the others. What may be changed, and how, is told in
docs/how-to/change-a-workflow.md.
"""

import asyncio
import sys

from tests.histories import fingerprint, schemas, transcript
from tests.histories.recorded import leave

PAGE = "docs/how-to/change-a-workflow.md"
WRITE = "python -m tests.histories.guards --write"
ADVICE = {
    "transcripts": f"running escalations would do this; if it is meant, `{WRITE} transcripts` ({PAGE})",
    "commands": f"plan the patch ({PAGE}), then `{WRITE} commands`",
    "schemas": f"take back what breaks; an addition is recorded by `{WRITE} schemas` ({PAGE})",
}


def faults(guard: str) -> list[str]:
    """What one of the guards finds."""
    match guard:
        case "transcripts":
            return asyncio.run(transcript.faults())
        case "commands":
            return fingerprint.faults()
        case "schemas":
            return schemas.faults()
        case _:
            raise SystemExit(f"guards: {guard!r} is none of {', '.join(ADVICE)}")


def write(guard: str) -> None:
    """Take today's code as the truth of one of the guards."""
    match guard:
        case "transcripts":
            asyncio.run(transcript.write())
        case "commands":
            fingerprint.write()
        case "schemas":
            schemas.write()
        case _:
            raise SystemExit(f"guards: {guard!r} is none of {', '.join(ADVICE)}")


def main(arguments: list[str]) -> int:
    """The command. Gives the exit code."""
    named = [each for each in arguments if each != "--write"] or list(ADVICE)
    if "--write" in arguments:
        for guard in named:
            write(guard)
        return 0
    found = {guard: faults(guard) for guard in named}
    for guard, lines in found.items():
        sys.stdout.writelines(f"{guard}: {line}\n" for line in lines)
        if lines:
            sys.stdout.write(f"{guard}: {ADVICE[guard]}\n")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
