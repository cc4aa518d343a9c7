"""Prints what is said on a subject of NATS, one message a line, until it is killed.

    python3 nats_overhear.py HOST:PORT[,HOST:PORT…] SUBJECT

When a server is gone or silent it goes on at the next one.
https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

import itertools
import socket
import sys
import time

SILENCE = 3


def overhear(host, port, subject):
    with socket.create_connection((host, int(port)), timeout=SILENCE) as connection:
        stream = connection.makefile("rwb")
        stream.readline()
        stream.write(b'CONNECT {"verbose":false}\r\nSUB %s 1\r\n' % subject.encode())
        stream.flush()
        while line := stream.readline():
            if line.startswith(b"MSG "):
                size = int(line.split()[-1])
                print(stream.read(size + 2)[:-2].decode(), flush=True)
            elif line.startswith(b"PING"):
                stream.write(b"PONG\r\n")
                stream.flush()


servers, subject = sys.argv[1:]
for server in itertools.cycle(servers.split(",")):
    try:
        overhear(*server.rsplit(":", 1), subject)
    except OSError:
        time.sleep(0.1)
