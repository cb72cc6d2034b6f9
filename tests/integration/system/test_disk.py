"""test_disk.py [NAME]: a full disk and a failing fsync. Needs root (mount) or strace; else it is skipped with the reason."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import auditor
from rig import System, main, person, skip, wait_for

EXIT_STORE = 70


class SmallDisk:
    """A tmpfs of its own, unmounted at the end."""

    def __init__(self, size):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="tocsin-disk-"))
        self.size = size

    def __enter__(self):
        if os.geteuid() != 0 or not shutil.which("mount"):
            self.path.rmdir()
            skip("a small disk needs root and mount")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.path],
                              capture_output=True, text=True)
        if done.returncode:
            self.path.rmdir()
            skip("mount is not permitted: " + done.stderr.strip())
        return self

    def grow(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.path], check=True)

    def fill(self):
        with open(self.path / "filler", "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 65536):
                    pass
            except OSError:
                pass

    def free(self):
        (self.path / "filler").unlink()

    def __exit__(self, *_):
        for _ in range(50):
            if subprocess.run(["umount", self.path], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        self.path.rmdir()


def put_part(s, path, number, people):
    body = "".join(json.dumps(p) + "\n" for p in people).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return s.call("PUT", f"{path}/recipients/parts/{number}", "responder", body,
                  {"Content-Type": "application/x-ndjson", "Content-Digest": f"sha-256=:{digest}:"}, timeout=20)


def fat(i):
    """A person whose row takes space that can't be compressed away."""
    return person(i, "email", fields={f"f{k}": os.urandom(60).hex() for k in range(4)})


def finish(s, path, number, part, taken):
    """As a client goes on: the part that was refused again (it may be there or not), then the commit of all."""
    answer = put_part(s, path, number, part)
    assert answer.status in (200, 201), answer
    total = taken + len(part)
    answer = s.call("POST", path + "/recipients/commit", "responder", {"parts": number, "count": total})
    assert s.expect(answer, 200).json["accepted"] == total, (answer, total)


# People whose upload was answered 2xx would be gone after the disk was full, or rows be taken that are not on disk, when
# this fails.
def full_while_taking():
    with SmallDisk("6m") as disk, System(data=disk.path, disk_min_mib=1) as s:
        path = s.incident(release=False)
        taken, answer = 0, None
        for number in range(1, 60):
            part = [fat(i) for i in range(taken, taken + 200)]
            answer = put_part(s, path, number, part)
            if answer.status != 201:
                break
            taken += 200
        assert answer.status == 503, answer
        assert "application/problem+json" in answer.headers["Content-Type"], answer.headers
        if s.daemon.alive():
            ready = s.call("GET", "/readyz")
            assert ready.status == 503, ready
            assert s.call("GET", "/healthz").status in (200, 503)
            refused = s.call("POST", "/v1/incidents", "responder", {"title": "x"})
            assert refused.status in (503, 422), refused
        code = s.daemon.popen.wait(30)
        s.daemon.end()
        assert code == EXIT_STORE, (code, s.log_tail())
        disk.grow("64m")
        s.start()
        assert s.call("GET", "/readyz").status == 200
        finish(s, path, number, part, taken)
        print(f"{taken} people were taken before the disk was full")


# A disk that gets full in mid-flight would lose notices or double them unseen when this fails.
def full_while_sending():
    with SmallDisk("24m") as disk, System(data=disk.path, disk_min_mib=1, mail_delay=0.01, email_rate=60) as s:
        people = [person(i, "email") for i in range(300)]
        path = s.incident(people)
        wait_for("the first mails", lambda: auditor.Ledger(s).counts()[0] > 20)
        disk.fill()
        code = s.daemon.popen.wait(40)
        s.daemon.end()
        assert code == EXIT_STORE, (code, s.log_tail())
        sent = auditor.Ledger(s).counts()[0]
        disk.free()
        s.start()
        s.wait_settled(path, 60)
        auditor.expect_clean(people, s.receipts(path), auditor.Ledger(s))
        print(f"{sent} of 300 were sent when the disk was full")


# A disk that lies after an error would be believed when this fails: after a failed fsync nothing may be answered 2xx.
def failed_fsync():
    if not shutil.which("strace"):
        skip("strace is not installed")
    with System(disk_min_mib=1) as s:
        path = s.incident(release=False)
        assert s.stop() == 0
        trace = s.folder / "trace"
        s.start(wrap=("strace", "-f", "-qq", "-o", trace, "-e", "trace=fsync,fdatasync", "-e",
                      "inject=fsync,fdatasync:error=EIO:when=12+"), env={"ASAN_OPTIONS": "detect_leaks=0"})
        taken, answer = 0, None
        for number in range(1, 40):
            part = [person(i, "email") for i in range(taken, taken + 20)]
            answer = put_part(s, path, number, part)
            if answer.status != 201:
                break
            taken += 20
        assert answer.status == 503, answer
        injected = trace.read_text().count("INJECTED")
        assert injected >= 1, trace.read_text()[-500:]
        if s.daemon.alive():
            assert s.call("GET", "/readyz").status == 503
        code = s.daemon.popen.wait(30)
        s.daemon.end()
        assert code == EXIT_STORE, (code, s.log_tail())
        again = trace.read_text().count("INJECTED")
        assert again <= injected + 2, f"a failed fsync was tried again: {again}"
        s.start()
        finish(s, path, number, part, taken)
        print(f"{taken} people were taken before the fsync failed")


if __name__ == "__main__":
    main({"full_while_taking": full_while_taking, "full_while_sending": full_while_sending,
          "failed_fsync": failed_fsync})
