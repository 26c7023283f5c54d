"""Where things stand in the chat: an escalation's thread in each conversation, and its war room."""

from dataclasses import dataclass

from sqlalchemy import Engine, Row, select, update
from sqlalchemy.exc import IntegrityError

from escalation.adapters.store import dispatches, insert_once, rooms, threads, transaction
from escalation.core.vocabulary import Channel, Message

ASKS_MAX = 20
"""Pages to one person about one escalation whose buttons are taken away; older ones answer when they are pressed."""
ROOMS_A_DAY_MAX = 99
"""War rooms of one name but for their number."""


@dataclass(frozen=True, slots=True)
class Place:
    """A message: its conversation and its instant there, which is its name."""

    conversation: str
    ts: str


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A war room as far as it is made: a name, then a conversation, then a pinned status. `shown`: the last showing."""

    reference: str
    episode: str
    name: str
    conversation: str | None = None
    pinned: str | None = None
    shown: int = 0


@dataclass(frozen=True, slots=True)
class Meant:
    """The escalation that a message of ours is about."""

    reference: str
    episode: str


class ChatPlaces:
    """The tables. Every method is one short transaction and raises `LedgerDown`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def root(self, reference: str, episode: str, address: str) -> Place | None:
        """The first message of that escalation to that address."""
        query = select(threads.c.conversation, threads.c.root).where(
            threads.c.reference == reference, threads.c.episode == episode, threads.c.address == address
        )
        with transaction(self._engine) as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else Place(found.conversation, found.root)

    def keep_root(self, reference: str, episode: str, address: str, place: Place) -> None:
        """Keep it; the first one stays."""
        values = {"reference": reference, "episode": episode, "address": address}
        with transaction(self._engine) as connection:
            connection.execute(
                insert_once(self._engine, threads).values(**values, conversation=place.conversation, root=place.ts)
            )

    def room(self, reference: str, episode: str) -> RoomRow | None:
        """The war room of that escalation, as far as it is made."""
        query = select(rooms).where(rooms.c.reference == reference, rooms.c.episode == episode)
        with transaction(self._engine) as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else _room(found)

    def reserve(self, reference: str, episode: str, base: str) -> RoomRow | None:
        """A name for the room, the next free one of `base`, `base`-2…; the same again when asked again; None: no more.

        Only names in our own table count: one that the workspace has already is passed by with `rename`.
        """
        for number in range(1, ROOMS_A_DAY_MAX + 1):
            row = self.room(reference, episode)
            if row is not None:
                return row
            name = base if number == 1 else f"{base}-{number}"
            with transaction(self._engine) as connection:
                connection.execute(
                    insert_once(self._engine, rooms).values(reference=reference, episode=episode, name=name)
                )
        return self.room(reference, episode)

    def rename(self, row: RoomRow, base: str) -> RoomRow | None:
        """Another name for a room that is not made yet; None when there are no more."""
        ours = (rooms.c.reference == row.reference, rooms.c.episode == row.episode)
        tried = int(row.name.removeprefix(base).lstrip("-") or 1)
        for number in range(tried + 1, ROOMS_A_DAY_MAX + 1):
            try:
                with transaction(self._engine) as connection:
                    connection.execute(update(rooms).where(*ours).values(name=f"{base}-{number}"))
            except IntegrityError:
                continue
            return self.room(row.reference, row.episode)
        return None

    def keep_room(self, row: RoomRow) -> None:
        """Keep how far the room is made; what was shown later stays."""
        ours = (rooms.c.reference == row.reference, rooms.c.episode == row.episode, rooms.c.shown <= row.shown)
        values = {"conversation": row.conversation, "pinned": row.pinned, "shown": row.shown}
        with transaction(self._engine) as connection:
            connection.execute(update(rooms).where(*ours).values(**values))

    def asks(self, reference: str, episode: str, contact: str) -> tuple[Place, ...]:
        """The pages of that escalation to that person in the chat, the latest `ASKS_MAX` of them."""
        columns = dispatches.c
        theirs = (columns.reference == reference, columns.episode == episode, columns.contact == contact)
        pages = (columns.channel == Channel.CHAT, columns.message == Message.PAGE, columns.provider_id.is_not(None))
        query = select(columns.provider_id).where(*theirs, *pages).order_by(columns.number.desc()).limit(ASKS_MAX)
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalars().all()
        return tuple(place for one in found if (place := place_of(one)) is not None)

    def has_room(self, conversation: str) -> bool:
        """Whether that conversation is the war room of an escalation."""
        query = select(rooms.c.reference).where(rooms.c.conversation == conversation)
        with transaction(self._engine) as connection:
            return connection.execute(query).first() is not None

    def about(self, place: Place) -> Meant | None:
        """What a message of ours is about: a war room's pinned status, and what was sent to somebody.

        Nothing else in a room: what people write to each other there, and their emoji on it, is theirs.
        """
        by_room = select(rooms.c.reference, rooms.c.episode).where(
            rooms.c.conversation == place.conversation, rooms.c.pinned == place.ts
        )
        by_send = select(dispatches.c.reference, dispatches.c.episode).where(
            dispatches.c.provider_id == provider_id(place)
        )
        with transaction(self._engine) as connection:
            found = connection.execute(by_room).first() or connection.execute(by_send).first()
        return None if found is None else Meant(found.reference, found.episode)


def provider_id(place: Place) -> str:
    """The name of a message for the ledger."""
    return f"{place.conversation}:{place.ts}"


def place_of(provider_id: str) -> Place | None:
    """The message of that name; None for what is none."""
    conversation, colon, ts = provider_id.partition(":")
    return Place(conversation, ts) if conversation and colon and ts else None


def _room(found: "Row[tuple[object, ...]]") -> RoomRow:
    return RoomRow(
        reference=found.reference,
        episode=found.episode,
        name=found.name,
        conversation=found.conversation,
        pinned=found.pinned,
        shown=found.shown,
    )
