"""Kills the log at every system call it makes: python3 kill_calls.py LOG_RUN [SECONDS]

strace ends the process with SIGKILL at the n-th call of a kind, for every kind and every n after the start; each time
another process starts on what is there and judges. With SECONDS the calls are sampled evenly until the time is over (the
last calls of each kind first); without it all are taken.
"""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SKIP = 77
QUIET = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0"}  # the leak checker is a tracer itself
CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?([a-z_0-9]+)\(")
# Ends of the process, and what changes nothing outside of it: a kill there is a kill at the next call.
NOT_OURS = {"exit_group", "exit", "execve", "brk", "mmap", "munmap", "mprotect", "madvise", "getpid", "gettid", "getrandom",
            "clock_gettime", "sched_yield", "rt_sigaction", "rt_sigprocmask", "futex"}


def trace(run, folder, *options):
    """The live run under strace; what it wrote."""
    out = pathlib.Path(folder) / "trace"
    code = subprocess.run(["strace", "-f", "-o", out, *options, run, "live", folder], env=QUIET, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode
    return code, out.read_text(errors="replace").splitlines()


def list_calls(run, everything):
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        code, lines = trace(run, folder)
    assert code == 0, "the run fails by itself"
    count, targets, started = collections.Counter(), [], False
    for line in lines:
        match = CALL.match(line)
        if not match:
            continue
        name = match.group(1)
        count[name] += 1
        if name == "getppid":
            started = True
        elif started and (everything or name not in NOT_OURS) and name not in ("exit_group", "exit"):
            targets.append((name, count[name]))
    assert targets
    return targets


def kill_at(run, name, n):
    """True: the call was reached."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        code, lines = trace(run, folder, "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={n}")
        if code == 0:
            return False  # the kernel may cut a call in two now and then: one more or less
        judged = subprocess.run([run, "judge", folder], env=QUIET, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=60)
        if judged.returncode != 0:
            keep = f"/tmp/killed-at-{name}-{n}"
            shutil.rmtree(keep, ignore_errors=True)
            shutil.copytree(folder, keep)
            sys.exit(f"killed at {name} number {n}: {judged.stdout[-800:]}{judged.stderr[-800:]} (kept in {keep})")
    return True


def spread(targets, seconds):
    """An order in which every prefix is spread evenly over the whole run."""
    if seconds is None:
        return targets
    step = 1 << (len(targets) - 1).bit_length()
    order, seen = [], set()
    while step:
        for i in range(0, len(targets), step):
            if i not in seen:
                seen.add(i)
                order.append(targets[i])
        step //= 2
    firsts = {name: (name, n) for name, n in reversed(targets)}  # each kind at least once
    return list(firsts.values()) + [t for t in order if t not in firsts.values()]


def main():
    run, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else None
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        print("skipped: strace is not here, or may not trace")
        return SKIP
    targets = list_calls(run, everything=seconds is None)
    end = time.monotonic() + seconds if seconds else float("inf")
    killed = missed = 0
    for name, n in spread(targets, seconds):
        if time.monotonic() > end and killed >= len({t[0] for t in targets}):
            break
        if kill_at(run, name, n):
            killed += 1
        else:
            missed += 1
    print(f"{killed} kills at {len({t[0] for t in targets})} kinds of system calls ({len(targets)} calls in all, {missed} not "
          f"reached): never two trees of one size, nothing lost")
    assert killed >= len({t[0] for t in targets}) and missed <= killed / 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
