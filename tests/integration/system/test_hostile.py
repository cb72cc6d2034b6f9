"""test_hostile.py [NAME]: clients that mean no good, while a good one works."""
import json
import socket
import statistics
import threading
import time

from rig import INCIDENT, System, main

FOE = "127.0.0.2"  # its own address, as it would have behind no proxy
NDJSON = {"Content-Type": "application/x-ndjson"}


def raw(s, data, seconds=1.5, source=FOE):
    """What is answered to these bytes, until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", s.port), seconds, source_address=(source, 0)) as c:
        c.settimeout(seconds)
        answer = b""
        try:
            c.sendall(data)
            while piece := c.recv(65536):
                answer += piece
        except OSError:
            pass
        return answer


def head(s, method="POST", path="/v1/incidents", *lines):
    start = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{s.port}\r\nAuthorization: Bearer {s.tokens['responder']}\r\n"
    return (start + "".join(line + "\r\n" for line in lines)).encode()


class Good(threading.Thread):
    """A client that reads and writes all the time, and notes how long it took."""

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.over, self.took, self.bad = s, threading.Event(), [], []

    def run(self):
        while not self.over.is_set():
            for call in (("GET", "/v1/incidents", "responder", None), ("POST", "/v1/incidents", "responder", INCIDENT),
                         ("GET", "/healthz", None, None)):
                begun = time.monotonic()
                try:
                    answer = self.s.call(*call)
                    if answer.status not in (200, 201):
                        self.bad.append(answer)
                except OSError as error:
                    self.bad.append(error)
                self.took.append(time.monotonic() - begun)
            time.sleep(0.02)

    def check(self, n=20):
        self.over.set()
        self.join(30)
        assert not self.bad, self.bad[:3]
        assert len(self.took) >= n, len(self.took)
        middle, worst = statistics.median(self.took), max(self.took)
        print(f"the good client: {len(self.took)} calls, median {middle * 1000:.0f} ms, worst {worst * 1000:.0f} ms")
        assert middle < 0.25 and worst < 3, (middle, worst)


# One client that dawdles would keep all others out when this fails.
def slow():
    with System(http="{head_deadline: 3s, idle: 4s, min_body_rate: 1000}") as s:
        good = Good(s)
        good.start()
        socks, refused = [], 0
        for i in range(200):  # more than one address may have
            try:
                c = socket.create_connection(("127.0.0.1", s.port), 3, source_address=(FOE, 0))
                body = head(s, "POST", "/v1/incidents", "Content-Type: application/json", "Content-Length: 100000")
                c.sendall(body[:40] if i % 2 else body + b"\r\n{")
                socks.append(c)
            except OSError:
                refused += 1
        end = time.monotonic() + 9
        while time.monotonic() < end:
            for c in socks:
                try:
                    c.sendall(b"a")
                except OSError:
                    pass
            time.sleep(0.5)
        closed = sum(is_closed(c) for c in socks)
        for c in socks:
            c.close()
        good.check()
        assert closed + refused == 200, f"{200 - closed - refused} dawdlers are still served"


def is_closed(c):
    c.settimeout(0.01)
    try:
        while c.recv(4096):
            pass
        return True
    except TimeoutError:
        return False
    except OSError:
        return True


def refused(answer, *statuses):
    status = int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
    assert status in statuses, (status, answer[:300])


# Something malformed would be taken, crash it, or disturb others, when this fails.
def malformed():
    with System() as s:
        path = s.incident(release=False)
        good = Good(s)
        good.start()
        json_type = "Content-Type: application/json"
        for _ in range(3):
            refused(raw(s, head(s, "POST", "/v1/incidents", json_type, "Content-Length: 999999999999") + b"\r\n{"), 413)
            deep = b"[" * 100000
            refused(raw(s, head(s, "POST", "/v1/incidents", json_type, f"Content-Length: {len(deep)}") + b"\r\n" + deep),
                    400)
            bad = b'{"title":"\xff\xfe"}'
            refused(raw(s, head(s, "POST", "/v1/incidents", json_type, f"Content-Length: {len(bad)}") + b"\r\n" + bad),
                    400)
            both = head(s, "POST", "/v1/incidents", json_type, "Content-Length: 4", "Transfer-Encoding: chunked")
            answer = raw(s, both + b"\r\n0\r\n\r\nGET /v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n")
            refused(answer, 400)
            assert answer.count(b"HTTP/1.1 ") == 1, "a smuggled request was answered"
            twice = head(s, "POST", "/v1/incidents", json_type, "Content-Length: 4", "Content-Length: 5")
            refused(raw(s, twice + b"\r\nabcde"), 400)
            refused(raw(s, head(s, "GET", "/v1/incidents", "X-A: " + "a" * 100000) + b"\r\n"), 400, 414, 431)
            refused(raw(s, b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"), 400)
            answer = raw(s, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + b"\x00" * 200)  # TLS
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400"), answer[:100]
            rows(s, path)
        good.check()
        assert s.call("GET", "/readyz").status == 200


# A header of ours would be written by a recipient's address when this fails.
def rows(s, path):
    bad = ["a@post.example\r\nBcc: evil@post.example", "a@post.example\nRCPT TO:<evil@post.example>", "a\0@post.example",
           "<a@post.example>,<b@post.example>", "a@post.example>", "a@[127.0.0.1]\r\n.\r\n", "a b@post.example", "@", "a@",
           "a@" + "x" * 300 + ".example"]
    lines = [json.dumps({"recipient_id": f"bad{i}", "email": e}) for i, e in enumerate(bad)]
    lines += [json.dumps({"recipient_id": f"name{i}", "email": "ok@post.example", "name": n})
              for i, n in enumerate(["Ann\r\nBcc: evil@post.example", "Ann\u0000"])]
    lines += [json.dumps({"recipient_id": "phone", "phone": p}) for p in ("+1\r\n2025550123", "2025550123", "+1" * 40)]
    lines += ['{"recipient_id":"a","recipient_id":"b","email":"ok@post.example"}', "{" * 5000,
              '{"recipient_id":"x","unknown":1}', '{"recipient_id":"' + "x" * 300000 + '"}', "null", "[]"]
    body = "\n".join(lines).encode() + b'\n{"recipient_id":"\xc0\xaf","email":"ok@post.example"}\n'
    answer = s.call("POST", path + "/recipients", "responder", body, NDJSON)
    counts = s.expect(answer, 200).json
    # A bad field is left out of its person; what is no person is refused.
    assert (counts["accepted"] + counts["duplicates"], counts["rejected"]) == (13, 9), counts
    assert counts["warnings"] == 13, counts
    fields = {w["field"] for w in s.expect(s.call("GET", counts["warning_rows"], "responder"), 200).json["items"]}
    assert fields == {"email", "name", "phone"}, fields


if __name__ == "__main__":
    main({"slow": slow, "malformed": malformed})
