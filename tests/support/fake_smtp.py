#!/usr/bin/env python3
"""A misbehaving SMTP server. `fake_smtp.py SCENARIO` prints "port N" (and "ca PATH" when it speaks
TLS), serves 127.0.0.1 until stdin closes, then prints "connections N mails N commands N".
A mail counts when its dot was read. Scenarios are the methods named on_* and the words looked up in
`self.scenario` below; what a scenario does not spoil works as RFC 5321 says."""
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

COUNT = {"connections": 0, "mails": 0, "commands": 0}
LOCK = threading.Lock()


def count(what):
    with LOCK:
        COUNT[what] += 1
        return COUNT[what]


def certificate(name):
    folder = tempfile.mkdtemp(prefix="fake-smtp-")
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "ca.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    if name == "tls11":
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context, cert


class Gone(Exception):
    pass


class Client(threading.Thread):
    def __init__(self, sock, scenario, tls):
        super().__init__(daemon=True)
        self.sock, self.scenario, self.tls = sock, scenario, tls
        self.buffer, self.secure, self.mails = b"", False, 0
        self.number = count("connections")

    def say(self, *lines):
        self.sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def line(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Gone()
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone()

    def run(self):
        try:
            self.serve()
        except (Gone, OSError):
            pass
        self.sock.close()

    def serve(self):
        if self.scenario == "greeting-554":
            self.say("554 5.3.2 Not today")
        elif self.scenario == "greeting-close":
            raise Gone()
        elif self.scenario == "greeting-hang":
            time.sleep(30)
        else:
            self.say("220 fake ESMTP")
        while True:
            line = self.line()
            count("commands")
            verb = line.split(" ")[0].split(":")[0].upper()
            getattr(self, "on_" + verb.lower(), self.on_other)(line)

    def on_other(self, line):
        self.say("502 5.5.2 unknown")

    def on_ehlo(self, line):
        words = ["fake", "PIPELINING", "8BITMIME", "DSN"]
        if not self.scenario.startswith("plain-status"):
            words.append("ENHANCEDSTATUSCODES")
        if self.tls and not self.secure:
            words.append("STARTTLS")
        if self.scenario.startswith("auth"):
            words.append("AUTH PLAIN LOGIN")
        if self.scenario.startswith("chunking"):
            words.append("CHUNKING")
        lines = ["250-" + w for w in words[:-1]] + ["250 " + words[-1]]
        if self.scenario == "chunking-split":
            for part in ("\r\n".join(lines) + "\r\n").split("CHUNK"):
                self.sock.sendall(part.encode() + (b"CHUNK" if "ING" not in part else b""))
                time.sleep(0.1)
            return
        self.say(*lines)

    def on_starttls(self, line):
        if self.scenario == "tls-inject":
            self.say("220 go", "250-fake", "250 PIPELINING")
        else:
            self.say("220 2.0.0 go")
        self.sock = self.tls.wrap_socket(self.sock, server_side=True)
        self.secure, self.buffer = True, b""

    def on_auth(self, line):
        if not self.secure or self.scenario == "auth-refused":
            self.say("535 5.7.8 Error: authentication failed")
        else:
            import base64
            given = base64.b64decode(line.split(" ")[2])
            good = given.split(b"\0")[-2:] == [b"tocsin", b"s3cret"]
            self.say("235 2.7.0 ok" if good else "535 5.7.8 wrong")

    def on_mail(self, line):
        if self.scenario == "mail-421" and self.mails == 2:
            self.say("421 4.3.2 Shutting down")
            raise Gone()
        if self.scenario == "mail-421-first":
            self.say("421 4.7.0 Too many connections")
            raise Gone()
        if self.scenario == "mail-550":
            self.say("550 5.7.1 Sender not allowed")
            return
        self.say("250 2.1.0 ok")

    def on_rcpt(self, line):
        local = line.split("<")[1].split("@")[0]
        self.refused = True
        if local.startswith("r"):  # r550.5.1.1@ answers "550 5.1.1", r450@ "450"
            code, _, rest = local[1:].partition(".")
            self.say(code + (" " + rest if rest else "") + " as asked")
            return
        self.refused, self.local = False, local
        self.say("250 2.1.5 ok")

    def on_bdat(self, line):
        self.say("250 2.0.0 bdat should not be used")

    def on_data(self, line):
        if self.refused:
            self.say("554 5.5.1 no valid recipients")
            return
        if self.local.startswith("data452"):
            self.say("452 4.3.1 Insufficient system storage")
            return
        self.say("354 go")
        while True:
            line = self.line()
            if line == ".":
                break
            if self.local.startswith("lost-in-data"):
                self.reset()
        count("mails")
        self.mails += 1
        if self.local.startswith("lost"):
            self.reset()
        if self.local.startswith("hang"):
            time.sleep(30)
        if self.local.startswith("broken550"):
            self.say("550-5.7.1 first", "550 5.1.1 second, another code")
        elif self.local.startswith("d"):
            self.say(self.local[1:].replace("_", " ", 1) + " as asked")
        else:
            self.say("250 2.0.0 Ok: queued as F%06d" % COUNT["mails"])
        if self.scenario == "close-after-mail":
            raise Gone()

    def on_rset(self, line):
        self.say("250 2.0.0 ok")

    def on_quit(self, line):
        self.say("221 2.0.0 bye")
        raise Gone()


def main():
    scenario = sys.argv[1]
    tls = None
    if scenario.startswith(("tls", "auth")):
        tls, ca = certificate("elsewhere.example" if scenario == "tls-wrong-name" else "localhost")
        print("ca " + ca, flush=True)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print("port %d" % listener.getsockname()[1], flush=True)

    def accept():
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Client(sock, scenario, tls).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    if tls:
        shutil.rmtree(os.path.dirname(ca))
    print("connections %(connections)d mails %(mails)d commands %(commands)d" % COUNT, flush=True)


main()
