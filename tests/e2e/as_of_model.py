"""Comparing an answer with the same question put to its moment afterwards."""
import copy
import datetime
import re

LATER = re.compile(r' Seen only later, and not counted: \d+\.')
OWN = ('id', 'instance', 'resolved_at', 'as_of', 'replay')


def without_the_future(document):
    """The document without what may differ: its own id and times, and what was seen later."""
    known = copy.deepcopy(document)
    for key in OWN:
        known.pop(key, None)
    for key in ('feed_synced_at', 'refs_synced_at'):
        known.get('state', {}).pop(key, None)
    later = 0
    candidates = known.get('candidates')
    if candidates:
        later = candidates['rejected'].pop('not-yet-seen', 0)
        candidates['total'] -= later
        if 'all' in candidates:
            candidates['all'] = [row for row in candidates['all'] if row['code'] != 'not-yet-seen']
    for step in known.get('reasoning', []):
        if step['step'] == 'candidates':
            step['text'] = LATER.sub('', step['text'])
            if 'total' in step:
                step['total'] -= later
    known['detail'] = LATER.sub('', known.get('detail', ''))
    return known


def differences(then, again):
    """What differs between an answer and the one that is given for its moment: empty when equal."""
    left, right = without_the_future(then), without_the_future(again)
    return {key: (left.get(key), right.get(key))
            for key in {*left, *right} if left.get(key) != right.get(key)}


def moment_text(at_us):
    seconds, micros = divmod(at_us, 1_000_000)
    base = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return base.strftime('%Y-%m-%dT%H:%M:%S') + f'.{micros:06d}Z'
