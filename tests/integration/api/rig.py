"""The API over an engine that sends nothing: started per test run, talked to over a real socket."""
import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile

ROLES = ["responder", "approver", "compliance", "operator", "app", "admin"]

INCIDENT = {
    "title": "Mailbox export",
    "kind": "breach",
    "organisation": {"name": "Example Bank", "contact": {"email": "privacy@example.com"}},
    "occurred_from": "2026-05-03",
    "discovered_at": "2026-05-12T08:00:00Z",
    "data_types": ["name", "email"],
    "facts": {"what_happened": "Somebody copied a mailbox."},
}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def pointers(self):
        return [e["pointer"] for e in self.json.get("errors", [])]


def small_disk():
    """Files end at 900 KiB: the next byte fails as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (900 << 10, 900 << 10))


class Rig:
    def __init__(self, small=False):
        self.small = small

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.serve()
        return self

    def serve(self):
        build = pathlib.Path(os.environ["BUILD_DIR"])
        self.process = subprocess.Popen(
            [str(build / "tests/integration/api/api_server"), self.folder.name], stdout=subprocess.PIPE, text=True,
            preexec_fn=small_disk if self.small else None)
        self.tokens = json.loads(self.process.stdout.readline())
        self.port = self.tokens.pop("port")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.folder.cleanup()
        assert code == 0, f"the server ended with {code}"

    def call(self, method, path, role=None, body=None, headers=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = dict(headers or {})
        if role or token:
            headers["Authorization"] = "Bearer " + (token or self.tokens[role])
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def incident(self, released=False, **changes):
        answer = self.call("POST", "/v1/incidents", "responder", {**INCIDENT, **changes})
        assert answer.status == 201, answer.body
        path = answer.headers["Location"]
        if released:
            for verb, role in (("approvals", "approver"), ("release", "responder")):
                answer = self.call("POST", f"{path}/{verb}", role)
                assert answer.status == 200, answer.body
        return path


def expect(answer, status, *pointers):
    assert answer.status == status, (status, answer.status, answer.body)
    if status >= 400:
        assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers
        problem = answer.json
        assert problem["status"] == status and problem["type"].startswith("/problems/"), problem
    for pointer in pointers:
        assert pointer in answer.pointers(), (pointer, answer.body)
    return answer
