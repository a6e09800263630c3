"""Real signed DNS: zones signed by ldns, served by nsd, checked by unbound.

    zones = Zones(directory)
    zones.add("signed.example", records, signed=True)
    with SignedDns(zones) as dns:
        Out(dns, dns_validating="yes")

Everything on 127.0.0.1; the trust anchors of signed zones are given to unbound,
other zones are there without signatures, and there is no root.
"""
import contextlib
import shutil
import socket
import subprocess
import time

PROGRAMS = ("ldns-keygen", "ldns-signzone", "nsd", "unbound")


def path_of(program):
    return shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")


def missing():
    """The programs that are not installed, as a reason to skip."""
    gone = [p for p in PROGRAMS if not path_of(p)]
    return "not installed: " + ", ".join(gone) if gone else ""


class Zones:
    def __init__(self, directory):
        self.dir = directory
        self.names, self.anchors = [], []

    def add(self, name, records, signed=False, tamper=()):
        """records: lines with names relative to the zone; tamper: pairs of
        texts, replaced after the signing."""
        head = (f"$ORIGIN {name}.\n$TTL 300\n"
                f"@ IN SOA ns.{name}. root.{name}. 1 3600 600 86400 60\n"
                f"@ IN NS ns.{name}.\nns IN A 127.0.0.1\n")
        path = self.dir / name
        path.write_text(head + "".join(r + "\n" for r in records))
        self.names.append(name)
        if not signed:
            return
        made = subprocess.run(
            [path_of("ldns-keygen"), "-k", "-a", "ECDSAP256SHA256", name],
            cwd=self.dir, check=True, capture_output=True, text=True)
        key = made.stdout.strip()
        subprocess.run(
            [path_of("ldns-signzone"), "-f", name + ".signed", name, key],
            cwd=self.dir, check=True, capture_output=True)
        text = (self.dir / (name + ".signed")).read_text()
        for old, new in tamper:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)
        self.anchors.append(self.dir / (key + ".key"))


class SignedDns:
    def __init__(self, zones):
        self.zones = zones
        self.port, inner = self.free(), self.free()
        self.address = f"127.0.0.1:{self.port}"
        self.run = []
        d = zones.dir
        nsd = d / "nsd.conf"
        nsd.write_text(
            f'server:\n ip-address: 127.0.0.1@{inner}\n username: ""\n'
            f' chroot: ""\n zonesdir: "{d}"\n database: ""\n'
            f' pidfile: "{d}/nsd.pid"\n xfrdfile: "{d}/xfrd"\n'
            f' zonelistfile: "{d}/zonelist"\n xfrdir: "{d}"\n'
            f' server-count: 1\n'
            'remote-control:\n control-enable: no\n' + "".join(
                f'zone:\n name: "{z}"\n zonefile: "{z}"\n'
                for z in zones.names))
        unbound = d / "unbound.conf"
        unbound.write_text(
            f'server:\n interface: 127.0.0.1@{self.port}\n chroot: ""\n'
            f' directory: "{d}"\n username: ""\n pidfile: ""\n'
            ' do-daemonize: no\n use-syslog: no\n'
            f' logfile: "{d}/unbound.log"\n val-log-level: 2\n'
            ' do-not-query-localhost: no\n do-ip6: no\n num-threads: 1\n'
            ' module-config: "validator iterator"\n qname-minimisation: no\n'
            ' local-zone: "example." nodefault\n' + "".join(
                f' trust-anchor-file: "{a}"\n' for a in zones.anchors) +
            'remote-control:\n control-enable: no\n' + "".join(
                f'stub-zone:\n name: "{z}"\n stub-addr: 127.0.0.1@{inner}\n'
                for z in zones.names))
        self.commands = ([path_of("nsd"), "-d", "-c", nsd],
                         [path_of("unbound"), "-d", "-c", unbound])

    @staticmethod
    def free():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def __enter__(self):
        for command in self.commands:
            self.run.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL,
                stdout=open(self.zones.dir / "out", "ab"),
                stderr=subprocess.STDOUT))
        end = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < end, \
                (self.zones.dir / "out").read_text()
            time.sleep(0.05)
        return self

    def answers(self):
        """Does the first zone's SOA come, by way of both?"""
        name = b"".join(bytes([len(w)]) + w.encode()
                        for w in self.zones.names[0].split(".")) + b"\0"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            with contextlib.suppress(OSError):
                s.sendto(b"\1\1\1\0\0\1\0\0\0\0\0\0" + name + b"\0\6\0\1",
                         ("127.0.0.1", self.port))
                reply = s.recv(4096)
                return reply[3] & 15 == 0 and reply[7] > 0
        return False

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for process in self.run:
            process.terminate()
        for process in self.run:
            process.wait()
        self.run = []
