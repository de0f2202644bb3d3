#!/usr/bin/python3
"""Asks the eight questions of the worked example and compares.

usage: ask.py URL COMMITS     URL of a running Forkpoint; COMMITS as make-upstream printed them
Prints question, answer and expected answer of each; exits 0 only if all agree.
"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

NO_DATABASE = 'error: no-database'
QUESTIONS = [   # built commit, PGO branch, expected answer
    ('1b27fd5f', 'main', '2.4.2001312227-main'),
    ('f23f1fad', 'main', '2.4.2001312205-main'),
    ('bcf9adaa', 'main', '2.4.2001312033-main'),
    ('18b956f6', 'main', '2.4.2001312033-main'),
    ('18b956f6', 'release/2.4', NO_DATABASE),
    ('310bc133', 'release/2.4', '2.4.2001312054-release_2_4'),
    ('forked', 'main', '2.4.2001312033-main'),
    ('merged', 'main', '2.4.2001312205-main'),
]
SAID_AS = {'forked': 'topic forked at 4abd4d54', 'merged': '… after merging f23f1fad'}


def ask(base_url, sha, branch):
    query = urllib.parse.urlencode({'repo': 'winui', 'sha': sha, 'branch': branch})
    try:
        with urllib.request.urlopen(f'{base_url}/resolve?{query}', timeout=30) as reply:
            return json.load(reply)['package']['version']
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        return f"error: {problem['code']}"


def main():
    base_url, commits_file = sys.argv[1:]
    with open(commits_file, encoding='ascii') as lines:
        commits = dict(line.split() for line in lines)
    wrong = 0
    row = '{:<27}{:<13}{:<29}{:<29}{}'
    print(row.format('built commit', 'PGO branch', 'answer', 'expected', ''))
    for label, branch, expected in QUESTIONS:
        answer = ask(base_url, commits[label], branch)
        agrees = answer == expected
        wrong += not agrees
        print(row.format(SAID_AS.get(label, label), branch, answer, expected,
                         'ok' if agrees else 'WRONG'))
    print(f'{len(QUESTIONS) - wrong} of {len(QUESTIONS)} agree')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
