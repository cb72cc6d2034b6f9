"""The steps of deploy/AUDIT.md, "An archive by hand", line for line, on a fresh archive and on archives that were changed."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import io

from rig import Rig, SOURCE


def steps():
    text = (SOURCE / "deploy/AUDIT.md").read_text()
    section = text.split("## An archive by hand, step by step\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.S | re.M)
    assert len(blocks) >= 5
    return "set -euo pipefail\n" + "\n".join(blocks)


def by_hand(folder, archive, vkey):
    folder.mkdir()
    (folder / "archive.tar.gz").write_bytes(archive)
    return subprocess.run(["bash", "-c", steps()], cwd=folder, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "VKEY": vkey})


def changed(archive, name, old, new):
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar, tarfile.open(fileobj=out, mode="w:gz") as to:
        for member in tar:
            data = tar.extractfile(member).read()
            if member.name.endswith("/" + name):
                assert old in data, (name, old)
                data = data.replace(old, new, 1)
            member.size = len(data)
            to.addfile(member, io.BytesIO(data))
    return out.getvalue()


# An auditor who follows the document would find an error in an archive that is right, or none in one that is wrong.
def main():
    with Rig() as rig:
        incident = rig.incident(40)
        rig.settle()
        rig.tocsin("evidence", incident, "-o", "a.tar.gz", role="compliance")
        archive = (rig.folder / "a.tar.gz").read_bytes()
        done = by_hand(rig.folder / "good", archive, rig.vkey)
        assert done.returncode == 0, (done.stdout, done.stderr)
        assert "Signature Verified Successfully" in done.stdout and "the signed root" in done.stdout, done.stdout
        assert re.search(r"^[1-9]\d* commitments opened$", done.stdout, re.M) and "40 waiting" in done.stdout, done.stdout
        other = rig.tocsin("log", "keygen", "other.key", "--name", "notify.example.org/log").strip()
        assert by_hand(rig.folder / "other", archive, other).returncode != 0
        for n, (name, old, new) in enumerate((("receipts.ndjson", b'"outcome":"accepted"', b'"outcome":"rejected"'),
                                              ("people.ndjson", b"waiting", b"told"), ("manifest.json", b'"people":40', b'"people":41'),
                                              ("log/checkpoint", b"\n", b"x\n"))):
            done = by_hand(rig.folder / f"bad{n}", changed(archive, name, old, new), rig.vkey)
            assert done.returncode != 0, (name, done.stdout)
    # And without what the hashes of step 1 catch: the tree alone, as a forger with the manifest's key would meet it.
    assert "assert hash == root" in steps()
    return 0


if __name__ == "__main__":
    sys.exit(main())
