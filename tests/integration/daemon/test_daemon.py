#!/usr/bin/env python3
"""test_daemon.py - tocsind as a process: command line, exit codes, signals, service manager, a full disk."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BUILD = os.environ["BUILD_DIR"]
TOCSIND = os.path.join(BUILD, "service", "tocsind")
ROOT = os.getcwd()
USAGE, UNAVAILABLE, STORE, CONFIG = 64, 69, 70, 78


def run(*args, **kwargs):
    return subprocess.run([TOCSIND, *args], capture_output=True, text=True, timeout=60, check=False, **kwargs)


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-daemon-")
        self.data = self.dir
        self.processes = []
        self.key = self.path("master.key")
        self.assertEqual(run("--keygen", self.key).returncode, 0)

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def config(self, extra="", listen="127.0.0.1:0"):
        path = self.path("tocsin.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"listen: {listen}\npublic_url: http://127.0.0.1:1\nmaster_key: {self.key}\n"
                       f"store: {{path: {self.data}/tocsin.db}}\nnotices: {ROOT}/templates/notices\nstop_grace: 4s\n"
                       f"channels:\n  - channel: email\n    provider: discard\n{extra}")
        return path

    def start(self, config, **kwargs):
        """Starts the daemon and waits until it says ready; its port is in self.port."""
        process = subprocess.Popen([TOCSIND, "--config", config], stderr=subprocess.PIPE, text=True, **kwargs)
        self.processes.append(process)
        for line in process.stderr:
            event = json.loads(line)  # every line of the log is JSON
            if event["event"] == "ready":
                self.port = event["port"]
                return process
        self.fail(f"it ended with {process.wait()}")

    def mint(self, config, roles="admin"):
        made = run("--config", config, "--mint-token", "somebody", "--role", roles)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout.strip()

    def get(self, path, token=None, method="GET", body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, data=body)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


class CommandLine(Case):
    def test_exit_codes(self):
        """If this fails, scripts and supervisors cannot tell a wrong command line from a wrong configuration."""
        self.assertEqual(run("--help").returncode, 0)
        self.assertRegex(run("--version").stdout, r"^tocsind \d+\.\d+\.\d+\n$")
        for args in ([], ["--what"], ["--config"], ["stray"]):
            self.assertEqual(run(*args).returncode, USAGE, args)
        config = self.config()
        self.assertEqual(run("--config", config, "--mint-token", "x").returncode, USAGE)
        self.assertEqual(run("--config", config, "--mint-token", "x", "--role", "king").returncode, USAGE)
        self.assertEqual(run("--config", self.path("none.yaml")).returncode, CONFIG)

    def test_faults_name_file_line_and_key(self):
        """If this fails, somebody searches a configuration for a fault that was found already."""
        config = self.config("lease: 5\n")
        found = run("--config", config, "--check-config")
        self.assertEqual(found.returncode, CONFIG)
        self.assertRegex(found.stderr, re.escape(config) + r":10: lease: .*unit")

    def test_check_shows_no_secret(self):
        """If this fails, checking a configuration puts the master key into a terminal's history or a CI log."""
        checked = run("--config", self.config(), "--check-config")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        with open(self.key, encoding="ascii") as file:
            secret = file.read().strip()
        self.assertNotIn(secret[:12], checked.stdout + checked.stderr)
        self.assertIn("fingerprint", checked.stdout)
        self.assertEqual(os.stat(self.key).st_mode & 0o777, 0o400)
        self.assertEqual(run("--keygen", self.key).returncode, UNAVAILABLE)  # never overwritten

    def test_example_passes(self):
        """If this fails, the documented example cannot be used as it stands."""
        os.mkdir(self.path("secrets"))
        shutil.copy(self.key, self.path("secrets/any"))
        with open("deploy/tocsin.example.yaml", encoding="utf-8") as file:
            text = re.sub(r"/etc/tocsin/secrets/[a-z-]+", self.path("secrets/any"), file.read())
        text = text.replace("/etc/tocsin/master.key", self.key)
        text = text.replace("/etc/tocsin/log.key", self.path("log.key"))
        subprocess.run([os.path.join(BUILD, "service/ctl/tocsin"), "log", "keygen", self.path("log.key"), "--name",
                        "notify.example.org/log"], check=True, capture_output=True)
        config = self.path("example.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        checked = run("--config", config, "--check-config")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("email -> sms -> postal; beside it banner", checked.stdout)
        self.assertIn("channels[0].smtp.relays[0].password_file", checked.stdout)

    def test_probe(self):
        """If this fails, a container's health check says nothing, or always yes."""
        self.start(self.config())
        url = f"http://127.0.0.1:{self.port}/readyz"
        self.assertEqual(run("--probe", url).returncode, 0)
        self.assertEqual(run("--probe", "env:PROBE", env={**os.environ, "PROBE": url}).returncode, 0)
        self.assertEqual(run("--probe", f"http://127.0.0.1:{self.port}/none").returncode, UNAVAILABLE)
        self.assertEqual(run("--probe", "http://127.0.0.1:1/").returncode, UNAVAILABLE)


class Life(Case):
    def test_serves_and_stops(self):
        """If this fails, the daemon does not come up, or cannot be stopped in an orderly way."""
        config = self.config()
        token = self.mint(config)
        process = self.start(config)
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/readyz")[0], 200)
        self.assertEqual(self.get("/v1/tokens", token)[0], 200)
        self.assertEqual(self.get("/v1/tokens")[0], 401)
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.get("/healthz")[0], 200)
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", self.port), 2).close()

    def test_second_on_the_same_store(self):
        """If this fails, two daemons write one store, or a token is minted past a running one."""
        config = self.config()
        self.start(config)
        for args in ([], ["--mint-token", "x", "--role", "admin"]):
            second = run("--config", config, *args)
            self.assertEqual(second.returncode, UNAVAILABLE, second.stderr)
        self.assertEqual(self.get("/healthz")[0], 200)

    def test_another_master_key(self):
        """If this fails, a store is opened with a key that cannot read it, and new people are sealed with another."""
        config = self.config()
        process = self.start(config)
        process.terminate()
        self.assertEqual(process.wait(20), 0)
        self.key = self.path("other.key")
        run("--keygen", self.key)
        other = run("--config", self.config())
        self.assertEqual(other.returncode, CONFIG)
        self.assertIn("master_key", other.stderr)

    def test_cannot_start(self):
        """If this fails, a daemon that cannot work hangs instead of saying why."""
        holder = socket.create_server(("127.0.0.1", 0))
        with holder:
            taken = run("--config", self.config(listen=f"127.0.0.1:{holder.getsockname()[1]}"))
        self.assertEqual(taken.returncode, UNAVAILABLE, taken.stderr)
        self.assertEqual(run("--config", self.config(listen="0.0.0.0:0")).returncode, UNAVAILABLE)  # needs allow_public
        self.data = self.path("nowhere")
        self.assertEqual(run("--config", self.config()).returncode, UNAVAILABLE)

    def test_unix_socket(self):
        """If this fails, the API cannot be kept off the network."""
        path = self.path("api.sock")
        self.start(self.config(listen=f"unix:{path}"))
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(path)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(client.recv(64).startswith(b"HTTP/1.1 200"))
        self.assertEqual(os.stat(path).st_mode & 0o007, 0)

    def test_many_stops(self):
        """If this fails, an impatient operator (a second SIGTERM) makes it crash or hang."""
        process = self.start(self.config())
        for _ in range(3):
            process.terminate()
        self.assertIn(process.wait(20), (0, 75))

    def test_no_core_dumps(self):
        """If this fails, a crash writes addresses and keys to disk."""
        process = self.start(self.config())
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_service_manager(self):
        """If this fails, systemd kills a healthy daemon, or believes in one that is not up."""
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(10)
            process = self.start(self.config(), env={**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})
            self.assertEqual(manager.recv(200), b"READY=1")
            self.assertEqual(manager.recv(200), b"WATCHDOG=1")
            process.terminate()
            while manager.recv(200) != b"STOPPING=1":
                pass
        self.assertEqual(process.wait(20), 0)


class FullDisk(Case):
    def setUp(self):
        super().setUp()
        self.data = self.path("small")
        os.mkdir(self.data)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", self.data],
                          capture_output=True, check=False).returncode:
            self.skipTest("a small tmpfs cannot be mounted here")

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        subprocess.run(["umount", self.data], capture_output=True, check=False)
        super().tearDown()

    def incident(self, token, title):
        body = {"title": title, "kind": "breach", "data_types": ["email"],
                "organisation": {"name": "Example", "contact": {"email": "p@example.org", "url": "https://example.org"}},
                "discovered_at": "2026-05-12T08:00:00Z",
                "facts": {"what_happened": "Something. " * 800, "what_we_are_doing": "Something else."}}
        return self.get("/v1/incidents", token, "POST", json.dumps(body).encode())

    def test_stops_accepting_and_leaves(self):
        """If this fails, a full disk loses what was answered 2xx, or leaves a daemon that neither works nor restarts."""
        config = self.config()
        token = self.mint(config, "responder,admin")
        process = self.start(config)
        taken, refused = [], None
        for number in range(3000):
            status, answer = self.incident(token, f"Incident {number}")
            if status != 201:
                refused = status
                break
            taken.append(json.loads(answer)["id"])
        self.assertIn(refused, (503, 507))
        self.assertTrue(taken)
        self.assertEqual(self.get("/readyz")[0], 503)
        self.assertEqual(process.wait(30), STORE)
        # Room again, and the supervisor starts it again: what was answered is there.
        subprocess.run(["mount", "-o", "remount,size=64m", self.data], check=True)
        self.start(config)
        for incident in (taken[0], taken[-1]):
            self.assertEqual(self.get(f"/v1/incidents/{incident}", token)[0], 200)
        self.assertEqual(self.incident(token, "After")[0], 201)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
