"""A scripted stand-in for the HTTP API: answers from a table, and keeps what it was asked."""
import http.server
import json
import os
import socketserver
import threading
from urllib.parse import parse_qs, urlsplit

TOKEN = "tok_test.secret-1"


class Asked:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        parts = urlsplit(target)
        self.path, self.query = parts.path, parse_qs(parts.query, keep_blank_values=True)

    def json(self):
        return json.loads(self.body)


class Answer:
    def __init__(self, status=200, body="", type="application/json", headers=None):
        self.status, self.type, self.headers = status, type, headers or {}
        self.body = body if isinstance(body, bytes) else (
            body if isinstance(body, str) else json.dumps(body)).encode()


def problem(status, title, detail="", **more):
    return Answer(status, dict(type="/problems/x", title=title, status=status, detail=detail, **more),
                  "application/problem+json")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline().strip(), 16)
                chunk = self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body
                body += chunk
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self):
        asked = Asked(self.command, self.path, dict(self.headers), self.read_body())
        with self.server.lock:
            self.server.asked.append(asked)
            if self.headers.get("Authorization") != "Bearer " + TOKEN:
                answer = problem(401, "No valid token", "Send a bearer token.")
            else:
                answer = self.server.script(asked)
        if answer is None:  # hang up without a word
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(answer.status)
        if answer.status != 204:
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            if answer.status != 204:
                self.wfile.write(answer.body)
        except ConnectionError:  # the client has gone: some tests do that
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def address_string(self):
        return "client"


class Server:
    """Listens on an ephemeral port of loopback, or on a Unix socket, until close()."""

    def __init__(self, script, socket_path=None):
        if socket_path:
            base = type("Unix", (socketserver.ThreadingMixIn, socketserver.UnixStreamServer), {})
            self.server = base(socket_path, Handler)
            self.url = "unix:" + socket_path
        else:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.server.daemon_threads = True
        self.server.script, self.server.asked = script, []
        self.server.lock = threading.Lock()
        self.path = socket_path
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def asked(self):
        return self.server.asked

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        if self.path:
            os.unlink(self.path)
