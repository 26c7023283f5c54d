"""What was typed into a mail that has only an HTML part."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from escalation.gateway.grammar import first_line
from escalation.gateway.markup import typed
from escalation.gateway.multipart import FIELD_BYTES_MAX


@pytest.mark.parametrize(
    "html",
    [
        "<p>ack 42</p>",
        "ack 42",
        "ack&nbsp;42<br>Amira",
        "<HTML><Head><TITLE>esc</title><style>a > b { }</style></HEAD>\r\n <div><b>a</b>ck\r\n42</div><p>esc</p>",
        "<!-- <p>esc 1</p> --><script>var a = '<p>esc 1</p>'</script><template>esc 1</template><p>ack 42</p>",
        '<div dir="ltr">ack 42</div><br><div class="gmail_quote"><div>On Monday</div></div>',
        "<p>ack 42<hr>esc 1",
        "<p>ack 42<",
    ],
)
def test_the_first_line_is_what_was_typed(html: str) -> None:
    """Whatever stands around it."""
    assert first_line(typed(html)).replace("\xa0", " ") == "ack 42"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<blockquote>ack 42</blockquote>",
        '<div class="gmail_quote">ack 42</div>',
        '<hr><div id="divRplyFwdMsg">ack 42</div>',
        "<p>From: us</p><p>ack 42</p>",
        "<p>&gt; ack 42</p>",
        "<script>ack 42",
        "<STYLE>ack 42</STYLE>",
        "<!-- ack 42",
        "<title>ack 42</title>",
    ],
)
def test_what_nobody_typed_does_not_count(html: str) -> None:
    """Quotes, scripts, and what is never shown."""
    assert first_line(typed(html)) == ""


def test_a_letter_that_grows_when_it_is_made_small_moves_nothing() -> None:
    """One capital of Turkish is two signs then."""
    assert first_line(typed("<style>" + "\u0130" * 50 + "</style><p>ack 42</p>")) == "ack 42"


@given(some.text(alphabet="<>!-/ abp\"'=&;#\u0130\n", max_size=200))
def test_no_markup_is_an_error(html: str) -> None:
    """Nor does anything of a tag come through that is closed."""
    assert "<p>" not in typed(f"<p>{html}".replace("&", ""))


@pytest.mark.parametrize("part", ["<", "<a ", "<!--", "<a x='", "<script>", "<style></style", "&", "<p>", "\u0130<"])
def test_the_longest_part_takes_no_time(part: str) -> None:
    """Python's own parser takes minutes for one of these."""
    html = part * (FIELD_BYTES_MAX // len(part))
    began = time.process_time()
    typed(html)

    assert time.process_time() - began < 1
