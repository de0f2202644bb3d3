"""The command line, the configuration's problems, and databases that must be refused untouched."""
import hashlib
import json
import pathlib
import re
import socket
import sqlite3
import subprocess
import time

import pytest

from daemon import Client, binary, eventually, run_command
from ports import free_port

CONFIG = '''// comments are allowed
{
  "listen": "127.0.0.1:7878", /* here too */
  "data_dir": "%s",
  "feeds": {"mux": {"url": "https://pkgs.example/nuget/v3/index.json", "interval": "60s",
                    "username": "any", "password_env": "FEED_TOKEN"}},
  "repositories": {
    "winui": {
      "url": "https://example.invalid/winui.git",
      "release": {"file": "version.props", "major": "MUXVersionMajor", "minor": "MUXVersionMinor"},
      "packages": [{"id": "MUXPGODatabase", "feed": "mux", "grammars": ["prerelease-stamp"]}]
    }
  }
}
'''


@pytest.fixture(name='good')
def good_config(tmp_path):
    path = tmp_path / 'good.json'
    path.write_text(CONFIG % (tmp_path / 'data'))
    return path


def test_version_and_help():
    version = run_command('version')
    assert version.returncode == 0 and any(c.isdigit() for c in version.stdout)
    for arguments in (['help'], ['--help']):
        text = run_command(*arguments)
        assert text.returncode == 0
        for command in ('serve', 'check-config', 'print-config', 'version', 'help'):
            assert command in text.stdout


def test_every_command_says_how_it_is_used():
    names = [line.split()[0] for line in run_command('command-table').stdout.splitlines()]
    assert {'serve', 'check-config', 'import', 'resolve'} <= set(names)
    for name in names:
        asked = run_command('help', name)
        assert asked.returncode == 0 and f'usage: forkpoint {name}' in asked.stdout, name
        assert run_command(name, '--help').stdout == asked.stdout, name


def test_a_command_that_there_is_not():
    for arguments in (['srve'], ['help', 'srve']):
        refused = run_command(*arguments)
        assert refused.returncode == 2 and 'there is no command "srve"' in refused.stderr, refused


def test_the_service_unit_is_one(tmp_path):
    """systemd knows every line of it, and the program that it starts is there."""
    template = pathlib.Path(__file__).parents[2] / 'deploy' / 'forkpoint.service.in'
    unit = tmp_path / 'forkpoint.service'
    unit.write_text(template.read_text(encoding='utf-8').replace('@program@', binary()[-1]))
    result = subprocess.run(['systemd-analyze', 'verify', '--man=no', str(unit)],
                            capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0 and not result.stdout + result.stderr, result


@pytest.mark.parametrize('arguments', [[], ['srve'], ['serve'], ['serve', '--config'],
                                       ['serve', '--cnfig', 'x'], ['check-config'],
                                       ['version', 'more']])
def test_wrong_usage(arguments):
    result = run_command(*arguments)
    assert result.returncode != 0
    assert result.stderr.strip() and not result.stdout.strip()


def test_check_config_takes_a_good_file(good):
    result = run_command('check-config', str(good))
    assert result.returncode == 0, result.stderr


def test_the_documented_configurations_are_good(tmp_path):
    """The README's sample and the long one."""
    root = pathlib.Path(__file__).parents[2]
    sample = tmp_path / 'readme.json'
    sample.write_text(re.search(r'```jsonc\n(.*?)```', (root / 'README.md').read_text(
        encoding='utf-8'), re.S)[1])
    for path in (sample, root / 'config' / 'forkpoint.example.jsonc'):
        result = run_command('check-config', str(path))
        assert result.returncode == 0, result.stdout + result.stderr


def test_check_config_reports_every_problem(tmp_path):
    path = tmp_path / 'bad.json'
    path.write_text('''{
  "listen": "127.0.0.1:99999",
  "data_dir": 7,
  "stale_after": "soon",
  "fedes": {},
  "feeds": {"mux": {"url": "ftp://x/", "intervall": "60s", "interval": "-1s"}},
  "repositories": {
    "win ui": {
      "url": "https://example.invalid/winui.git",
      "packages": [{"id": "X", "feed": "nowhere", "grammars": ["semver"]}]
    }
  }
}
''')
    result = run_command('check-config', str(path))
    assert result.returncode == 1
    lines = (result.stdout + result.stderr).splitlines()
    problems = [line for line in lines if line.startswith(f'{path}:')]
    # file, line, and words that the problem must hold
    expected = [(2, 'listen'), (3, 'data_dir'), (4, 'stale_after'), (5, 'feeds'), (6, 'interval'),
                (6, 'url'), (8, 'win ui'), (10, 'nowhere'), (10, 'semver')]
    for line, word in expected:
        assert any(problem.startswith(f'{path}:{line}:') and word in problem
                   for problem in problems), (line, word, problems)
    for problem in problems:
        assert problem[len(str(path)):].split(':')[2].isdigit(), problem     # a column


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '{"listen": }', '\x00', '{}' * 2,
                                  '{"a":' * 10000, '"' + 'x' * 100000])
def test_check_config_with_no_configuration_at_all(tmp_path, text):
    path = tmp_path / 'odd.json'
    path.write_text(text)
    result = run_command('check-config', str(path))
    assert result.returncode == 1
    assert str(path) in result.stdout + result.stderr


def test_missing_configuration(tmp_path):
    for arguments in (['check-config', str(tmp_path / 'none.json')],
                      ['serve', '--config', str(tmp_path / 'none.json')]):
        result = run_command(*arguments)
        assert result.returncode != 0 and 'none.json' in result.stderr


def test_print_config_shows_defaults_and_no_secret(good, monkeypatch):
    monkeypatch.setenv('FEED_TOKEN', 'hush-hush-7')
    result = run_command('print-config', str(good))
    if result.returncode != 0:
        result = run_command('print-config', '--config', str(good))
    assert result.returncode == 0, result.stderr
    assert 'hush-hush-7' not in result.stdout + result.stderr
    printed = json.loads(result.stdout)
    assert printed['repositories']['winui']['refs'] == [
        'refs/heads/*', 'refs/tags/*', 'refs/pull/*/head']
    assert printed['stale_after'] == '10m'
    assert 'FEED_TOKEN' in json.dumps(printed)
    again = good.with_name('printed.json')
    again.write_text(result.stdout)
    assert run_command('check-config', str(again)).returncode == 0


def test_port_in_use(example):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        example.daemon.config['listen'] = f'127.0.0.1:{taken.getsockname()[1]}'
        example.daemon.start(ready=False)
        assert example.daemon.process.wait(timeout=20) != 0
        example.daemon.process = None
        example.daemon.assert_no_report()
        assert 'in use' in example.daemon.log and str(taken.getsockname()[1]) in example.daemon.log


def test_two_daemons_on_one_data_folder(example):
    example.daemon.start()
    second = example.new_daemon('second')
    second.config['data_dir'] = example.daemon.config['data_dir']
    second.start(ready=False)
    assert second.process.wait(timeout=20) != 0
    second.process = None
    assert example.daemon.config['data_dir'] in second.log
    assert example.daemon.version(example.sha['merged']) == '2.4.2001312205-main'


def test_connections_leave_files_for_the_work(example, monkeypatch):
    # half of them is left for the work, of which some 50 at once are needed where a core is slow
    monkeypatch.setenv('FORKPOINT_WRAPPER', 'prlimit --nofile=130:130')
    daemon = example.daemon.start()
    daemon.wait_log('event=http.fewer_connections max_connections=65')
    idle = [socket.create_connection(('127.0.0.1', daemon.port)) for _ in range(150)]
    time.sleep(2)       # some looks at feed and upstream
    assert 'Too many open files' not in daemon.log and 'sync.failed' not in daemon.log
    for connection in idle:
        connection.close()
    eventually(lambda: daemon.resolve(example.sha['1b27fd5f']).status == 200,
               what='an answer when the others are gone')


def test_several_listen_addresses(example):
    other = free_port()
    daemon = example.daemon
    daemon.config['listen'] = [daemon.config['listen'], f'127.0.0.1:{other}']
    daemon.start()
    assert Client(other).request('GET', '/livez').status == 200


def test_it_runs_in_a_terminal_without_a_data_folder(tmp_path, good):
    """serve makes its data folder; where it cannot, it says which."""
    path = tmp_path / 'blocked.json'
    (tmp_path / 'file').write_text('in the way')
    path.write_text(CONFIG % (tmp_path / 'file' / 'data'))
    result = subprocess.run([*binary(), 'serve', '--config', str(path)], capture_output=True,
                            text=True, timeout=30, check=False)
    assert result.returncode != 0 and str(tmp_path / 'file') in result.stderr
    assert good.exists()


def digest_of(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.iterdir() if path.is_file() and path.suffix == '.db'}


def newer(path):
    with sqlite3.connect(path) as db:
        db.execute('PRAGMA user_version = 9999')


def foreign(path):
    with sqlite3.connect(path) as db:
        db.execute('PRAGMA application_id = 12345')


def garbage(path):
    path.write_bytes(b'this is no database\n' * 500)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-5000])


def overwritten(path):
    data = bytearray(path.read_bytes())
    data[4096:12288] = b'\xa5' * 8192
    path.write_bytes(bytes(data))


# what happened to facts.db, a word that the sentence must hold
REFUSED = [(newer, 'newer'), (foreign, 'not written by Forkpoint'), (garbage, 'facts.db'),
           (truncated, 'damaged'), (overwritten, 'damaged')]


@pytest.mark.parametrize('spoil, word', REFUSED, ids=[row[0].__name__ for row in REFUSED])
def test_refused_databases_are_left_untouched(example, spoil, word):
    daemon = example.daemon.start()
    daemon.resolve(example.sha['merged'])
    daemon.stop()
    data = example.daemon.folder / 'data'
    with sqlite3.connect(data / 'facts.db') as db:
        db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        db.execute('PRAGMA journal_mode = DELETE')
    spoil(data / 'facts.db')
    before = digest_of(data)
    assert 'facts.db' in before
    daemon.start(ready=False)
    assert daemon.process.wait(timeout=20) != 0
    daemon.process = None
    daemon.assert_no_report()
    assert word in daemon.log and str(data / 'facts.db') in daemon.log
    assert digest_of(data)['facts.db'] == before['facts.db']


def test_a_damaged_cache_costs_nothing(example):
    daemon = example.daemon.start()
    answer = daemon.resolve(example.sha['merged']).json
    daemon.stop()
    (daemon.folder / 'data' / 'derived.db').write_bytes(b'broken' * 1000)
    daemon.start()
    assert daemon.version(example.sha['merged']) == '2.4.2001312205-main'
    assert daemon.get(f'/history/{answer["id"]}').status == 200
