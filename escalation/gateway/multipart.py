"""A mail as SendGrid hands it over: multipart/form-data, of which a few short text fields are read and nothing else.

Source: SendGrid's page on the Inbound Parse webhook; RFC 7578. Attachments are skipped where they stand.
"""

import re
from collections.abc import Collection, Mapping

FIELD_BYTES_MAX = 64 * 1024
"""What is read of one field; the rest of it is not looked at."""
PARTS_MAX = 200
BOUNDARY_CHARS_MAX = 200

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE | re.DOTALL)
_NAME = re.compile(rb'content-disposition:\s*form-data;[^\r\n]*?\bname="([^"\r\n]{1,100})"', re.IGNORECASE)
# Python has more: some raise (idna, undefined), one takes seconds (punycode), and each name that it does not know is
# remembered for ever. Whoever writes the mail names the charset.
_CHARSET = re.compile(
    r"(?:us-)?ascii|utf-?(?:8|16|32)(?:-?[bl]e)?|iso-?8859-[0-9]{1,2}|latin-?[0-9]{1,2}|(?:windows-|cp)[0-9]{3,4}"
    r"|koi8-[rtu]|macintosh|tis-620|gb2312|gbk|gb18030|big5|big5-hkscs|shift-jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)",
    re.IGNORECASE,
)
_FILE = re.compile(rb"\bfilename\*?=", re.IGNORECASE)


def fields_of(content_type: str, body: bytes, wanted: Collection[str]) -> dict[str, bytes] | None:
    """The wanted fields, each at most `FIELD_BYTES_MAX` long; None for what is no such form. Never raises.

    The first of several with one name counts.
    """
    match = _BOUNDARY.match(content_type[: 2 * BOUNDARY_CHARS_MAX])
    boundary = (match[1] or match[2]) if match else ""
    if not boundary or len(boundary) > BOUNDARY_CHARS_MAX or not boundary.isascii():
        return None
    mark = b"--" + boundary.encode()
    if not body.startswith(mark):
        return None
    found: dict[str, bytes] = {}
    place = len(mark)
    for _ in range(PARTS_MAX):
        if body[place : place + 2] == b"--":
            return found
        end = body.find(b"\r\n" + mark, place)
        head_end = body.find(b"\r\n\r\n", place, end if end >= 0 else None)
        if end < 0 or head_end < 0:
            return None
        head = body[place : min(head_end, place + FIELD_BYTES_MAX)]
        name = _NAME.search(head)
        if name and not _FILE.search(head) and (word := name[1].decode("latin-1")) in wanted:
            found.setdefault(word, body[head_end + 4 : min(end, head_end + 4 + FIELD_BYTES_MAX)])
        place = end + 2 + len(mark)
    return None


def decoded(field: bytes, charset: str) -> str:
    """The field's words; what its charset cannot read becomes a replacement character. Never raises.

    In any charset that mails are not written in it is read as UTF-8.
    """
    try:
        return field.decode(charset if _CHARSET.fullmatch(charset.replace("_", "-")) else "utf-8", errors="replace")
    except LookupError:  # a number that there is not
        return field.decode("utf-8", errors="replace")


def headers_of(block: str) -> Mapping[str, str]:
    """A mail's header lines by their names in small letters, the first of each; folded lines made one."""
    found: dict[str, str] = {}
    for entry in re.sub(r"\r?\n[ \t]+", " ", block).splitlines():
        name, colon, value = entry.partition(":")
        if colon:
            found.setdefault(name.strip().casefold(), value.strip())
    return found
