"""Certificates and keys for tests, made by openssl(1), and what of a private
key must be in no other process than keyd."""
import re
import subprocess
from pathlib import Path

KINDS = {
    "rsa": ["-newkey", "rsa:2048"],
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ed25519": ["-newkey", "ed25519"],
}


class Pair:
    """A certificate and its key, in files of root's: self-signed, or by another
    Pair."""

    def __init__(self, directory, name, kind="ec", names=None, services="",
                 by=None):
        self.name, self.kind, self.services = name, kind, services
        self.cert = Path(directory) / f"{name}-{kind}.crt"
        self.key = Path(directory) / f"{name}-{kind}.key"
        alt = ",".join("DNS:" + n for n in names or [name])
        subprocess.run(
            ["openssl", "req", "-x509", "-nodes", "-days", "30", "-subj",
             f"/CN={name}", "-addext", "subjectAltName=" + alt,
             *(["-CA", by.cert, "-CAkey", by.key, "-addext",
                "basicConstraints=critical,CA:FALSE"] if by else []),
             *KINDS[kind], "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True)
        self.key.chmod(0o600)

    def setting(self):
        return f"{self.cert} {self.key} {self.services}".strip()

    def private_octets(self):
        """The octets of d, p, q... that nobody else may hold, both ways."""
        text = subprocess.run(
            ["openssl", "pkey", "-in", self.key, "-noout", "-text"],
            check=True, capture_output=True, text=True).stdout
        found = []
        for name, digits in re.findall(
                r"^(privateExponent|prime1|prime2|exponent1|exponent2|"
                r"coefficient|priv):\s*((?:\s+[0-9a-f:]+\n)+)", text, re.M):
            octets = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
            assert len(octets) >= 24, name
            found += [octets[:24], octets[::-1][:24]]
        assert found, text
        found.append(self.key.read_bytes().splitlines()[1][:32])
        return found


def memory_of(pid):
    """All that a process can read in its own memory."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            where, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in where.split("-"))
            if end - begin > 1 << 32:
                continue            # a sanitizer's, never written whole
            try:
                mem.seek(begin)
                parts.append(mem.read(end - begin))
            except (OSError, ValueError, OverflowError):
                continue
    return b"\0".join(parts)
