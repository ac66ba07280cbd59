#!/usr/bin/python3
"""A connection that ends at each stage of a conversation, in each way; several
messages over one connection; what an MTA cannot do.

    stages.py BUILD [WORD]      only the cases whose name has the word
"""

import sys
import time

from rig import Rig, case, is_sanitized, run_cases
from milter import (ALL_ACTIONS, ALL_STEPS, CHANGE_BODY, CHANGE_HEADERS, HEADERS,
                    LEADING_SPACE, NO_DATA, NO_UNKNOWN, NR_ALL, NR_RCPT, QUARANTINE,
                    SET_SYMLIST)

STEPS = [
    ("negotiate", lambda m: m.negotiate()),
    ("connect", lambda m: m.connect()),
    ("helo", lambda m: m.helo()),
    ("mail", lambda m: m.mail()),
    ("rcpt", lambda m: m.rcpt()),
    ("data", lambda m: m.data()),
    ("header", lambda m: m.headers()),
    ("eoh", lambda m: m.eoh()),
    ("body", lambda m: m.body()),
    ("eom", lambda m: m.eom()),
]


def at_each_stage(how):
    """Cases "HOW before anything", "HOW after negotiate", ..."""
    def register(function):
        for n in range(len(STEPS) + 1):
            after = "after " + STEPS[n - 1][0] if n else "before anything"

            def run(rig, n=n):
                with rig.open(negotiate=False) as m:
                    for _, step in STEPS[:n]:
                        step(m)
                    m.flush()
                    function(rig, m, n)
            case(f"{how} {after}")(run)
        return function
    return register


@at_each_stage("close")
def close(rig, m, n):
    m.close()


@at_each_stage("quit")
def quit(rig, m, n):
    m.quit()


@at_each_stage("abort")
def abort(rig, m, n):
    m.abort()
    if n < 2:       # libmilter takes no message before it has a connection
        return
    answer = m.message(queue_id="4AFTER")
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
    assert rig.last_record()["rcpt_count"] == 1
    m.quit()


@at_each_stage("garbage")
def garbage(rig, m, n):
    m.raw(b"\xff\xff\xff\xff\xffgarbage" * 100)
    assert m.closed()


@case("quit, and a new session over the same connection")
def quit_new_connection(rig):
    with rig.open() as m:
        m.begin().message()
        m.put("K")
        m.begin()
        answer = m.message(queue_id="4NEW")
        assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
        m.quit()


# ---- several messages ----

@case("fifty messages over one connection")
def many(rig):
    before = len(rig.daemon.records())
    with rig.open() as m:
        m.begin()
        for i in range(50):
            answer = m.message(queue_id=f"4M{i}")
            assert len(answer.inserted()) == 2, answer
        m.quit()
    ids = [r["queue_id"] for r in rig.daemon.records()[before:]]
    assert ids == [f"4M{i}" for i in range(50)], ids


@case("nothing of a message reaches the next")
def state(rig):
    copies = [("X-Mailworthy", " v=1; score=1.0")] * 3
    with rig.open() as m:
        m.begin()
        first = m.message([("From", " anna@example.com"), ("Subject", " a"), *copies],
                          rcpts=("<a@example.net>", "<b@example.net>", "<c@example.net>"),
                          queue_id="4ONE")
        second = m.message([*HEADERS], queue_id="4TWO")
        m.quit()
    assert len(first.edits) == 7, first
    assert len(second.edits) == 2, second
    one, two = rig.last_record(2), rig.last_record()
    assert (one["rcpt_count"], two["rcpt_count"]) == (3, 1)
    assert one["repaired"] == ["date", "message-id"] and two["repaired"] == []
    assert two["queue_id"] == "4TWO"


@case("a refused message does not spoil the next")
def refused(rig):
    with rig.open() as m:
        m.begin()
        first = m.message([("Subject", " no author"), ("From", " a@example.com"),
                           ("From", " b@example.com")])
        assert first.action == "reply" and first.reply.startswith("550 5.7.1"), first
        second = m.message()
        assert second.action == "continue" and len(second.edits) == 2, second
        m.quit()


@case("an aborted message does not spoil the next")
def aborted(rig):
    before = len(rig.daemon.records())
    with rig.open() as m:
        m.begin()
        m.mail("<a@example.org>")
        m.rcpt("<x@example.net>")
        m.header("From", " two@example.com")
        m.header("From", " one@example.com")
        m.abort()
        answer = m.message(queue_id="4SECOND")
        m.quit()
    assert answer.action == "continue", answer
    records = rig.daemon.records()[before:]
    assert len(records) == 1 and records[0]["mail_from"] == "anna@example.com", records


@case("a login does not outlast its message")
def login(rig):
    with rig.open() as m:
        assert "{daemon_name}" in m.lists[2], m.lists
        m.begin()
        m.message(auth="anna@example.com")
        assert m.message(auth=None) == "a"
        m.quit()


@case("MAIL twice: the second counts")
def mail_twice(rig):
    with rig.open() as m:
        m.begin()
        m.mail("<first@example.org>")
        m.rcpt("<x@example.net>")
        answer = m.message(queue_id="4TWICE")
        m.quit()
    record = rig.last_record()
    assert answer.action == "continue" and record["mail_from"] == "anna@example.com"
    assert record["rcpt_count"] == 1, record


@case("HELO again and again is kept once")
def helo_flood(rig):
    before = rig.memory()
    with rig.open() as m:
        m.begin()
        for i in range(20000):
            m.helo(f"{i}." + "x" * 400)
        answer = m.message()
        assert rig.last_record()["helo"].startswith("19999."), rig.last_record()["helo"]
        m.quit()
    assert answer.action == "continue"
    grown = rig.memory() - before
    assert grown < 4096 or is_sanitized(rig.build), f"{grown} KiB more"


# ---- recipients ----

def rcpt(m, path, **kwargs):
    """As Postfix names the next hop of a domain with an MX of its own."""
    return m.rcpt(path, host=path.strip("<>").rpartition("@")[2], **kwargs)


def rest(m, queue_id="4RCPT"):
    m.data()
    m.headers()
    m.eoh()
    m.body()
    return m.eom(queue_id)


def refusal(m, path):
    """The reply to a recipient that is refused."""
    m.macros("R", {"{rcpt_mailer}": "smtp", "{rcpt_host}": path.strip("<>").rpartition("@")[2]})
    m.put("R", path.encode() + b"\0")
    command, data = m.receive()
    assert command == "y", (path, command)
    return data.rstrip(b"\0").decode()


@case("a refused recipient among good ones")
def rcpt_refused(rig):
    with rig.open() as m:
        m.begin()
        assert m.mail() == "c"
        assert rcpt(m, "<bert@example.net>") == "c"
        reply = refusal(m, "<carol@gmial.com>")
        assert reply.startswith("550 5.1.2 mailworthy rcpt-typo: ") and \
            "did you mean carol@gmail.com?" in reply, reply
        reply = refusal(m, "<dora@gone.example>")
        assert reply.startswith("550 5.1.2 mailworthy rcpt-no-mail: "), reply
        assert rcpt(m, "<erik@example.org>") == "c"
        answer = rest(m)
        assert answer.action == "continue" and len(answer.inserted()) == 2, answer
        record = rig.last_record()
        assert record["rcpt_to"] == ["bert@example.net", "erik@example.org"], record
        assert record["rcpts_refused"] == [
            {"rcpt_to": "carol@gmial.com", "id": "rcpt-typo"},
            {"rcpt_to": "dora@gone.example", "id": "rcpt-no-mail"}], record
        assert record["findings"] == [] and "aborted" not in record, record
        # nothing of it reaches the next message
        m.message(queue_id="4NEXT")
        assert rig.last_record()["rcpts_refused"] == []
        m.quit()


def gives_up(how):
    """Cases: everybody is refused, and the client ends the message some way."""
    def register(function):
        @case(f"all recipients are refused, then {how}: on record")
        def run(rig):
            before = len(rig.daemon.records())
            with rig.open() as m:
                m.begin()
                m.mail()
                refusal(m, "<bert@gone.example>")
                refusal(m, "<carol@gmial.com>")
                function(rig, m)
            end = time.monotonic() + 5
            while len(rig.daemon.records()) == before and time.monotonic() < end:
                time.sleep(0.01)
            record = rig.daemon.records()[before]
            assert [r["id"] for r in record["rcpts_refused"]] == \
                ["rcpt-no-mail", "rcpt-typo"], record
            assert record["verdict"] is None and record["queue_id"] is None, record
            assert record["mode"] == "enforce" and "gave up" in record["aborted"], record
            assert record["rcpt_count"] == 0 and record["rcpt_to"] == [], record
        return function
    return register


@gives_up("abort")
def rcpt_abort(rig, m):
    m.abort()
    answer = m.message(queue_id="4AFTER")
    assert answer.action == "continue", answer
    m.quit()


@gives_up("quit")
def rcpt_quit(rig, m):
    m.quit()


@gives_up("a closed connection")
def rcpt_close(rig, m):
    m.close()


@gives_up("MAIL again")
def rcpt_mail_again(rig, m):
    m.message(queue_id="4AGAIN")
    m.quit()


@case("recipients sent together are answered in order")
def rcpt_pipelined(rig):
    names = ["bert@example.net", "carol@gmial.com", "dora@example.org", "erik@gone.example"]
    with rig.open() as m:
        m.begin()
        m.mail()
        for name in names * 5:
            m.macros("R", {"{rcpt_mailer}": "smtp", "{rcpt_host}": name.split("@")[1]})
            m.put("R", f"<{name}>".encode() + b"\0")
        answers = [m.receive()[0] for _ in names * 5]
        assert answers == ["c", "y", "c", "y"] * 5, answers
        assert rest(m).action == "continue"
        assert rig.last_record()["rcpt_count"] == 10
        m.quit()


@case("of 120 domains that are gone a hundred are refused")
def rcpt_many(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        answers = []
        for i in range(120):
            m.macros("R", {"{rcpt_mailer}": "smtp", "{rcpt_host}": f"d{i}.gone.example"})
            m.put("R", f"<a@d{i}.gone.example>".encode() + b"\0")
            answers.append(m.receive()[0])
        assert answers == ["y"] * 100 + ["c"] * 20, answers
        answer = rest(m)
        # nobody who is left can be reached either
        assert answer.action == "reply" and answer.reply.startswith("550 5.1.2"), answer
        m.quit()


@case("a recipient that nobody can look up is not refused")
def rcpt_doubt(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        for path in ("<a@broken.example>", "<b@halfbroken.example>"):
            assert rcpt(m, path) == "c", path
        assert rest(m).action == "continue"
        m.quit()
    # the resolver has opened its second way to the server
    rig.descriptors = max(rig.descriptors, rig.count_descriptors())


@case("a name server that lies once refuses nobody")
def rcpt_lie(rig):
    """The first answer about each type is NXDOMAIN, the second one the truth."""
    find, lied = rig.zone.find, set()

    def lie(name, qtype):
        if name == "moving.example" and qtype not in lied:
            lied.add(qtype)
            return [], "!nxdomain"
        return find(name, qtype)

    rig.zone.find = lie
    try:
        with rig.open() as m:
            m.begin()
            m.mail()
            assert rcpt(m, "<a@moving.example>") == "c"
            assert lied == {"MX", "A", "AAAA"}, lied
            assert rest(m).action == "continue"
            m.quit()
    finally:
        rig.zone.find = find


@case("recipients that stay here are not looked up")
def rcpt_stays(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        for mailer in ("local", "virtual", "lmtp", "error", None):
            assert rcpt(m, "<a@gone.example>", mailer=mailer) == "c", mailer
        assert m.rcpt("<a@gone.example>", host="[192.0.2.9]:25") == "c"
        assert rest(m).action == "continue"
        m.quit()


@case("RCPT has no answer where none can be refused")
def rcpt_spared(rig):
    with rig.open() as m:
        assert not m.steps & NR_RCPT
    for changes in ({"mode": "audit"},
                    {"rest": 'check "rcpt-typo" { action = none }\n'
                             'check "rcpt-no-mail" { shadow = yes }'}):
        saved = {k: rig.settings[k] for k in changes}
        rig.reload(**changes)
        try:
            with rig.open() as m:
                assert m.steps & NR_RCPT, hex(m.steps)
                m.begin()
                m.mail()
                assert rcpt(m, "<a@gone.example>") is None
                assert rcpt(m, "<a@example.net>") is None
                assert rest(m).action == "continue"
                m.put("K")
                m.begin()
                assert m.message(queue_id="4K").action == "continue"
                m.quit()
        finally:
            rig.reload(**saved)
    with rig.open() as m:       # and one that began before: as it was agreed
        rig.reload(mode="audit")
        m.begin()
        m.mail()
        assert refusal(m, "<a@gone.example>").startswith("550")
        rig.reload(mode="enforce")
        m.abort()
        m.quit()


# ---- what an MTA can do ----

@case("what is agreed with Postfix")
def agreed(rig):
    with rig.open() as m:
        assert m.version == 6
        assert m.actions == 1 | CHANGE_BODY | CHANGE_HEADERS | QUARANTINE | SET_SYMLIST, hex(m.actions)
        assert m.steps & LEADING_SPACE and m.steps & NO_DATA and m.steps & NO_UNKNOWN
        names = {i: " ".join(v) for i, v in m.lists.items()}
        assert "j" in m.lists[0] and "{daemon_name}" in m.lists[0], names
        assert "{client_port}" in m.lists[0], names
        assert {"i", "{auth_authen}"} <= set(m.lists[2]), names
        assert {"{rcpt_mailer}", "{rcpt_host}"} <= set(m.lists[3]), names
        assert "i" in m.lists[5], names


def judged_with(rig, **offer):
    with rig.open(**offer) as m:
        m.begin()
        answer = m.message()
        m.quit()
    assert answer.action == "continue" and len(answer.inserted()) == 2, answer
    return answer


@case("an MTA without answers left out (NR_)")
def no_nr(rig):
    judged_with(rig, steps=ALL_STEPS & ~NR_ALL)


@case("an MTA that keeps no leading blanks")
def no_leading_space(rig):
    answer = judged_with(rig, steps=ALL_STEPS & ~LEADING_SPACE)
    assert not any(value.startswith(" ") for _, value in answer.inserted()), answer


@case("an MTA that takes no list of macros")
def no_symlist(rig):
    judged_with(rig, actions=ALL_ACTIONS & ~SET_SYMLIST)
    judged_with(rig, actions=ALL_ACTIONS & ~SET_SYMLIST)
    text = "does not let a filter name the macros"
    assert rig.daemon.read_log().count(text) == 1, rig.daemon.read_log()


@case("an MTA that must not be spared DATA")
def with_data(rig):
    with rig.open(steps=ALL_STEPS & ~NO_DATA) as m:
        assert not m.steps & NO_DATA
        m.begin()
        answer = m.message()
        m.quit()
    assert answer.action == "continue", answer


@case("protocol version 2")
def version_two(rig):
    # Sendmail 8.13: no list of macros, no steps beyond 0x7f
    with rig.open(version=2, actions=0x3f, steps=0x7f) as m:
        assert m.version == 2
        m.begin()
        for i in range(3):
            answer = m.message(queue_id=f"4V{i}")
            assert answer.action == "continue" and len(answer.inserted()) == 2, answer
        m.quit()


@case("protocol version 1 is refused")
def version_one(rig):
    try:
        rig.open(version=1)
        raise AssertionError("negotiated")
    except ConnectionError:
        pass


@case("an MTA without quarantine: said once, its connection closed")
def no_quarantine(rig):
    for _ in range(3):
        try:
            rig.open(actions=ALL_ACTIONS & ~(QUARANTINE | CHANGE_HEADERS))
            raise AssertionError("negotiated")
        except ConnectionError:
            pass
    log = rig.daemon.read_log()
    text = "the MTA does not offer its filters: changing header fields, quarantine."
    assert log.count(text) == 1 and "milter_default_action" in log, log


@case("each missing macro is named once")
def no_macros(rig):
    for _ in range(3):
        with rig.open() as m:
            m.connect(macros={}, port=0)
            m.helo()
            m.mail(**{"{daemon_name}": ""})
            m.rcpt(mailer=None)
            m.headers()
            m.eoh()
            m.body()
            assert m.eom(queue_id=None).action == "continue"
            m.quit()
    log = rig.daemon.read_log()
    for name in ("j", "{daemon_name}", "i", "{rcpt_mailer}", "{client_port}"):
        n = log.count(f"the MTA does not send the macro {name} (")
        assert n == 1, f"{name} is named {n} times\n{log}"
    record = rig.last_record()
    assert record["queue_id"] is None and record["direction"] == "outbound", record


def main():
    build = sys.argv[1]
    return run_cases({None: lambda: Rig(build)}, *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
