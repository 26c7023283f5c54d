"""Files beside an escalation: by reference in the log, with their names kept among the words."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from escalation.adapters.attachments import AttachmentFolder
from escalation.adapters.store import open_store
from escalation.adapters.texts import Texts
from escalation.client import Refused
from escalation.core.refusals import Refusal
from escalation.wire.messages import HandedFile
from tests.scenarios.dialogue import Story

CONTENT = b"E-1042"
LOG = HandedFile("console of Lena Vogt.txt", hashlib.sha256(CONTENT).hexdigest(), 6, "text/plain")
SHOT = replace(LOG, name="screen.png", digest=hashlib.sha256(b"png").hexdigest(), media_type="image/png")


async def test_a_file_is_in_the_log_by_reference_and_its_name_among_the_words(story: Story, tmp_path: Path) -> None:
    """Digest, size and type are in the log; the name, which may be a person's, is not."""
    desk, ref, files = story.world.desk, story.reference, AttachmentFolder(tmp_path / "files")
    desk.files = files
    await story.opens(attachments=(SHOT,))
    await story.phone("primary").gets_sms("SEV1").replies("ack {code}")

    attached = await desk.attach(ref, CONTENT, name=LOG.name, by="primary", key="k")
    again = await desk.attach(ref, CONTENT, name=LOG.name, by="primary", key="k")
    with pytest.raises(Refused) as refused:
        await desk.attach(ref, CONTENT, name=LOG.name, by="primary")
    assert files.read(LOG.digest) == CONTENT

    assert again == attached
    assert refused.value.reason is Refusal.NO_CHANGE
    view = await story.view()
    assert [(each.digest, each.bytes, each.media_type) for each in view.attachments] == [
        (SHOT.digest, 6, "image/png"),
        (LOG.digest, 6, "text/plain"),
    ]
    store = open_store(story.world.settings.ledger_url, story.world.settings.ledger_timeout)
    texts = Texts(store, story.world.settings.commitment_key)
    assert [texts.read(each.name.id) for each in view.attachments] == [SHOT.name, LOG.name]
    store.dispose()

    await story.is_called_off("primary")
    bodies = [row.body for row in story.world.audit.entries(ref)]
    assert any(LOG.digest in body for body in bodies)
    assert not any("Lena Vogt" in body or "screen.png" in body for body in bodies)
