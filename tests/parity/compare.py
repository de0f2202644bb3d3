"""Asks Forkpoint in large POSTs and compares with the reference."""
import json

from reference import as_answer

REQUESTS_PER_POST = 1000


def ask_all(daemon, requests):
    client = daemon.client(timeout=120)
    documents = []
    for start in range(0, len(requests), REQUESTS_PER_POST):
        body = json.dumps({'requests': requests[start:start + REQUESTS_PER_POST]})
        reply = client.request('POST', '/resolve', body, {'Content-Type': 'application/json'})
        assert reply.status == 200, reply
        documents += reply.json['items']
    assert len(documents) == len(requests)
    return documents


def differences(requests, documents, expected):
    """Those that differ, as (request, what Forkpoint said, what is right)."""
    return [(request, as_answer(document), right)
            for request, document, right in zip(requests, documents, expected)
            if as_answer(document) != right]
