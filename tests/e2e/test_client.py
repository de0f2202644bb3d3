"""The command-line client against a real daemon and against odd servers; its manual page and its
completions against its own table."""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import types

import pytest

from daemon import binary, run_command
from ports import free_port
from upstream import unused_sha

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / 'deploy'
ANSWER, NO_DATABASE, WRONG_USE, TROUBLE = range(4)


@pytest.fixture(name='ask')
def ask_the_example(served_example):
    """Runs a subcommand against the worked example; labels stand for commits in braces."""
    def run(*arguments, **options):
        words = [word.format(**{f'c{label}': sha for label, sha in served_example.sha.items()})
                 for word in arguments]
        environment = {**os.environ, 'FORKPOINT_SERVER': served_example.daemon.url}
        environment.pop('FORKPOINT_TOKEN', None)
        return run_command(*words, env={**environment, **options})
    return run


# ---- answers ----

def test_resolve(ask, served_example):
    result = ask('resolve', 'winui', '{cmerged}', '--branch', 'main')
    assert (result.returncode, result.stderr) == (ANSWER, '')
    assert result.stdout.splitlines()[0] == '2.4.2001312205-main' and 'fork point' in result.stdout
    result = ask('resolve', 'winui', '{cmerged}', '--json')
    assert json.loads(result.stdout)['sha'] == served_example.sha['merged']
    result = ask('resolve', '--repo=winui', '--sha={cmerged}', '--format=version')
    assert result.stdout == '2.4.2001312205-main\n'
    result = ask('resolve', 'winui', 'refs/heads/topic/merged', '--format', 'env')
    assert 'PGO_DATABASE_VERSION=' in result.stdout


def test_no_database(ask):
    result = ask('resolve', 'winui', '{c18b956f6}', '--branch', 'release/2.4')
    assert result.returncode == NO_DATABASE and result.stdout == ''
    assert 'No database' in result.stderr and '2.4.2001312054-release_2_4' in result.stderr
    result = ask('resolve', 'winui', '{c18b956f6}', '--branch', 'release/2.4', '--json')
    assert result.returncode == NO_DATABASE and result.stderr == ''
    assert json.loads(result.stdout)['code'] == 'no-database'


QUESTIONS = [   # command line, what its text says
    (['stamp', 'winui', '{c0d379b51}'], '2.4.2001312217-main'),
    (['diagnose', 'winui', '{cf23f1fad}', '2.4.2001312205-main'], 'match'),
    (['diagnose', 'winui', '{cf23f1fad}', '--used', '2.4.2001312033-main', '--branch', 'main'],
     'older'),
    (['lint', 'winui'], 'winui'),
    (['freshness', 'winui'], 'main'),
    (['timeline', 'winui', 'release/2.4'], '2.4.2001312054-release_2_4'),
    (['timeline', 'winui', '--branch', 'main', '--limit', '2'], 'cursor='),
    (['changes', 'winui'], 'was trained on this commit'),
    (['what-if', 'winui', '--quarantine', '2.4.2001312033-main'], '3 of the last 10 commits'),
    (['decode', '2.4.2001312054-release_2_4'], 'release 2.4'),
    (['decode', '2.4.2001312054-release_2_4', '--repo', 'winui'], 'release 2.4'),
    (['versions', 'winui', '--branch', 'main'], '2.4.2001312227-main'),
]


@pytest.mark.parametrize('words, said', QUESTIONS, ids=lambda value: str(value)[:40])
def test_questions(ask, served_example, words, said):
    text = ask(*words)
    assert text.returncode == ANSWER, text.stderr
    assert said in text.stdout and text.stderr == ''
    document = ask(*words, '--json')
    assert document.returncode == ANSWER and json.loads(document.stdout)


def test_history(ask):
    """What was asked is found again, by commit, branch and outcome."""
    ask('resolve', 'winui', '{cbcf9adaa}', '--branch', 'main')
    ask('resolve', 'winui', '{c18b956f6}', '--branch', 'release/2.4')
    found = ask('history', 'winui', '--sha', '{cbcf9adaa}', '--branch', 'main', '--outcome', 'ok')
    assert found.returncode == ANSWER and '2.4.2001312033-main' in found.stdout
    found = ask('history', '--outcome', 'no-database', '--json', '--limit', '1')
    (row,) = json.loads(found.stdout)['items']
    assert row['outcome'] == 'no-database' and row['repo'] == 'winui'
    nothing = ask('history', 'winui', '--until', '2020-01-01T00:00:00Z', '--json')
    assert json.loads(nothing.stdout)['items'] == []


def test_text_is_the_servers(ask, served_example):
    """What the client prints is what curl gets, byte for byte."""
    result = ask('timeline', 'winui', 'main')
    assert result.stdout == served_example.daemon.get(
        '/timeline', repo='winui', branch='main', format='text').text


# ---- wrong use ----

WRONG = [
    ['resolve'], ['resolve', 'winui'], ['resolve', 'winui', 'abcd', 'more'],
    ['resolve', 'winui', '{cmerged}', '--brnch', 'main'], ['resolve', 'winui', '{cmerged}', '-x'],
    ['resolve', 'winuj', '{cmerged}'], ['resolve', 'winui', unused_sha(), '--wait', '0'],
    ['resolve', 'winui', 'xyz'], ['resolve', 'winui', '{cmerged}', '--branch', 'mian'],
    ['resolve', 'winui', '{cmerged}', '--format', 'csv'],
    ['resolve', 'winui', '{cmerged}', '--timeout', '0'],
    ['resolve', 'winui', '{cmerged}', '--server', 'ftp://x'],
    ['resolve', 'winui', '{cmerged}', '--server', 'localhost:7878'],
    ['resolve', 'winui', '{cmerged}', '--token-file', '/nowhere'],
    ['what-if', 'winui'], ['timeline', 'winui', 'main', '--limit', '0'],
    ['pin', 'winui', 'main'], ['quarantine', 'winui', '--reason', 'x'],
]


@pytest.mark.parametrize('words', WRONG, ids=lambda words: ' '.join(words)[:50])
def test_wrong_use(ask, words):
    result = ask(*words)
    assert result.returncode == WRONG_USE, result
    assert result.stdout == '' and result.stderr.strip()


def test_a_token_of_two_lines_is_refused(ask, tmp_path):
    for token in ('one\ntwo', '', ' \n', 'a b', 'ü', 'x' * 5000):
        (tmp_path / 'token').write_text(token)
        result = ask('resolve', 'winui', '{cmerged}', '--token-file', str(tmp_path / 'token'))
        assert result.returncode == WRONG_USE and 'forkpoint: ' in result.stderr
    result = ask('resolve', 'winui', '{cmerged}', FORKPOINT_TOKEN='a\r\nX-Evil: 1')
    assert result.returncode == WRONG_USE


# ---- trouble ----

def test_nobody_listens(ask):
    url = f'http://127.0.0.1:{free_port()}'
    result = ask('resolve', 'winui', '{cmerged}', '--server', url)
    assert result.returncode == TROUBLE and url in result.stderr and result.stdout == ''


@pytest.fixture(name='odd')
def odd_server():
    """A server that answers as it is told and remembers what it was asked."""
    asked = []
    told = types.SimpleNamespace(status=200, headers={}, body=b'fine\n', wait=threading.Event(),
                                 asked=asked, hold=False)

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
            asked.append((self.command, self.path, dict(self.headers), body))
            if told.hold:
                told.wait.wait(20)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header('Content-Length', str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f'http://127.0.0.1:{server.server_port}'
    yield told
    told.wait.set()
    server.shutdown()
    server.server_close()


ENDS = [    # status, problem's code, exit code
    (200, None, ANSWER), (404, 'no-database', NO_DATABASE), (404, 'unknown-commit', WRONG_USE),
    (401, 'unauthorised', WRONG_USE), (403, 'forbidden', WRONG_USE), (422, 'no-fork-point', WRONG_USE),
    (409, 'ambiguous-commit', WRONG_USE), (429, 'too-many-requests', TROUBLE),
    (500, 'internal', TROUBLE), (503, 'not-ready', TROUBLE), (502, None, TROUBLE),
    (404, None, TROUBLE), (302, None, TROUBLE)]


@pytest.mark.parametrize('status, code, ends', ENDS)
def test_exit_codes(odd, status, code, ends):
    odd.status = status
    if code:
        odd.headers['X-Problem-Code'] = code
    if status == 302:
        odd.headers['Location'] = f'{odd.url}/elsewhere'
    result = run_command('freshness', 'winui', '--server', f'{odd.url}/')
    assert result.returncode == ends
    assert ('FORKPOINT_TOKEN' in result.stderr) == (status == 401)
    assert len(odd.asked) == 1      # redirects are not followed: the token would go along
    assert result.stdout == ('fine\n' if ends == ANSWER else '')
    if code is None and ends:
        assert 'not as a Forkpoint' in result.stderr


def test_a_server_that_does_not_answer_in_time(odd):
    odd.hold = True
    result = run_command('freshness', 'winui', '--server', odd.url, '--timeout', '1')
    assert result.returncode == TROUBLE and '--timeout' in result.stderr


def test_a_base_path(odd):
    run_command('lint', 'win ui', '--server', f'{odd.url}/forkpoint/')
    assert odd.asked[0][:2] == ('GET', '/forkpoint/repos/win%20ui?lint&format=text')


def test_decisions(odd, tmp_path):
    (tmp_path / 'token').write_text('s3cret\n')
    common = ['--server', odd.url, '--token-file', str(tmp_path / 'token')]
    result = run_command('quarantine', 'winui', '2.4.2001312205-main', '--reason', 'broken "build"',
                         '--owner', 'oncall', '--expires', '2026-03-01T00:00:00Z', *common)
    assert result.returncode == ANSWER
    method, path, headers, body = odd.asked[-1]
    assert (method, path) == ('PUT', '/quarantine/winui/2.4.2001312205-main?format=text')
    assert headers['Authorization'] == 'Bearer s3cret'
    assert headers['Content-Type'] == 'application/json'
    assert json.loads(body) == {'reason': 'broken "build"', 'owner': 'oncall',
                                'expires': '2026-03-01T00:00:00Z'}
    run_command('pin', 'winui', 'release/2.4', '2.4.2001312054-release_2_4', '--owner', 'me', *common)
    method, path, _, body = odd.asked[-1]
    assert (method, path) == ('PUT', '/pins/winui/release%2F2.4?format=text')
    assert json.loads(body) == {'version': '2.4.2001312054-release_2_4', 'owner': 'me'}
    run_command('pin', 'winui', 'release/2.4', '--remove', *common)
    assert odd.asked[-1][:2] == ('DELETE', '/pins/winui/release%2F2.4?format=text')
    run_command('quarantine', 'winui', *common)
    assert odd.asked[-1][:2] == ('GET', '/quarantine?repo=winui&format=text')


def test_a_token_of_the_environment(odd):
    run_command('history', '--server', odd.url, env={**os.environ, 'FORKPOINT_TOKEN': 'one'})
    assert odd.asked[-1][2]['Authorization'] == 'Bearer one'
    run_command('history', '--server', odd.url, env={**os.environ, 'FORKPOINT_TOKEN': ''})
    assert 'Authorization' not in odd.asked[-1][2]


def test_an_answer_that_cannot_be_written(odd):
    with open('/dev/full', 'w', encoding='ascii') as full:
        result = subprocess.run([*binary(), 'history', '--server', odd.url],
                                stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == TROUBLE and 'written' in result.stderr


# ---- texts ----

def table():
    """Command -> its options, as the program itself has them."""
    lines = run_command('command-table').stdout.splitlines()
    found = {words[0]: set(words[1:]) for words in map(str.split, lines)}
    assert {'serve', 'help', 'resolve', 'audit-pins'} <= set(found) and len(found) > 20
    return found


def questions():
    return {name: options for name, options in table().items() if '--server' in options}


def test_help():
    listed = run_command('help').stdout
    assert all(f'  forkpoint {command} ' in listed for command in table())
    for command, options in questions().items():
        for words in ([command, '--help'], [command, '-h'], ['help', command]):
            result = run_command(*words)
            assert result.returncode == 0 and result.stderr == ''
            assert set(re.findall(r'^  (--[a-z-]+)', result.stdout, re.M)) == options


def test_manual_page_has_everything():
    source = (DEPLOY / 'forkpoint.1').read_text(encoding='ascii').replace('\\-', '-')
    paragraphs = source.split('.TP\n')
    for command, options in table().items():
        (own,) = [text for text in paragraphs if re.match(rf'\.B forkpoint {command}( |$)', text,
                                                          re.M)]
        for option in options:
            assert option in own if '--server' not in options else re.search(
                rf'^\.BI? ?{option}( |$)', source, re.M), (command, option)


@pytest.mark.skipif(not shutil.which('groff'), reason='no groff')
def test_manual_page_is_clean():
    result = subprocess.run(['groff', '-man', '-Tutf8', '-ww', DEPLOY / 'forkpoint.1'],
                            capture_output=True, text=True, check=True)
    assert result.stderr == '' and 'EXIT STATUS' in re.sub('.\x08', '', result.stdout)


def completed(*words):
    script = f'''source {DEPLOY}/completion/forkpoint.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_forkpoint; printf '%s\\n' "${{COMPREPLY[@]}}"'''
    return set(subprocess.run(['bash', '-c', script, 'bash', 'forkpoint', *words], check=True,
                              capture_output=True, text=True).stdout.split())


def test_bash_completes_what_there_is():
    known = table()
    assert completed('') == set(known)
    for command, options in known.items():
        assert completed(command, '--') == options
    assert completed('reso') == {'resolve'}
    assert completed('versions', 'winui', '--status', 'v') == {'vanished'}


def test_zsh_completion_has_the_same():
    text = (DEPLOY / 'completion' / '_forkpoint').read_text(encoding='ascii')
    common = set(re.search(r'^common=\((.*?)\)', text, re.M | re.S)[1].split())
    names = set(re.search(r'compadd -- (.*?)\n\treturn', text, re.S)[1].replace('\\', '').split())
    for command, options in table().items():
        assert command in names
        found = re.search(rf'^{command}\) options=\((.*?)\)', text, re.M | re.S)
        words = set(found[1].split()) if found else set()
        if '$common' in words:
            words = (words - {'$common'}) | common
        assert words == options
