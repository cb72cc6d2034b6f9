"""Misbehaving ways to a provider, in front of the real one: a slow TCP line, and an HTTP front that refuses, delays, hangs
or swallows answers. A test changes `mode` while tocsind runs."""
import http.client
import http.server
import socket
import threading
import time


class Line:
    """Forwards TCP; the answers of the far side come `delay` seconds late."""

    def __init__(self, port, delay=0.0):
        self.far, self.delay = port, delay
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.far), 5)
            except OSError:
                if self.listener.fileno() < 0:
                    return
                near.close()
                continue
            for s in (near, far):
                s.settimeout(None)
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.pump, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, True), daemon=True).start()

    def pump(self, source, to, late):
        try:
            while data := source.recv(65536):
                if late and self.delay:
                    time.sleep(self.delay)
                to.sendall(data)
        except OSError:
            pass
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Front(http.server.ThreadingHTTPServer):
    """Modes: pass, limit (429 with Retry-After), before (500, the provider never sees it), after (the provider takes it,
    the answer is 500), hang (the provider never sees it, no answer), silent (it takes it, no answer)."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port):
        self.far, self.mode, self.delay, self.retry_after = port, "pass", 0.0, "1"
        self.posts, self.over = [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that are killed: what this is for

    def close(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        front = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mode = front.mode if self.command == "POST" else "pass"
        if self.command == "POST":
            front.posts.append((time.time(), mode))
        if mode in ("limit", "before"):
            return self.answer(429 if mode == "limit" else 500, b"{}",
                               {"Retry-After": front.retry_after} if mode == "limit" else {})
        if mode == "hang":
            return self.hang()
        if front.delay:
            time.sleep(front.delay / 2)
        far = http.client.HTTPConnection("127.0.0.1", front.far, timeout=20)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
            far.request(self.command, self.path, body or None, headers)
            got = far.getresponse()
            status, text = got.status, got.read()
            kind = got.headers.get("Content-Type", "application/json")
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return None
        finally:
            far.close()
        if front.delay:
            time.sleep(front.delay / 2)
        if mode == "silent":
            return self.hang()
        return self.answer(500, b"{}", {}) if mode == "after" else self.answer(status, text, {"Content-Type": kind})

    do_GET = do_POST = do_DELETE = do_PUT = serve

    def hang(self):
        self.server.over.wait(60)
        self.close_connection = True

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
