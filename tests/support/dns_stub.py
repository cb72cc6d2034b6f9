"""dns_stub.py - a name server on 127.0.0.1 that knows a few names: {("TXT", "example.org"): ["v=spf1 -all"]}. What it does
not know is NXDOMAIN; with `silent` it says nothing. One thread, ended by close()."""
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "TXT": 16}


def encode_name(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.strip(".").split(".")) + b"\0"


def encode(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "PTR":
        return encode_name(value)
    data = value.encode()
    return b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))


class DnsStub:
    def __init__(self, names, silent=False):
        self.names, self.silent = names, silent
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.asked = []
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.open:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except socket.timeout:
                continue
            except OSError:
                return
            if not self.silent:
                self.socket.sendto(self.answer(packet), peer)

    def answer(self, packet):
        at, parts = 12, []
        while packet[at]:
            parts.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        number = struct.unpack(">H", packet[at + 1:at + 3])[0]
        question = packet[12:at + 5]
        name = ".".join(parts).lower()
        kind = next((k for k, v in TYPES.items() if v == number), None)
        self.asked.append((kind, name))
        found = self.names.get((kind, name), [])
        code = 0 if found else 3
        head = packet[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(found), 0, 0)
        rows = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", number, 1, 60, len(encode(kind, v))) + encode(kind, v)
                        for v in found)
        return head + question + rows

    def close(self):
        self.open = False
        self.thread.join(2)
        self.socket.close()
