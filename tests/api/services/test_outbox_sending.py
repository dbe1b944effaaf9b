"""What waits leaves once: leases, retries, refusals, pauses, and two senders at a time."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import clock
from api.db import reading, transaction
from api.domain.enums import Channel, ExceptionState, Locale, OutboxState
from api.errors import Conflict
from api.mail.render import Sms
from api.mail.transports import NotNow, Refused, SmtpTransport, Transport, Unreachable
from api.models.follow_up import ExceptionItem
from api.models.jobs import Switch
from api.models.outbox import OutboxMessage
from api.models.people import Person
from api.services import outbox, outbox_failures, outbox_sending
from api.services.outbox_sending import GIVE_UP_AFTER, LEASE, LONGEST_PAUSE, send_due
from tests import factories as make
from tests.api.mail.post import KIND, Inbox, Kept, mail_server

NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)


@pytest.fixture
def moving() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def written(count: int = 1, **given: Any) -> list[str]:
    """Ids of so many messages, each to a person of its own."""
    with transaction() as session:
        ids = []
        for _ in range(count):
            made = outbox.write(session, KIND, make.make_person(session), given, about=("request", "some-id"))
            assert made is not None
            ids.append(made.id)
        return ids


def by_mail(transport: Transport) -> dict[Channel, Transport]:
    return {Channel.MAIL: transport}


def send(transport: Transport, **given: Any) -> int:
    return send_due(clock.now(), transports=by_mail(transport), **given)


def rows() -> list[OutboxMessage]:
    with reading() as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.not_before, OutboxMessage.id)))


def lines() -> list[ExceptionItem]:
    with reading() as session:
        return list(session.scalars(select(ExceptionItem).where(ExceptionItem.state == ExceptionState.OPEN)))


def test_a_message_leaves_once_with_its_id(session: Session, moving: time_machine.Traveller) -> None:
    written()
    kept = Kept()
    assert (send(kept), send(kept)) == (1, 0)
    (row,) = rows()
    assert (row.state, row.sent_at, row.lease_until, row.attempts) == (OutboxState.SENT, NOW, None, 1)
    assert kept.ids == [row.message_id]


def test_a_message_is_in_its_receivers_language_with_its_links(session: Session) -> None:
    from api.domain.enums import LinkPurpose
    from api.services import links

    person = make.make_person(session, locale=Locale.NN)
    token = links.issue(session, LinkPurpose.INVITATION, "invitation", "x", expires_at=clock.now() + timedelta(days=1))
    outbox.write(session, KIND, person, {"button": "answer"}, about=("invitation", "x"), links={"answer": token})
    session.commit()
    kept = Kept()
    send(kept)
    (message,) = kept.sent
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"https://treffpunkt.example.org{links.address_of(token)}" in text
    assert "eit besøk" in text


def test_nothing_leaves_before_its_time(session: Session, moving: time_machine.Traveller) -> None:
    outbox.write(session, KIND, make.make_person(session), about=("request", "x"), not_before=NOW + timedelta(hours=1))
    session.commit()
    kept = Kept()
    assert send(kept) == 0
    moving.shift(timedelta(hours=1))
    assert send(kept) == 1


def test_what_was_withdrawn_or_emptied_never_leaves(session: Session) -> None:
    written(2)
    first, second = session.scalars(select(OutboxMessage).order_by(OutboxMessage.not_before, OutboxMessage.id))
    outbox.withdraw(session, "request", "some-id")
    first.state = OutboxState.WAITING
    first.values = None
    session.commit()
    assert send(Kept()) == 0
    assert second.state is OutboxState.WITHDRAWN


def test_what_failed_and_was_withdrawn_does_not_come_back_with_the_server(
    session: Session, moving: time_machine.Traveller
) -> None:
    written()
    send(Kept(Unreachable("down")))
    moving.shift(GIVE_UP_AFTER)
    send(Kept(Unreachable("down")))
    outbox.withdraw(session, "request", "some-id")
    session.commit()
    outbox.write(session, KIND, make.make_person(session), about=("request", "other"))
    session.commit()
    kept = Kept()
    assert send(kept) == 1
    assert Counter(row.state for row in rows()) == {OutboxState.WITHDRAWN: 1, OutboxState.SENT: 1}


def test_a_line_that_is_closed_meanwhile_does_not_undo_that_a_message_has_left(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed_by_another(*_: object) -> None:
        raise Conflict("closed")

    written()
    monkeypatch.setattr(outbox_failures, "arrived", closed_by_another)
    kept = Kept()
    assert (send(kept), send(kept)) == (1, 0)
    assert rows()[0].state is OutboxState.SENT


def test_a_line_that_another_sender_raises_meanwhile_does_not_stop_the_round(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, meanwhile = outbox_failures.tell, [True]

    def raised_by_another(*given: Any) -> None:
        if meanwhile.pop() if meanwhile else False:
            raise IntegrityError("INSERT", {}, Exception("uq_exception_item_open"))
        told(*given)

    written(2)
    monkeypatch.setattr(outbox_failures, "tell", raised_by_another)
    assert send(Kept(Refused("SMTP 550"))) == 1
    assert Counter(row.state for row in rows()) == {OutboxState.FAILED: 1, OutboxState.SENT: 1}
    assert [line.kind for line in lines()] == ["mail_failed"]


def test_a_paused_outbox_sends_nothing(session: Session) -> None:
    written(3)
    session.add(Switch(name="outbox_paused"))
    session.commit()
    kept = Kept()
    assert send(kept) == 0
    session.delete(session.get(Switch, "outbox_paused"))
    session.commit()
    assert send(kept) == 3


def test_who_waits_at_the_screen_comes_first(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.mail import registry

    written(3)
    monkeypatch.setitem(registry.LETTERS, "urgent_of_tests", registry.LETTERS[KIND])
    monkeypatch.setattr(registry, "URGENT", frozenset({"urgent_of_tests"}))
    outbox.write(session, "urgent_of_tests", make.make_person(session), {"text": "Now"}, about=("request", "x"))
    session.commit()
    kept = Kept()
    send(kept)
    assert [str(message["Subject"]) for message in kept.sent] == ["Now", "Hello", "Hello", "Hello"]  # type: ignore[index]


def test_a_failed_attempt_is_tried_again_with_longer_and_longer_pauses_for_four_hours(
    session: Session, moving: time_machine.Traveller
) -> None:
    written()
    pauses, tries = [], 0
    while rows()[0].state is OutboxState.WAITING:
        tries += 1
        assert tries < 100
        before = clock.now()
        send(Kept(NotNow("SMTP 451")))
        row = rows()[0]
        if row.state is OutboxState.WAITING:
            pauses.append(row.not_before - before)
            moving.move_to(row.not_before)
    (row,) = rows()
    assert clock.now() == NOW + GIVE_UP_AFTER
    assert (row.state, row.error, row.attempts) == (OutboxState.FAILED, "not_now", tries)
    assert timedelta(seconds=45) <= pauses[0] <= timedelta(seconds=75)
    assert max(pauses) <= 1.25 * LONGEST_PAUSE
    assert 10 < tries < 30
    (line,) = lines()
    assert (line.kind, line.person_id, line.object_id) == ("mail_failed", row.person_id, row.person_id)
    assert line.reason == {"code": "not_now", "message": row.id, "letter": KIND, "channel": "mail"}


def test_a_refused_address_fails_at_once_and_tells_whom_to_call(session: Session) -> None:
    written(2)
    kept = Kept(Refused("SMTP 550"))
    assert send(kept) == 1
    assert [row.state for row in rows()] == [OutboxState.FAILED, OutboxState.SENT]
    assert [(line.kind, line.person_id) for line in lines()] == [("mail_failed", rows()[0].person_id)]


def test_one_line_a_person_which_goes_when_a_mail_arrives(session: Session) -> None:
    person = make.make_person(session)
    for _ in range(3):
        outbox.write(session, KIND, person, about=("request", "x"))
    session.commit()
    send(Kept(Refused("SMTP 550"), Refused("SMTP 550")), limit=2)
    assert len(lines()) == 1
    send(Kept())
    assert lines() == []


def test_a_line_about_a_seat_is_for_the_leader_of_its_site(session: Session) -> None:
    group = make.make_group_session(session)
    entry = make.make_entry(session, group)
    for about in (("entry", entry.id), ("group_session", group.id), ("pupil", entry.pupil_id)):
        outbox.write(session, KIND, make.make_person(session), about=about)
    session.commit()
    send(Kept(*[Refused("SMTP 550")] * 3))
    assert [line.site_id for line in lines()] == [group.site_id] * 3


def test_an_address_that_is_none_fails_and_the_rest_leaves(session: Session) -> None:
    written(2)
    bad = session.scalars(select(OutboxMessage).order_by(OutboxMessage.not_before, OutboxMessage.id)).first()
    assert bad is not None
    bad.address = "a@example.org\r\nBcc: b@example.org"
    session.commit()
    assert send(Kept()) == 1
    assert rows()[0].error == "bad_address"


def test_a_letter_with_a_mistake_fails_by_itself(session: Session) -> None:
    written(2)
    bad = session.scalars(select(OutboxMessage).order_by(OutboxMessage.not_before, OutboxMessage.id)).first()
    assert bad is not None
    bad.values = {"button": "no such link"}
    session.commit()
    assert send(Kept()) == 1
    assert (rows()[0].state, rows()[0].error) == (OutboxState.FAILED, "letter")


def test_a_server_that_is_down_stops_the_round_and_costs_the_others_nothing(
    session: Session, moving: time_machine.Traveller
) -> None:
    written(5)
    kept = Kept(Unreachable("down"))
    assert send(kept) == 0
    assert Counter((row.state, row.attempts, row.first_tried_at) for row in rows()) == {
        (OutboxState.WAITING, 1, NOW): 1,
        (OutboxState.WAITING, 0, None): 4,
    }
    assert kept.closed == 1


def test_a_server_that_was_down_is_one_line_and_what_failed_with_it_leaves_afterwards(
    session: Session, moving: time_machine.Traveller
) -> None:
    written(3)
    for _ in range(3):
        send(Kept(Unreachable("down")))
    moving.shift(GIVE_UP_AFTER)
    for _ in range(3):
        send(Kept(Unreachable("down")))
    assert [row.state for row in rows()] == [OutboxState.FAILED] * 3
    assert [line.kind for line in lines()] == ["mail_down"]
    written()
    kept = Kept()
    assert send(kept) == 4
    assert (len(set(kept.ids)), lines()) == (4, [])


def test_what_a_dead_sender_left_behind_is_sent_when_its_lease_is_over(
    session: Session, moving: time_machine.Traveller
) -> None:
    class Killed(BaseException):
        pass

    class Dying(Kept):
        def send(self, message: Any) -> None:
            super().send(message)
            raise Killed

    written(2)
    dying, kept = Dying(), Kept()
    with pytest.raises(Killed):
        send(dying)
    assert send(kept) == 0
    moving.shift(LEASE)
    assert send(kept) == 2
    assert dying.ids == kept.ids[:1]  # after the server's answer: twice, with the same Message-ID
    assert Counter(row.state for row in rows()) == {OutboxState.SENT: 2}


def test_a_slow_sender_gives_back_what_it_may_no_longer_send(session: Session, moving: time_machine.Traveller) -> None:
    class Slow(Kept):
        def send(self, message: Any) -> None:
            super().send(message)
            moving.shift(timedelta(minutes=2))

    written(4)
    slow, other = Slow(), Kept()
    assert send(slow, limit=4) == 2
    assert [row.state for row in rows()] == [OutboxState.SENT] * 2 + [OutboxState.WAITING] * 2
    assert send(other) == 2
    assert len({*slow.ids, *other.ids}) == 4


def test_sms_goes_through_its_gateway_or_nowhere(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make.make_person(session, phone="+47 00 00 00 00")

    def text(dedupe: str) -> OutboxMessage | None:
        return outbox.write(session, KIND, person, about=("offer", "x"), channel=Channel.SMS, dedupe=dedupe)

    assert text("first") is None  # no gateway is set up
    monkeypatch.setattr(outbox, "has_sms", lambda _settings: True)
    assert text("second") is not None
    session.commit()
    kept = Kept()
    assert send_due(clock.now(), transports={Channel.MAIL: Kept(), Channel.SMS: kept}) == 1
    (message,) = kept.sent
    assert isinstance(message, Sms)
    assert (message.to, message.text) == ("+47 00 00 00 00", "A line.")


def both_send(inboxes: Sequence[Transport]) -> None:
    """Two senders at once, until nothing waits."""
    faults: list[BaseException] = []

    def work(way: Transport) -> None:
        try:
            while send(way):
                pass
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(way,)) for way in inboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


@pytest.mark.parametrize("guarded", [True, False])
def test_two_senders_send_each_message_once_because_of_the_claim(
    own_database: Engine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Both see the same messages before either claims them; without the condition on the claim, both send them."""
    ids = written(12)
    meet = threading.Barrier(2)
    seen = outbox_sending._waiting

    def seen_by_both(now: datetime, most: int) -> Sequence[str]:
        found = seen(now, most)
        if len(found) == 12:
            meet.wait(20)
        return found

    one_after_the_other, claim = threading.Lock(), outbox_sending._claim

    def claim_alone(found: Sequence[str], now: datetime) -> Sequence[OutboxMessage]:
        with one_after_the_other:
            ours = claim(found, now)
        if len(found) == 12:
            meet.wait(20)
        return ours

    monkeypatch.setattr(outbox_sending, "_waiting", seen_by_both)
    monkeypatch.setattr(outbox_sending, "_claim", claim_alone)
    if not guarded:
        in_work = OutboxMessage.state.in_((OutboxState.WAITING, OutboxState.SENDING))
        monkeypatch.setattr(outbox_sending, "_still_due", lambda _now: in_work)
    one, other = Kept(), Kept()
    both_send([one, other])
    arrived = Counter(one.ids + other.ids)
    assert set(arrived) == {f"{row_id}@treffpunkt" for row_id in ids}
    assert (max(arrived.values()) == 1) is guarded


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.long)], ids=["some", "ten_thousand"])
def test_none_is_lost_and_none_arrives_twice(own_database: Engine, count: int) -> None:
    ids = written(count)
    inbox = Inbox()
    with mail_server(inbox) as server:
        both_send([SmtpTransport(server), SmtpTransport(server)])
    arrived = Counter(inbox.ids)
    assert len(inbox.received) == count
    assert set(arrived) == {f"{row_id}@treffpunkt" for row_id in ids}
    assert Counter(row.state for row in rows()) == {OutboxState.SENT: count}


def test_people_are_not_asked_again_for_what_they_ended(session: Session) -> None:
    from api.services import unsubscribing

    person = make.make_person(session)
    first = outbox.write(session, KIND, person, {"topic": "news"}, about=("season", "x"))
    assert first is not None
    token = unsubscribing.way_out(session, person.id, "news")
    unsubscribing.unsubscribe(session, token)
    unsubscribing.unsubscribe(session, token)
    assert outbox.write(session, KIND, person, {"topic": "news"}, about=("season", "x")) is None
    assert outbox.write(session, KIND, person, {"topic": "other"}, about=("season", "x")) is not None
    assert outbox.write(session, KIND, person, about=("season", "x")) is not None
    unsubscribing.subscribe_again(session, token)
    assert outbox.write(session, KIND, person, {"topic": "news"}, about=("season", "x")) is not None


def test_a_person_without_an_address_gets_nothing(session: Session) -> None:
    person: Person = make.make_person(session, email=None)
    assert outbox.write(session, KIND, person, about=("request", "x")) is None
