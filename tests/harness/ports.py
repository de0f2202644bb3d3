"""Ports on loopback for servers that are other processes, which bind them a moment later and, where
they are started again, once more: nobody else must be given them meanwhile."""
import itertools
import os
import random
import re
import socket

LOOPBACK = '127.0.0.1'
# Below those that the kernel gives to whoever asks for any, as connections and other servers do.
FIRST, END = 12_000, 32_000
WORKERS = 8     # that test at the same time, each in a part of its own


def _own_ports():
    """This process' ports, over and over, from anywhere among them."""
    worker = re.fullmatch(r'gw(\d+)', os.environ.get('PYTEST_XDIST_WORKER', ''))
    place = int(worker[1]) if worker else random.SystemRandom().randrange(WORKERS)
    count = (END - FIRST) // WORKERS
    first = FIRST + count * (place % WORKERS)
    start = random.SystemRandom().randrange(count)
    return (first + number % count for number in itertools.count(start))


_PORTS = _own_ports()


def free_port():
    for port in itertools.islice(_PORTS, 1000):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
                return port
            except OSError:
                pass
    raise RuntimeError('no port is free')
