"""A name server that answers from a table, by UDP and TCP, and can lie.

    dns = Dns({("far.example", "MX"): [(10, "mx.far.example")],
               ("mx.far.example", "A"): ["192.0.2.2"],
               ("gone.example", "MX"): NXDOMAIN})

A name that is not in the table at all does not exist; one that is there with
another type has no such record.  A value may be a function from (Query, tcp)
to the octets of a reply, or None for silence.
"""
import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16,
         "AAAA": 28}
NAMES = {v: k for k, v in TYPES.items()}
NXDOMAIN, SERVFAIL, REFUSED, SILENT = "nxdomain", "servfail", "refused", None
CODES = {"nxdomain": 3, "servfail": 2, "refused": 5}


def wire_name(name):
    """Labels of a name given as text, or octets as they are."""
    if isinstance(name, bytes):
        return name
    out = b""
    for label in name.rstrip(".").split(".") if name.rstrip(".") else []:
        octets = label.encode("latin-1")
        out += bytes([len(octets)]) + octets
    return out + b"\0"


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack(">H", value[0]) + wire_name(value[1])
    if kind in ("CNAME", "PTR", "NS"):
        return wire_name(value)
    octets = value if isinstance(value, bytes) else value.encode()
    return bytes([len(octets)]) + octets


def record(owner, kind, value, ttl=300):
    data = rdata(kind, value)
    return wire_name(owner) + struct.pack(">HHIH", TYPES[kind], 1,
                                          ttl & 0xffffffff, len(data)) + data


class Query:
    def __init__(self, octets):
        self.id, self.flags = struct.unpack(">HH", octets[:4])
        at, labels = 12, []
        while octets[at]:
            labels.append(octets[at + 1:at + 1 + octets[at]]
                          .decode("latin-1"))
            at += 1 + octets[at]
        self.name = ".".join(labels).lower()
        self.type = NAMES.get(struct.unpack(">H", octets[at + 1:at + 3])[0])
        self.question = octets[12:at + 5]
        self.edns = octets[at + 5:] != b""

    def reply(self, records=(), code=0, flags=0, question=None, id_=None,
              count=None):
        head = struct.pack(
            ">HHHHHH", self.id if id_ is None else id_,
            0x8180 | flags | code, 1,
            len(records) if count is None else count, 0, 0)
        return head + (question or self.question) + b"".join(records)


class Dns:
    def __init__(self, table=None, host="127.0.0.1", tcp=True):
        self.table = dict(table or {})
        self.seen = []          # (name, type, tcp, source port, id)
        self.tcp = None
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((host, 0))
            self.port = self.udp.getsockname()[1]
            if not tcp:
                break
            try:
                self.tcp = socket.create_server((host, self.port))
                break
            except OSError:             # that port of TCP is taken
                self.udp.close()
        self.address = f"{host}:{self.port}"
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if tcp:
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.udp.close()
        if self.tcp:
            self.tcp.close()

    def asked(self, name, kind):
        return sum(1 for s in self.seen if s[:2] == (name, kind))

    def answer(self, octets, tcp, port):
        q = Query(octets)
        self.seen.append((q.name, q.type, tcp, port, q.id))
        value = self.table.get((q.name, q.type), "absent")
        if callable(value):
            return value(q, tcp)
        if value is SILENT:
            return None
        if value == "absent":
            known = any(name == q.name for name, _ in self.table)
            return q.reply(code=0 if known else 3)
        if isinstance(value, str):
            return q.reply(code=CODES[value])
        made = q.reply([record(q.name, q.type, v) for v in value])
        if len(made) > 1200 and not tcp:
            return q.reply(flags=0x0200)        # TC: RFC 1035 4.2.1
        return made

    def serve_udp(self):
        while True:
            try:
                octets, peer = self.udp.recvfrom(65535)
            except OSError:
                return
            made = self.answer(octets, False, peer[1])
            if made is not None:
                for one in made if isinstance(made, list) else [made]:
                    self.udp.sendto(one, peer)

    def serve_tcp(self):
        while True:
            try:
                client, peer = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.tcp_client, args=(client, peer),
                             daemon=True).start()

    def tcp_client(self, client, peer):
        with client, client.makefile("rwb") as f:
            while len(head := f.read(2)) == 2:
                octets = f.read(struct.unpack(">H", head)[0])
                made = self.answer(octets, True, peer[1])
                if made is None:
                    continue
                f.write(struct.pack(">H", len(made)) + made)
                f.flush()
