#!/usr/bin/env python3
"""tsa.py - a timestamp authority (RFC 3161) for tests: openssl ts -reply behind a small HTTP server.

    tsa.py FOLDER [PORT]      makes its certificates in FOLDER (ca.pem, tsa.pem, other.pem), prints "port N", serves

What it answers says FOLDER/mode: "good" (default), "down" (503), "other" (a token over other bytes), "replay" (its first
answer again and again), "foreign" (signed under a CA that nobody configured), "refuse" (a rejection as RFC 3161 has it).
Imported, Tsa(folder) is the same in a thread.
"""
import http.server
import pathlib
import subprocess
import sys
import threading

CONFIG = """
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = {cn}
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[ tsa ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ ts ]
serial = {folder}/serial
crypto_device = builtin
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
signer_digest = sha256
"""


def openssl(*words, stdin=b""):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, check=True, capture_output=True).stdout


def make_authority(folder, name):
    """A CA of this name and, under it, a certificate that may do nothing but timestamps."""
    config = folder / f"{name}.cnf"
    for cn, kind, signer in ((f"{name} CA", "ca", None), (f"{name} TSA", "tsa", f"{name}-ca")):
        config.write_text(CONFIG.format(cn=cn, folder=folder))
        own = f"{name}-{kind}"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", folder / f"{own}.key")
        if signer is None:
            openssl("req", "-x509", "-new", "-config", config, "-extensions", kind, "-key", folder / f"{own}.key",
                    "-days", 3650, "-out", folder / f"{own}.pem")
        else:
            openssl("req", "-new", "-config", config, "-key", folder / f"{own}.key", "-out", folder / f"{own}.csr")
            openssl("x509", "-req", "-in", folder / f"{own}.csr", "-CA", folder / f"{signer}.pem", "-CAkey",
                    folder / f"{signer}.key", "-CAcreateserial", "-days", 3650, "-extfile", config, "-extensions", kind,
                    "-out", folder / f"{own}.pem")


class Tsa:
    def __init__(self, folder, port=0):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.requests, self.first, self.lock = 0, None, threading.Lock()
        for name in ("good", "foreign"):
            if not (self.folder / f"{name}-tsa.pem").exists():
                make_authority(self.folder, name)
        (self.folder / "ca.pem").write_bytes((self.folder / "good-ca.pem").read_bytes())
        (self.folder / "serial").write_text("01\n")
        self.mode("good")
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/tsr"

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def mode(self, word=None):
        if word:
            (self.folder / "mode").write_text(word)
        return (self.folder / "mode").read_text()

    def reply(self, query, authority):
        asked = self.folder / "query"
        asked.write_bytes(query)
        return openssl("ts", "-reply", "-config", self.folder / f"{authority}.cnf", "-section", "ts", "-queryfile", asked,
                       "-signer", self.folder / f"{authority}-tsa.pem", "-inkey", self.folder / f"{authority}-tsa.key",
                       "-chain", self.folder / f"{authority}-ca.pem")

    def make(self, query):
        mode = self.mode()
        if mode == "other":  # somebody else's bytes, with the nonce left out
            query = openssl("ts", "-query", "-digest", "11" * 32, "-sha256", "-cert", "-no_nonce")
        if mode == "refuse":
            query = query[:-1] + b"\x00\x00"
        if mode == "replay" and self.first:
            return self.first
        reply = self.reply(query, "foreign" if mode == "foreign" else "good")
        self.first = self.first or reply
        return reply

    def answer(self, call):
        query = call.rfile.read(int(call.headers.get("Content-Length", 0)))
        with self.lock:
            self.requests += 1
            if self.mode() == "down":
                call.send_response(503)
                call.send_header("Content-Length", "0")
                call.end_headers()
                return
            assert call.headers["Content-Type"] == "application/timestamp-query", call.headers
            try:
                body = self.make(query)
            except subprocess.CalledProcessError:  # openssl ends with 1 where it writes a rejection
                body = b"\x30\x05\x30\x03\x02\x01\x02"
        call.send_response(200)
        call.send_header("Content-Type", "application/timestamp-reply")
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)


def main():
    tsa = Tsa(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"port {tsa.port}", flush=True)
    tsa.server.serve_forever()


if __name__ == "__main__":
    main()
