"""The tocsin command against a scripted server: every command, its errors and its exit codes."""
import base64
import hashlib
import json
import os
import pty
import select
import subprocess
import tempfile
import time
import unittest

from fake_api import TOKEN, Answer, Server, problem

TOCSIN = os.path.join(os.environ["BUILD_DIR"], "service/ctl/tocsin")
OK, REFUSED, USAGE, UNREACHABLE, SERVER, LOCAL = range(6)


def clean_environment(**more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
    environment.update(more)
    return environment


class Case(unittest.TestCase):
    socket_path = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.answers = {}
        self.server = Server(self.script)
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(self.server.close)

    def script(self, asked):
        answer = self.answers.get((asked.method, asked.path))
        if callable(answer):
            return answer(asked)
        return answer or problem(404, "Not found", "There is no %s %s." % (asked.method, asked.path))

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run_tocsin(self, *arguments, stdin=b"", **environment):
        environment.setdefault("TOCSIN_URL", self.server.url)
        environment.setdefault("TOCSIN_TOKEN", TOKEN)
        done = subprocess.run([TOCSIN, *arguments], input=stdin, capture_output=True, timeout=60,
                              env=clean_environment(TERM="xterm", **environment))
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        for stream in (self.out, self.err):  # nothing that a terminal would obey goes into a pipe
            self.assertNotIn("\x1b", stream)
            self.assertNotIn("\r[", stream)
        return done.returncode

    def tocsin(self, code, *arguments, **more):
        self.assertEqual(self.run_tocsin(*arguments, **more), code, self.out + self.err)

    @property
    def last(self):
        return self.server.asked[-1]


class CommandLine(Case):
    def test_help_everywhere(self):
        """A newcomer would be left alone."""
        self.tocsin(OK, "--help")
        self.assertIn("Exit codes:", self.out)
        commands = [line.split("  ")[1] for line in self.out.split("Commands:\n")[1].split("\n\n")[0]
                    .splitlines()]
        self.assertGreaterEqual(len(commands), 20)
        for command in commands:
            words = [word for word in command.split() if word.islower()]
            self.tocsin(OK, *words, "--help")
            self.assertIn("Usage: tocsin " + " ".join(words), self.out)
            self.assertEqual(self.err, "")
        self.tocsin(OK, "incident", "--help")
        self.assertIn("incident create FILE", self.out)
        self.tocsin(OK, "--version")
        self.assertRegex(self.out, r"^tocsin \d+\.\d+\.\d+\n$")
        self.assertEqual(self.server.asked, [])

    def test_usage_errors(self):
        """A slip of the hand would reach the server, or pass without a word."""
        for arguments in ([], ["incident"], ["nonsense"], ["incident", "nonsense"], ["approve"],
                          ["approve", "a", "b"], ["approve", "a", "--nonsense"], ["approve", "-x", "a"],
                          ["preview", "i"], ["hold", "i"], ["hold", "i", "--reason"],
                          ["status", "i", "--watch", "--json"], ["status", "i", "-w", "--interval", "0"],
                          ["token", "create", "--role", "admin"], ["receipts", "i", "--format", "xml"],
                          ["receipts", "i", "--limit", "0"], ["requests", "create"],
                          ["approve", "i", "--json=yes"], ["approve", "i", "--json", "--json"],
                          ["--url", "ftp://x", "approve", "i"], ["--token", "a b", "approve", "i"],
                          ["--token", "a\r\nX: y", "approve", "i"]):
            with self.subTest(arguments):
                self.tocsin(USAGE, *arguments)
                self.assertNotEqual(self.err, "")
                self.assertEqual(self.out, "")
        self.assertEqual(self.server.asked, [])

    def test_token_sources(self):
        """A token file would be ignored, or a token sent to another than was said."""
        self.answers["GET", "/v1/incidents/i"] = Answer(body={"id": "i", "state": "draft"})
        path = self.file("token", TOKEN + "\n")
        self.tocsin(OK, "--token-file", path, "incident", "show", "i", TOCSIN_TOKEN="other")
        self.tocsin(OK, "incident", "show", "i", TOCSIN_TOKEN="", TOCSIN_TOKEN_FILE=path)
        self.tocsin(OK, "incident", "show", "i", "--token=" + TOKEN, TOCSIN_TOKEN="other")
        self.tocsin(REFUSED, "incident", "show", "i", TOCSIN_TOKEN="other")
        self.assertIn("TOCSIN_TOKEN", self.err)
        self.tocsin(LOCAL, "--token-file", "/nonexistent", "incident", "show", "i")

    def test_words_behind_two_dashes(self):
        """An id that begins with a dash could not be named; one with a slash would leave its path."""
        self.answers["GET", "/v1/incidents/i/recipients/-7%2F..%20x"] = Answer(body={"a": 1})
        self.tocsin(OK, "recipients", "show", "--", "i", "-7/.. x")

    def test_unix_socket(self):
        """The default listener of the service could not be reached."""
        path = os.path.join(self.folder.name, "api.sock")
        server = Server(lambda asked: Answer(body={"id": "i", "state": "draft"}), path)
        self.addCleanup(server.close)
        self.tocsin(OK, "incident", "show", "i", TOCSIN_URL=server.url)
        self.assertEqual(server.asked[0].target, "/v1/incidents/i")


class Failures(Case):
    def test_refused(self):
        """The person would not learn which field is wrong."""
        self.answers["POST", "/v1/incidents"] = problem(
            422, "The incident is not valid", "Two members are wrong.",
            errors=[{"pointer": "/kind", "detail": "must be \x1b[31mbreach"},
                    {"pointer": "/title", "detail": "is missing"}])
        self.tocsin(REFUSED, "incident", "create", self.file("i.json", "{}"))
        self.assertIn("The incident is not valid (422)", self.err)
        self.assertIn("Two members are wrong.", self.err)
        self.assertIn("/kind: must be ?[31mbreach", self.err)
        self.assertIn("/title: is missing", self.err)
        self.assertEqual(self.out, "")

    def test_server_failures(self):
        """A script would take a broken server for a refusal, or for success."""
        for answer in (problem(500, "Broken"), Answer(503, "no json", "text/plain"),
                       Answer(body="{not json"), Answer(body="[]")):
            self.answers["GET", "/v1/incidents/i"] = answer
            self.tocsin(SERVER, "status", "i")
            self.assertNotEqual(self.err, "")
        self.answers["GET", "/v1/incidents"] = Answer(body={"items": 3})
        self.tocsin(SERVER, "incident", "list")

    def test_unreachable(self):
        """A server that is down would look like a refusal."""
        self.tocsin(UNREACHABLE, "status", "i", TOCSIN_URL="http://127.0.0.1:1")
        self.assertIn("TOCSIN_URL", self.err)
        self.tocsin(UNREACHABLE, "status", "i", TOCSIN_URL="unix:/nonexistent.sock")
        self.answers["GET", "/v1/incidents/i"] = lambda asked: None
        self.tocsin(UNREACHABLE, "status", "i")

    def test_redirects_are_not_followed(self):
        """The token would go to another host."""
        self.answers["GET", "/v1/incidents/i"] = Answer(302, "", headers={"Location": "http://127.0.0.1:1/"})
        self.tocsin(SERVER, "incident", "show", "i")
        self.assertEqual(len(self.server.asked), 1)

    def test_full_output(self):
        """A cut export would count as done."""
        self.answers["GET", "/v1/incidents/i"] = Answer(body={"id": "i", "state": "draft"})
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOCSIN, "status", "i"], stdout=full, stderr=subprocess.DEVNULL, timeout=60,
                                  env=clean_environment(TOCSIN_URL=self.server.url, TOCSIN_TOKEN=TOKEN))
        self.assertEqual(done.returncode, LOCAL)


class Incidents(Case):
    def test_create(self):
        """The first command of the demo."""
        self.answers["POST", "/v1/incidents"] = Answer(
            201, {"id": "inc_1", "state": "draft", "incident": {"title": "Lost \x1b]0;laptop"}})
        path = self.file("i.json", '{"title": "Lost laptop"}')
        self.tocsin(OK, "incident", "create", path)
        self.assertEqual(self.last.json(), {"title": "Lost laptop"})
        self.assertEqual(self.last.headers["Content-Type"], "application/json")
        self.assertRegex(self.last.headers["Idempotency-Key"], r'^"[0-9a-f]{32}"$')
        self.assertRegex(self.out, r"incident +inc_1\ntitle +Lost \?\]0;laptop\nstate +draft\n")
        self.tocsin(OK, "incident", "create", "-", "--idempotency-key", "again", stdin=b"{}")
        self.assertEqual(self.last.headers["Idempotency-Key"], '"again"')
        self.tocsin(USAGE, "incident", "create", path, "--idempotency-key", 'a"b')
        self.tocsin(OK, "--json", "incident", "create", path)
        self.assertEqual(json.loads(self.out)["id"], "inc_1")

    def test_create_checks_the_file(self):
        """A file that is no JSON would be sent and be refused less clearly."""
        self.tocsin(LOCAL, "incident", "create", self.file("bad.json", '{"a":1,}'))
        self.tocsin(LOCAL, "incident", "create", "/nonexistent")
        self.assertEqual(self.server.asked, [])

    def test_list_follows_pages(self):
        """Incidents behind the first page would be unseen."""
        def page(asked):
            if "after" in asked.query:
                self.assertEqual(asked.query["after"], ["a b&c"])
                return Answer(body={"items": [{"id": "inc_2", "state": "held", "title": "Größe"}]})
            return Answer(body={"items": [{"id": "inc_1", "state": "sending", "incident": {"title": "One"}}],
                                "next": "a b&c"})
        self.answers["GET", "/v1/incidents"] = page
        self.tocsin(OK, "incident", "list")
        lines = self.out.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["ID", "inc_1", "inc_2"])
        self.assertIn("Größe", lines[2])
        self.assertEqual(lines[1].index("sending"), lines[2].index("held"))
        self.tocsin(OK, "incident", "list", "--json")
        self.assertEqual(len([json.loads(line) for line in self.out.splitlines()]), 2)

    def test_show(self):
        """What is known of an incident could not be read."""
        self.answers["GET", "/v1/incidents/inc_1"] = Answer(
            body={"id": "inc_1", "waves": [{"wave": 3, "state": "draft"}], "note": "two\nlines"})
        self.tocsin(OK, "incident", "show", "inc_1")
        for words in ("id: inc_1", "waves:", "wave: 3", "two", "lines"):
            self.assertIn(words, self.out)


class Rosters(Case):
    answer = {"accepted": 2, "duplicates": 1, "rejected": 3}

    def test_whole_file(self):
        """A roster would arrive changed, or under the wrong type."""
        self.answers["POST", "/v1/incidents/i/recipients"] = Answer(body=self.answer)
        csv, ndjson = b"recipient_id\r\na\r\n", b'{"recipient_id":"a"}\n'
        for name, content, type in (("r.csv", csv, "text/csv"), ("r.CSV", csv, "text/csv"),
                                    ("r.ndjson", ndjson, "application/x-ndjson"),
                                    ("r.jsonl", ndjson, "application/x-ndjson")):
            self.tocsin(OK, "recipients", "upload", "i", self.file(name, content))
            self.assertEqual((self.last.body, self.last.headers["Content-Type"]), (content, type))
        self.assertRegex(self.out, r"accepted +2\nduplicates +1\nrejected +3\n")
        self.assertIn("recipients rejected", self.err)
        self.tocsin(OK, "recipients", "upload", "i", "-", "--type", "csv", stdin=csv)
        self.assertEqual(self.last.body, csv)
        self.tocsin(OK, "recipients", "upload", "i", self.file("e.csv", b""))
        self.tocsin(USAGE, "recipients", "upload", "i", self.file("r.txt", csv))
        self.tocsin(LOCAL, "recipients", "upload", "i", "/nonexistent.csv")
        self.tocsin(LOCAL, "recipients", "upload", "i", self.folder.name, "--type", "csv")
        self.tocsin(USAGE, "recipients", "upload", "i", self.file("r.csv", csv), "--part-size", "1")

    def parts(self, fail=lambda number, tries: False):
        """Takes parts as the service does; fail() says when to answer 503."""
        self.stored, tries = {}, {}

        def put(asked):
            number = int(asked.path.rsplit("/", 1)[1])
            tries[number] = tries.get(number, 0) + 1
            digest = base64.b64encode(hashlib.sha256(asked.body).digest()).decode()
            self.assertEqual(asked.headers["Content-Digest"], "sha-256=:%s:" % digest)
            if fail(number, tries[number]):
                return problem(503, "Not now", "The disk is busy.")
            self.stored[number] = asked.body
            return Answer(body=self.answer)

        for number in range(1, 50):
            self.answers["PUT", "/v1/incidents/i/recipients/parts/%d" % number] = put
        self.answers["POST", "/v1/incidents/i/recipients/commit"] = Answer(body=self.answer)

    def roster(self):
        header = b"\xef\xbb\xbfrecipient_id,name\r\n"
        rows = [b'%d,"quoted\r\nline %d ""x"""\r\n' % (i, i) for i in range(200)]
        return header, rows

    def test_csv_in_parts(self):
        """A person would be cut in two at the border of parts, or the header be missing behind it."""
        header, rows = self.roster()
        self.parts()
        path = self.file("r.csv", header + b"".join(rows).removesuffix(b"\r\n"))
        self.tocsin(OK, "recipients", "upload", "i", path, "--part-size", "1K")
        self.assertGreater(len(self.stored), 3)
        found = []
        for number in sorted(self.stored):
            body = self.stored[number]
            start = header[3:]  # parts go as UTF-8 that says so
            self.assertTrue(body.startswith(start))
            self.assertLess(len(body), 1200)
            found.append(body[len(start):])
        self.assertEqual(b"".join(found), b"".join(rows).removesuffix(b"\r\n"))
        self.assertEqual(self.last.json(), {"parts": len(self.stored), "count": 200})
        self.assertFalse(os.path.exists(path + ".tocsin-parts"))

    def test_ndjson_in_parts(self):
        """Lines would be lost between parts, or counted otherwise than the server does."""
        lines = [b'{"recipient_id":"%d"}\n' % i for i in range(300)]
        content = b"".join(lines[:100]) + b"\n\r\n" + b"".join(lines[100:])
        self.parts()
        self.tocsin(OK, "recipients", "upload", "i", self.file("r.ndjson", content), "--part-size", "1K")
        self.assertEqual(b"".join(self.stored[n] for n in sorted(self.stored)), content)
        self.assertEqual(self.last.json()["count"], 300)

    def test_a_part_is_tried_again(self):
        """A moment's failure would end a long upload."""
        header, rows = self.roster()
        self.parts(fail=lambda number, tries: number == 2 and tries == 1)
        self.tocsin(OK, "recipients", "upload", "i", self.file("r.csv", header + b"".join(rows)),
                    "--part-size", "2K")
        self.assertEqual(self.last.path, "/v1/incidents/i/recipients/commit")

    def test_resume(self):
        """An upload that broke off would begin again from the start."""
        header, rows = self.roster()
        path = self.file("r.csv", header + b"".join(rows))
        self.parts(fail=lambda number, tries: number >= 3)
        self.tocsin(SERVER, "recipients", "upload", "i", path, "--resume", "--part-size", "1K", "--retries", "0")
        self.assertIn("--resume", self.err)
        self.assertEqual(sorted(self.stored), [1, 2])
        self.parts()
        self.tocsin(OK, "recipients", "upload", "i", path, "--resume", "--part-size", "1K")
        self.assertEqual(min(self.stored), 3)
        self.assertEqual(self.last.json(), {"parts": max(self.stored), "count": 200})
        self.assertFalse(os.path.exists(path + ".tocsin-parts"))

    def test_resume_of_another_incident_begins_anew(self):
        """Parts that another incident holds would be left out."""
        header, rows = self.roster()
        path = self.file("r.csv", header + b"".join(rows))
        self.file("r.csv.tocsin-parts", "other\n1 " + hashlib.sha256(b"").hexdigest() + "\n")
        self.parts()
        self.tocsin(OK, "recipients", "upload", "i", path, "--resume")
        self.assertEqual(sorted(self.stored), [1])

    def test_asked_to_wait(self):
        """A server that asks for a moment would be asked again at once."""
        times = []

        def busy(asked):
            times.append(time.monotonic())
            return problem(429, "Later") if len(times) == 1 else Answer(body=self.answer)
        self.parts()
        self.answers["PUT", "/v1/incidents/i/recipients/parts/1"] = lambda asked: with_header(
            busy(asked), "Retry-After", "1")
        self.tocsin(OK, "recipients", "upload", "i", self.file("r.csv", "recipient_id\na\n"), "--resume")
        self.assertGreaterEqual(times[1] - times[0], 1)

    def test_refused_part(self):
        """A refusal would be tried again and again."""
        self.parts()
        self.answers["PUT", "/v1/incidents/i/recipients/parts/1"] = problem(409, "Already released")
        self.tocsin(REFUSED, "recipients", "upload", "i", self.file("r.csv", "recipient_id\na\n"), "--resume")
        self.assertIn("Already released", self.err)
        self.assertLessEqual(len(self.server.asked), 2)

    def test_rejected(self):
        """Nobody would learn which rows were refused."""
        self.answers["GET", "/v1/incidents/i/rejected"] = Answer(
            body={"items": [{"row": 5, "part": 2, "line": 17, "field": "email", "reason": "must be one address",
                             "state": "undecided"}]})
        self.tocsin(OK, "recipients", "rejected", "i")
        self.assertRegex(self.out, r"ROW +PART +LINE +FIELD +REASON +DECIDED\n"
                                   r"5 +2 +17 +email +must be one address +undecided\n")

    def test_waive(self):
        """Rows would stay undecided, and the release wait, though somebody decided."""
        self.answers["POST", "/v1/incidents/i/rejected/decisions"] = Answer(body={"waived": 2, "undecided": 0})
        self.tocsin(OK, "recipients", "waive", "i", "--rows", "4,5", "--reason", "Totals")
        self.assertEqual(self.last.json(), {"decision": "waive", "rows": [4, 5], "reason": "Totals"})
        self.assertRegex(self.out, r"waived +2\nundecided +0\n")
        self.tocsin(OK, "recipients", "waive", "i", "--all", "--reason", "Totals")
        self.assertEqual(self.last.json(), {"decision": "waive", "all": True, "reason": "Totals"})
        self.tocsin(USAGE, "recipients", "waive", "i", "--all")
        self.tocsin(USAGE, "recipients", "waive", "i", "--rows", "x", "--reason", "Totals")

    def test_a_spreadsheet_in_parts(self):
        """Umlauts would be broken, or rows lost, when a file of a spreadsheet goes in parts."""
        self.parts()
        rows = ["%d;M\u00fcller %d" % (n, n) for n in range(300)]
        for encoding in ("utf-16", "cp1252"):
            self.stored.clear()
            path = self.file("s.csv", ("sep=;\r\nCustomer ID;Name\r\n" + "\r\n".join(rows)).encode(encoding))
            self.tocsin(OK, "recipients", "upload", "i", path, "--part-size", "1K")
            header = b"Customer ID;Name\r\n"
            text = b"".join(self.stored[n].removeprefix(header) for n in sorted(self.stored))
            self.assertEqual(text.decode(), "\r\n".join(rows))
            self.assertTrue(all(body.startswith(header) for body in self.stored.values()))

    def test_how_a_spreadsheet_was_read(self):
        """Nobody would see that a column was taken for another one."""
        self.answers["POST", "/v1/incidents/i/recipients"] = Answer(body={**self.answer, "warnings": 1, "sheet": {
            "encoding": "windows-1252", "encoding_evidence": "letters", "delimiter": "semicolon",
            "delimiter_evidence": "names", "columns": [{"header": "E-mail", "column": "email", "alias": True}]}})
        self.tocsin(OK, "recipients", "upload", "i", self.file("r.csv", b"x"), "--charset", "windows-1252",
                    "--replace", "--expect", "5")
        self.assertIn("E-mail -> email", self.out)
        self.assertIn("windows-1252: letters", self.out)
        self.assertEqual(self.last.query, {"mode": ["replace"], "expected_people": ["5"]})
        self.tocsin(USAGE, "recipients", "upload", "i", self.file("r.csv", b"x"), "--charset", "klingon")

    def test_rejected_lines_of_the_file(self):
        """A row that was refused in part 7 could not be found in the file."""
        header, rows = self.roster()
        content = header + b"".join(rows)
        path = self.file("r.csv", content)
        self.parts()
        self.tocsin(OK, "recipients", "upload", "i", path, "--part-size", "1K")
        items, lines = [], []
        for number in sorted(self.stored):  # the last row of each part, as the server counts
            items.append({"part": number, "line": self.stored[number].count(b"\n") - 1, "field": "", "reason": "x"})
            last = self.stored[number].split(b"\r\n")[-3]
            lines.append(content[:content.index(last)].count(b"\n") + 1)
        items.append({"part": 0, "line": 5, "field": "", "reason": "x"})
        self.answers["GET", "/v1/incidents/i/rejected"] = Answer(body={"items": items})
        self.tocsin(OK, "recipients", "rejected", "i", "--file", path, "--part-size", "1K")
        self.assertGreater(len(lines), 3)
        self.assertEqual([int(line.split()[1]) for line in self.out.splitlines()[1:]], lines + [5])
        self.tocsin(USAGE, "recipients", "rejected", "i", "--file", path, "--json")

    def test_progress_bar_on_a_terminal(self):
        """A person would stare at nothing while a million rows go."""
        self.answers["POST", "/v1/incidents/i/recipients"] = Answer(body=self.answer)
        out = on_terminal(["recipients", "upload", "i", self.file("r.csv", "recipient_id\na\n")], self.server.url)
        self.assertIn("100% of 1 KiB", out)


def with_header(answer, name, value):
    answer.headers[name] = value
    return answer


def on_terminal(arguments, url, code=OK):
    """Runs tocsin on a terminal of its own; returns what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = clean_environment(TERM="xterm", TOCSIN_URL=url, TOCSIN_TOKEN=TOKEN)
        os.execve(TOCSIN, [TOCSIN, *arguments], environment)
    shown = b""
    while select.select([terminal], [], [], 30)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code, shown
    return shown.decode()


class Decisions(Case):
    def test_preview(self):
        """An approver would approve what was not seen."""
        self.answers["GET", "/v1/incidents/i/preview"] = Answer(
            body={"subject": "About your data", "text": "Dear Ann,\nwe lost", "html": "<p>\x1bDear</p>"})
        self.tocsin(OK, "preview", "i", "--recipient", "c/1 &x", "--channel", "email")
        self.assertEqual(self.last.query, {"recipient": ["c/1 &x"], "channel": ["email"]})
        self.assertIn("subject: About your data", self.out)
        self.assertIn("Dear Ann,\n", self.out)
        self.answers["GET", "/v1/incidents/i/preview"] = Answer(body={"html": "<p>Dear</p>"})
        self.tocsin(OK, "preview", "i", "-r", "c", "-c", "email", "--only", "html")
        self.assertEqual(self.out, "<p>Dear</p>\n")
        self.tocsin(SERVER, "preview", "i", "-r", "c", "-c", "email", "--only", "nothing")

    def test_decisions(self):
        """A decision would go to another resource than it says."""
        for command, tail in (("approve", "approvals"), ("release", "release"), ("resume", "resume"),
                              ("cancel", "cancel")):
            self.answers["POST", "/v1/incidents/i/" + tail] = Answer(body={"state": command + "d"})
            self.tocsin(OK, command, "i")
            self.assertEqual(self.last.json(), {})
            self.assertIn("state: %sd" % command, self.out)
        self.answers["POST", "/v1/incidents/i/release"] = Answer(204)
        self.tocsin(OK, "release", "i")
        self.assertEqual(self.out, "done\n")
        self.answers["POST", "/v1/incidents/i/release"] = problem(409, "Not approved", "Approve it first.")
        self.tocsin(REFUSED, "release", "i")
        self.assertIn("Approve it first.", self.err)

    def test_approval(self):
        """Counsel would approve unseen, or something else than what was shown."""
        sample = {"to": "a@b.example", "subject": "About", "text": "Dear \x1bAlex", "html": "<p>Dear</p>"}
        summary = {"incident": "i", "title": "Mail \x1b[2J", "people": 1234, "goes": 1230, "withheld": 4, "hash": "ab" * 32,
                   "approvals": {"required": 2, "valid": 1, "given": []}, "warnings": [{"kind": "withheld", "people": 4, "text": "are withheld."}],
                   "changes": {"approved_at": "2026-05-03", "members": [
                       {"member": "sender.email", "before": "old", "after": "new"},
                       {"member": "texts.en.source", "lines": [{"op": "-", "text": "was"}, {"op": "+", "text": "is"}]}]},
                   "costs": {"currency": "EUR", "first_micro": 12345678, "most_micro": None},
                   "cohorts": [{"jurisdiction": "US-CA", "locale": "en", "channel": "email", "people": 1230}],
                   "variants": [{"key": "email~US~../en~5~0", "channel": "email", "people": 1230, "sample": sample}]}
        self.answers["GET", "/v1/incidents/i/approvals"] = Answer(body=summary)
        self.answers["POST", "/v1/incidents/i/approvals"] = Answer(body={"state": "approved"})
        folder = self.folder.name + "/samples"
        self.tocsin(OK, "approve", "i", "--samples", folder, "--people", "1234", "--wave", "7")
        self.assertEqual(self.last.json(), {"hash": "ab" * 32, "people": 1234, "wave": 7})
        for word in ("1234", "WARNING: 4 are withheld.", "- old", "+ new", "- was", "+ is", "12.35 EUR", "unknown", "US-CA"):
            self.assertIn(word, self.out)
        self.assertNotIn("\x1b", self.out)
        self.assertEqual(sorted(os.listdir(folder)), ["email-US----en-5-0.html", "email-US----en-5-0.txt"])
        self.answers["POST", "/v1/incidents/i/approvals"] = problem(422, "No", "This is not the number of people.")
        self.tocsin(OK, "approve", "i", "--dry-run")
        self.tocsin(REFUSED, "approve", "i", "--people", "3")
        self.tocsin(USAGE, "approve", "i", "--people", "many")

    def test_alone(self):
        """One person would release alone without saying why."""
        self.answers["POST", "/v1/incidents/i/release"] = Answer(body={"state": "planning"})
        self.tocsin(USAGE, "release", "i", "--alone")
        self.tocsin(OK, "release", "i", "--alone", "--reason", "night")
        self.assertEqual(self.last.json(), {"break_glass": True, "reason": "night"})
        self.answers["POST", "/v1/incidents/i/review"] = Answer(body={"reviewed_by": "tok_1"})
        self.tocsin(OK, "review", "i", "--note", "seen")
        self.assertEqual(self.last.json(), {"note": "seen"})

    def test_hold(self):
        """The receipt of a hold would lack who asked for it."""
        self.answers["POST", "/v1/incidents/i/hold"] = Answer(body={"state": "held"})
        self.tocsin(OK, "hold", "i", "--reason", 'an "inquiry"', "--agency", "FBI", "--officer", "K.",
                    "--until", "2026-12-01T00:00:00Z")
        self.assertEqual(self.last.json(), {"reason": 'an "inquiry"', "agency": "FBI", "officer": "K.",
                                            "until": "2026-12-01T00:00:00Z"})
        self.tocsin(OK, "hold", "i", "--reason=short")
        self.assertEqual(self.last.json(), {"reason": "short"})

    def test_rehearse(self):
        """Who would not be told stays unseen until it is too late."""
        self.answers["GET", "/v1/incidents/i/rehearsal"] = Answer(body={"goes": 3, "withheld": 1})
        self.tocsin(OK, "rehearse", "i", "--limit", "7")
        self.assertIn("withheld", self.out)

    def test_decide(self):
        """A letter in doubt could not be settled from the command line."""
        self.answers["POST", "/v1/incidents/i/recipients/a%2Fb/decision"] = Answer(body={"decision": "sent"})
        self.tocsin(OK, "decide", "i", "a/b", "--channel", "postal", "--decision", "sent", "--note", "portal")
        self.assertEqual(self.last.json(), {"channel": "postal", "decision": "sent", "note": "portal"})
        self.tocsin(USAGE, "decide", "i", "a", "--channel", "postal")


def incident(state="sending", told=5, **more):
    return dict(id="inc_1", state=state, incident={"title": "Lost laptop"},
                recipients={"accepted": 10, "duplicates": 1, "rejected": 2},
                waves=[{"wave": 1, "state": state, "people": {"planned": 10, "told": told, "unreachable": 1},
                        "channels": {"email": {"accepted": 4, "bounced": 1}, "sms": {"delivered": 2}},
                        "rate_per_minute": 120, "estimated_end": "2999-01-01T00:00:00Z"}], **more)


class Status(Case):
    def test_once(self):
        """The numbers of the waves would be added up wrongly, or not shown."""
        body = incident()
        body["waves"].append({"wave": 2, "state": "settled", "people": {"planned": 1, "told": 1},
                              "channels": {"email": {"accepted": 1}}})
        self.answers["GET", "/v1/incidents/i"] = Answer(body=body)
        self.tocsin(OK, "status", "i")
        self.assertRegex(self.out, r"state +sending")
        self.assertRegex(self.out, r"email +accepted 5  bounced 1")
        self.assertRegex(self.out, r"sms +delivered 2")
        self.assertRegex(self.out, r"people +planned 11  told 6  unreachable 1  waiting 4")
        self.assertRegex(self.out, r"roster +10 accepted, 1 duplicates, 2 rejected")
        self.assertRegex(self.out, r"pace +2\.0 a second, done in about \d+ days")
        self.tocsin(OK, "status", "i", "--json")
        self.assertEqual(json.loads(self.out), body)

    def test_flat_form(self):
        """Counts at the top of the document would be overlooked."""
        self.answers["GET", "/v1/incidents/i"] = Answer(body={
            "id": "i", "title": "T", "state": "sending", "counts": {"post": {"accepted": 3}},
            "people": {"told": 3, "waiting": 9}, "roster": {"accepted": 12}, "rate_per_second": 40})
        self.tocsin(OK, "status", "i")
        self.assertRegex(self.out, r"title +T\n")
        self.assertRegex(self.out, r"post +accepted 3")
        self.assertRegex(self.out, r"people +told 3  waiting 9")
        self.assertRegex(self.out, r"pace +40 a second")

    def watch_script(self):
        steps = iter([Answer(body=incident(told=5)), Answer(body=incident(told=5)), problem(503, "Restarting"),
                      Answer(body=incident(told=9)), Answer(body=incident("settled", told=9))])
        self.answers["GET", "/v1/incidents/i"] = lambda asked: next(steps)

    def test_watch_into_a_pipe(self):
        """A script that waits would wait for ever, drown in repetitions or die of a restart."""
        self.watch_script()
        self.tocsin(OK, "status", "i", "--watch", "--interval", "1")
        self.assertEqual(self.out.splitlines(), [
            "state=sending planned=10 told=5 unreachable=1 waiting=4",
            "state=sending planned=10 told=9 unreachable=1 waiting=0",
            "state=settled planned=10 told=9 unreachable=1 waiting=0"])
        self.assertIn("Restarting", self.err)

    def test_watch_on_a_terminal(self):
        """The table would be printed again and again instead of redrawn."""
        steps = iter([Answer(body=incident(told=5)), Answer(body=incident("settled", told=9))])
        self.answers["GET", "/v1/incidents/i"] = lambda asked: next(steps)
        shown = on_terminal(["status", "i", "-w", "--interval", "1"], self.server.url)
        before, after = shown.split("\x1b[8A\x1b[J")
        self.assertEqual(before.count("\n"), 8)
        self.assertIn("told 9", after)

    def test_watch_ends_on_refusal(self):
        """A watch of nothing would go on for ever."""
        self.tocsin(REFUSED, "status", "nothing", "--watch")


class Receipts(Case):
    def page(self, asked):
        self.assertEqual(asked.query["incident"], ["inc_1"])
        csv = asked.headers["Accept"] == "text/csv"
        after = asked.query.get("after", ["0"])[0]
        line = "r%s,x\r\n" % after if csv else '{"r":%s}\n' % after
        body = ("receipt,what\r\n" if csv else "") + line
        links = {"0": '<http://evil.example/v1/receipts?incident=inc_1&after=1>; rel="next"',
                 "1": '</v1/receipts?after=0>; rel="prev", </v1/receipts?incident=inc_1&after=2>; rel="next"'}
        return Answer(body=body, type=asked.headers["Accept"],
                      headers={"Link": links[after]} if after in links else {})

    def setUp(self):
        super().setUp()
        self.answers["GET", "/v1/receipts"] = self.page

    def test_all_pages(self):
        """The export would end at its first page, or have a header row in its middle."""
        self.tocsin(OK, "receipts", "inc_1")
        self.assertEqual(self.out, '{"r":0}\n{"r":1}\n{"r":2}\n')
        self.assertEqual(self.server.asked[0].target, "/v1/receipts?incident=inc_1")
        self.tocsin(OK, "receipts", "inc_1", "--format", "csv")
        self.assertEqual(self.out, "receipt,what\r\nr0,x\r\nr1,x\r\nr2,x\r\n")
        self.tocsin(OK, "receipts", "inc_1", "--json")
        self.assertEqual(self.out, '{"r":0}\n{"r":1}\n{"r":2}\n')

    def test_file(self):
        """A file that looks whole would be cut."""
        path = os.path.join(self.folder.name, "out.csv")
        self.tocsin(OK, "receipts", "inc_1", "-o", path, "-r", "c 1", "--limit", "7")
        self.assertEqual(self.server.asked[0].query["recipient"], ["c 1"])
        self.assertEqual(self.server.asked[0].query["limit"], ["7"])
        with open(path) as file:
            self.assertEqual(file.read().count("\n"), 4)
        self.assertEqual(os.listdir(self.folder.name), ["out.csv"])

    def test_reader_goes_away(self):
        """tocsin receipts | head would hang, or count as done."""
        self.answers["GET", "/v1/receipts"] = Answer(body='{"r":0}\n' * 500000, type="application/x-ndjson")
        read, write = os.pipe()
        tocsin = subprocess.Popen([TOCSIN, "receipts", "i"], stdout=write, stderr=subprocess.DEVNULL,
                                  env=clean_environment(TOCSIN_URL=self.server.url, TOCSIN_TOKEN=TOKEN))
        os.close(write)
        os.read(read, 10)
        os.close(read)
        self.assertIn(tocsin.wait(30), (LOCAL, -13))

    def test_failure_leaves_no_file(self):
        """Half an export would stand for all of it."""
        path = os.path.join(self.folder.name, "out.ndjson")

        def fails(asked):
            return self.page(asked) if "after" not in asked.query else problem(500, "Broken")
        self.answers["GET", "/v1/receipts"] = fails
        self.tocsin(SERVER, "receipts", "inc_1", "-o", path)
        self.assertEqual(os.listdir(self.folder.name), [])
        self.tocsin(LOCAL, "receipts", "inc_1", "-o", "/nonexistent/out.csv")


class Requests(Case):
    def test_create(self):
        """A person who asked for paper would not get it."""
        self.answers["POST", "/v1/written-notice-requests"] = Answer(201, {"id": "req_1", "state": "received"})
        self.tocsin(OK, "requests", "create", "-i", "inc_1", "-r", "c-1", "--channel-received", "phone",
                    "--note", "hard of hearing")
        self.assertEqual(self.last.json(), {"incident": "inc_1", "recipient_id": "c-1",
                                            "channel_received": "phone", "note": "hard of hearing"})
        self.assertIn("id: req_1", self.out)
        self.tocsin(OK, "requests", "create", "--file", "-", stdin=b'{"incident":"x"}')
        self.assertEqual(self.last.json(), {"incident": "x"})

    def test_list_and_show(self):
        """The desk would not see what is open."""
        self.answers["GET", "/v1/written-notice-requests"] = Answer(
            body={"items": [{"id": "req_1", "state": "sent", "incident": "inc_1", "channel_received": "phone"}]})
        self.tocsin(OK, "requests", "list", "-i", "inc_1")
        self.assertEqual(self.last.query["incident"], ["inc_1"])
        self.assertRegex(self.out, r"req_1 +sent +inc_1 +phone")
        self.answers["GET", "/v1/written-notice-requests/req_1"] = Answer(body={"id": "req_1", "state": "sent"})
        self.tocsin(OK, "requests", "show", "req_1")
        self.assertIn("state: sent", self.out)


RULES = os.path.abspath("templates/rules")


class Law(Case):
    def test_rules(self):
        """Counsel could not read, check or compare the rules."""
        self.tocsin(OK, "rules", "list", "--rules", RULES)
        self.assertRegex(self.out, r"US-CA +California +30 days +esign_consent +in_force")
        self.assertEqual(sum(line.startswith("US-") for line in self.out.splitlines()), 60)
        self.tocsin(OK, "rules", "show", "US-CA", "--rules", RULES)
        self.assertIn("Cal. Civ. Code 1798.82", self.out)
        self.tocsin(REFUSED, "rules", "show", "US-ZZ", "--rules", RULES)
        self.tocsin(REFUSED, "rules", "diff", "US-CA", "US-TX", "--rules", RULES)
        self.assertIn("people.clock.n", self.out)
        self.tocsin(OK, "rules", "diff", RULES, RULES)

    def test_overlay(self):
        """A slip in counsel's file would pass, or the file would change nothing."""
        path = os.path.join(self.folder.name, "counsel.json")
        with open(path, "w", encoding="utf8") as file:
            json.dump({"id": "US-TX", "people": {"when": {}, "standard": "ours", "clock": {"n": 20, "unit": "day", "from": "discovery"}}}, file)
        self.tocsin(REFUSED, "rules", "check", path, "--rules", RULES)
        self.assertIn("US-TX.people.clock.unit", self.err)
        with open(path, "w", encoding="utf8") as file:
            json.dump({"id": "US-TX", "people": {"when": {}, "standard": "ours", "clock": {"n": 20, "unit": "days", "from": "discovery"}}}, file)
        self.tocsin(OK, "rules", "check", path, "--rules", RULES)
        facts = b'{"incident":{"data_types":["name","ssn"],"discovered_at":"2026-03-02","encrypted":false},"people":{"US-TX":3}}'
        self.tocsin(OK, "law", "evaluate", "-", "--rules", RULES, "--overlay", path, "--json", stdin=facts)
        self.assertIn("2026-03-22", [o["due"] for o in json.loads(self.out)["obligations"]])

    def test_evaluate(self):
        """A responder could not try a scenario at night without a server."""
        facts = b'{"incident":{"data_types":["name","ssn"],"discovered_at":"2026-01-15"},"people":{"US-MD":10}}'
        self.tocsin(OK, "law", "evaluate", "-", "--rules", RULES, stdin=facts)
        self.assertRegex(self.out, r"US-MD +people +2026-03-01")
        self.assertRegex(self.out, r"until Maryland Office of the Attorney General is told")
        self.tocsin(REFUSED, "law", "evaluate", "-", "--rules", RULES, stdin=b'{"incident":{"risk":"low"}}')
        self.assertIn("/incident/risk", self.err)

    PLAN = {"incident": "inc_0000000000001", "made_at": "2026-03-02T10:00:00.000Z", "rules_version": "2026-11-23", "rules_digest": "ab" * 32,
            "notice": "Defaults; have counsel review.", "people_unknown": 0, "no_record": [], "channels": {},
            "questions": [{"fact": "risk", "question": "How high is the risk?", "matters_for": "US-MD"}],
            "waiting": [{"jurisdiction": "US-MD", "people": 2, "waits_for": "the authority", "citation": "Md. 14-3504", "duty": "US-MD.regulator"}],
            "steps": [{"step": 1, "do": "tell", "jurisdiction": "US-MD", "name": "the authority", "by": None}],
            "obligations": [
                {"key": "US-MD.people", "jurisdiction": "US-MD", "to": "people", "name": "the people", "required": True, "done": False, "state": "open",
                 "due": "2026-04-16", "standard": "a; b, c\\d\nand " + "é" * 60, "why": "covered", "citation": "Md. 14-3504", "people": 2},
                {"key": "GB.regulator", "jurisdiction": "GB", "to": "regulator", "name": "ICO", "required": True, "done": False, "state": "open",
                 "due": "2026-03-05T09:30:00+01:00", "standard": "72 hours", "why": "risk", "citation": "UK GDPR 33", "people": 1},
                {"key": "US-CA.people", "jurisdiction": "US-CA", "to": "people", "name": "the people", "required": True, "done": True, "state": "open",
                 "due": "2026-04-01", "standard": "30 days", "why": "covered", "citation": "c", "people": 1},
                {"key": "US-MD.regulator", "jurisdiction": "US-MD", "to": "regulator", "name": "the authority", "required": True, "done": False,
                 "state": "open", "due": None, "standard": "before", "why": "covered", "citation": "c", "people": 2}]}

    def test_plan(self):
        """A responder could not read who waits and why, or his calendar would refuse the deadlines."""
        self.answers["POST", "/v1/incidents/inc_1/plan"] = Answer(200, json.dumps(self.PLAN))
        path = os.path.join(self.folder.name, "plan.ics")
        self.tocsin(OK, "plan", "inc_1", "--ics", path)
        self.assertRegex(self.out, r"US-MD +2 people until the authority is told \(Md. 14-3504\)")
        self.assertIn("How high is the risk?", self.out)
        self.assertIn("have counsel review", self.out)
        with open(path, "rb") as file:
            raw = file.read()
        lines = raw.split(b"\r\n")
        self.assertEqual((lines[0], lines[-2], lines[-1]), (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b""))
        self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
        for line in lines:
            self.assertLessEqual(len(line), 75)
            line.decode()  # no character is cut in two
        whole = raw.replace(b"\r\n ", b"").decode().split("\r\n")
        self.assertEqual(sum(line == "BEGIN:VEVENT" for line in whole), 2)  # not what is done or has no day
        self.assertIn("DTSTART;VALUE=DATE:20260416", whole)
        self.assertIn("DTSTART:20260305T083000Z", whole)
        self.assertIn("UID:inc_0000000000001.US-MD.people@tocsin", whole)
        self.assertTrue(any(line.startswith("DESCRIPTION:a\\; b\\, c\\\\d\\nand " + "é" * 60) for line in whole), whole)

    def test_duty(self):
        """People would wait for a regulator who was told long ago."""
        seen = []
        self.answers["POST", "/v1/incidents/inc_1/duties/US-MD.regulator"] = lambda asked: (
            seen.append(json.loads(asked.body)), Answer(200, '{"state":"done","people_go_on":true}'))[1]
        self.tocsin(OK, "duty", "inc_1", "US-MD.regulator", "--done-at", "2026-03-02", "--reference", "OAG-1")
        self.tocsin(OK, "duty", "inc_1", "US-MD.regulator", "--override", "--note", "no answer")
        self.assertEqual(seen, [{"done_at": "2026-03-02", "reference": "OAG-1"}, {"override": True, "note": "no answer"}])
        self.answers["GET", "/v1/obligations"] = Answer(200, json.dumps({"items": [
            {"due": "2026-03-05", "incident": "inc_1", "key": "GB.regulator", "people_wait": False, "seconds_left": -5, "name": "ICO"}]}))
        self.tocsin(OK, "obligations")
        self.assertRegex(self.out, r"2026-03-05 +inc_1 +GB.regulator")


class Tokens(Case):
    def test_create(self):
        """The token could not be put into a file by a pipe."""
        self.answers["POST", "/v1/tokens"] = Answer(201, {"id": "tok_1", "token": "secret-2"})
        self.tocsin(OK, "token", "create", "--role", "approver,admin", "--name", "Ann")
        self.assertEqual(self.last.json(), {"roles": ["approver", "admin"], "name": "Ann"})
        self.assertEqual(self.out, "secret-2\n")
        self.assertIn("tok_1", self.err)
        self.assertNotIn("secret-2", self.err)

    def test_list_and_revoke(self):
        """A lost token could not be found and ended."""
        self.answers["GET", "/v1/tokens"] = Answer(body={"items": [{"id": "tok_1", "roles": ["admin", "app"], "name": "Ann"}]})
        self.answers["DELETE", "/v1/tokens/tok_1"] = Answer(204)
        self.tocsin(OK, "token", "list")
        self.assertRegex(self.out, r"tok_1 +admin,app +Ann")
        self.assertEqual(self.last.target, "/v1/tokens")
        self.tocsin(OK, "token", "revoke", "tok_1")
        self.assertEqual(self.out, "revoked\n")
        self.tocsin(REFUSED, "token", "revoke", "tok_2")


if __name__ == "__main__":
    unittest.main()
