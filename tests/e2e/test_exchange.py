"""export and import: facts and answers as lines of JSON."""
import contextlib
import json
import pathlib
import shutil
import sqlite3
import time

import pytest
from as_of_model import differences, moment_text
from daemon import eventually, run_command
from test_keeping import Load, data_of, run, texts
from test_overrides import NEWEST, SECOND, delete, put, server      # noqa: F401 (a fixture)
from test_records import missing_records


def export(daemon, *arguments):
    done = run(daemon, 'export', *arguments)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]['kind'] == 'forkpoint-export'
    assert lines[-1] == {'kind': 'end', 'lines': len(lines)}
    return done.stdout, lines


def take(folder, text, code=0):
    done = run_command('import', '--data-dir', str(folder), input=text)
    assert done.returncode == code, done
    return done


def facts(text):
    return text.splitlines()[1:]


@pytest.fixture
def busy(example):
    """A daemon that has answered, with versions that came and went and branches that moved."""
    daemon = example.daemon.start()
    example.feed.add('MUXPGODatabase', '2.4.2001312204-main')
    example.feed.write()
    daemon.wait_log('versions=6')
    example.upstream.commit('main', '2020-02-02 10:00')
    daemon.resolve(example.sha['merged'], 'main', headers={'Cache-Control': 'no-cache'})
    long = daemon.resolve(example.sha['merged'], 'main', candidates='all')
    assert long.status == 200
    daemon.resolve(example.sha['merged'], 'main', build='leg "1" é')
    return example


def test_everything_comes_back(busy, tmp_path):
    daemon = busy.daemon
    asking = Load(busy, 3)
    time.sleep(1)
    export(daemon)          # beside a daemon under load
    ids = asking.stop()
    given = texts(daemon, list(ids)[::20])
    daemon.stop()
    text, lines = export(daemon)
    kinds = {line['kind'] for line in lines}
    assert {'configuration', 'version-event', 'ref-event', 'request'} <= kinds
    documents = [line['answer'] for line in lines if 'document' in line]
    assert len(documents) == len(set(documents))
    other = tmp_path / 'other'
    done = take(other, text)
    assert f'{len(lines)} lines: {len(lines) - 2} facts added, 0 known' in done.stdout
    again = run_command('export', '--data-dir', str(other))
    assert facts(again.stdout) == facts(text)
    # Once more changes nothing.
    assert f' 0 facts added, {len(lines) - 2} known' in take(other, text).stdout
    assert '0 problems' in run_command('verify', '--data-dir', str(other)).stdout
    # And a daemon serves it: every answer, its lists, its sums, the present state.
    shutil.rmtree(data_of(daemon))
    other.rename(data_of(daemon))
    daemon.start()
    assert missing_records(daemon, ids) == []
    assert all(daemon.get(f'/history/{one}').json['answer'] == answer
               for one, answer in given.items())
    assert daemon.version(busy.sha['merged'], 'main') == '2.4.2001312205-main'
    assert daemon.resolve(busy.sha['merged'], 'main').json['id'] > max(ids)


def told(folder):
    with contextlib.closing(sqlite3.connect(f'file:{folder}/facts.db?mode=ro', uri=True)) as facts:
        return facts.execute('SELECT event, at_us, kind, repo, document FROM events').fetchall()


def newest_of_main(folder):
    """What the tip of main gets since the last event that told of it."""
    return [json.loads(document)['new']['version'] for _, _, kind, _, document in told(folder)
            if kind == 'answer-changed' and json.loads(document)['branch'] == 'main'][-1]


def test_the_past_goes_along(server, tmp_path):     # noqa: F811
    """The same questions about other moments get the same answers on the other side; builds go on,
    and nothing is told twice."""
    daemon, tip, given = server.daemon, server.tip, []

    def ask(**parameters):
        given.append(daemon.resolve(tip, 'main', **parameters).json)
        return given[-1]

    ask()
    assert put(server, f'/quarantine/winui/{NEWEST}').status == 200
    ask()
    server.feed.add('MUXPGODatabase', '2.4.2001312204-main')
    server.feed.write()
    eventually(lambda: ask()['candidates']['total'] == 6, what='the package')
    merged = server.upstream.commit('main', '2020-02-02 09:00', parents=[tip])
    eventually(lambda: ask()['fork_point']['branch_tip'] == merged, what='the push')
    assert ask(build='leg')['package']['version'] == SECOND
    hidden = server.folder / 'feed' / 'v3'
    hidden.rename(server.folder / 'hidden')
    eventually(lambda: ask()['warnings'][0]['code'] == 'feed-stale', what='the warning')
    (server.folder / 'hidden').rename(hidden)
    eventually(lambda: 'feed-stale' not in str(ask()['warnings']), seconds=30, what='its end')
    assert delete(server, f'/quarantine/winui/{NEWEST}').status == 204
    assert ask()['package']['version'] == NEWEST
    eventually(lambda: newest_of_main(data_of(daemon)) == NEWEST, what='the last event')
    at_us = {row['id']: daemon.get(f'/history/{row["id"]}').json['at_us'] for row in given}
    daemon.stop()
    text, lines = export(daemon)
    assert {'publication', 'sync-gap', 'sticky', 'event', 'tip-answer', 'events-told'} <= \
        {line['kind'] for line in lines}
    other = tmp_path / 'other'
    take(other, text)
    assert facts(run_command('export', '--data-dir', str(other)).stdout) == facts(text)
    events = told(data_of(daemon))
    assert events and told(other) == events
    shutil.rmtree(data_of(daemon))
    other.rename(data_of(daemon))
    daemon.start()
    for document in given:
        if 'instead_of' not in document:
            again = daemon.resolve(tip, 'main', as_of=moment_text(at_us[document['id']])).json
            assert not differences(document, again)
            assert daemon.get(f'/history/{document["id"]}/replay').json['reproduced'] is True
    leg = daemon.resolve(tip, 'main', build='leg').json
    assert leg['package']['version'] == SECOND and leg['instead_of'] == NEWEST
    daemon.stop()
    assert told(data_of(daemon)) == events


def test_since_goes_on_where_another_ended(busy, tmp_path):
    daemon = busy.daemon

    def is_written_down():
        _, lines = export(daemon)
        return sum(line['kind'] == 'request' for line in lines) == 3 and 'branch-moved' in str(lines)
    eventually(is_written_down, what='what the daemon has done')
    time.sleep(2.1)
    # Facts are written down a moment after they are in force: a little is exported twice.
    moment = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 1))
    first, _ = export(daemon)
    later = daemon.resolve(busy.sha['f23f1fad'], 'main').json['id']
    daemon.stop()
    rest, lines = export(daemon, '--since', moment)
    whole, _ = export(daemon)
    assert len(rest) < len(whole)
    assert any(line.get('request') == int(later, 16) for line in lines)
    take(tmp_path / 'other', first)
    take(tmp_path / 'other', rest)
    copied = run_command('export', '--data-dir', str(tmp_path / 'other'))
    assert sorted(facts(copied.stdout)) == sorted(facts(whole))


def changed(lines, number, /, **members):
    """The text with members of a line changed; None takes one away."""
    line = {**json.loads(lines[number]), **members}
    line = {name: value for name, value in line.items() if value != 'GONE'}
    return '\n'.join(lines[:number] + [json.dumps(line)] + lines[number + 1:]) + '\n'


def test_bad_lines_are_told_by_their_number(busy, tmp_path):
    daemon = busy.daemon
    daemon.stop()
    text, parsed = export(daemon)
    lines = text.splitlines()
    place = {}
    for number, line in enumerate(parsed):
        place.setdefault(line['kind'], number)
    request, version, ref = place['request'], place['version-event'], place['ref-event']
    cases = [
        ('{"kind":\n', 1, 'premature'),
        ('[]\n', 1, 'JSON object'),
        ('{"kind":"audit"}\n', 1, 'begins with'),
        (changed(lines, 0, schema=999), 1, 'newer Forkpoint'),
        (changed(lines, version, kind='verse'), version + 1, 'no kind of fact: verse'),
        (changed(lines, version, at_us='GONE'), version + 1, '"at_us" is missing'),
        (changed(lines, version, at_us='noon'), version + 1, 'whole number'),
        (changed(lines, version, at_us=1.5), version + 1, 'whole number'),
        (changed(lines, version, event=4), version + 1, 'never seen here'),
        (changed(lines, ref, new='xyz'), ref + 1, 'hexadecimal'),
        (changed(lines, ref, new='00'), ref + 1, 'does not take it'),
        (changed(lines, request, answer='00' * 16), request + 1, 'whose hash'),
        (changed(lines, request, answer='00'), request + 1, '32 hexadecimal'),
        (changed(lines, request, document='GONE'), request + 1, 'answer is not here'),
        (changed(lines, request, status=0), request + 1, 'no such number'),
        (changed(lines, request, request=0), request + 1, 'no such number'),
        (changed(lines, len(lines) - 1, lines=3), len(lines), 'had 3 lines'),
        (text + lines[1] + '\n', len(lines) + 1, "behind the export's end"),
    ]
    for number, (bad, line, words) in enumerate(cases):
        refused = take(tmp_path / f'case-{number}', bad, code=1)
        assert f'line {line}: ' in refused.stderr and words in refused.stderr, (words, refused)
        # The same folder takes the whole afterwards.
        take(tmp_path / f'case-{number}', text)
    # What is no export leaves nothing behind.
    for nothing in ('', 'junk\n', '{"kind":"audit"}\n', changed(lines, 0, schema=999)):
        take(tmp_path / 'nothing', nothing, code=1)
        assert not (tmp_path / 'nothing').exists()
    cut = take(tmp_path / 'cut', '\n'.join(lines[:-1]) + '\n', code=1)
    assert 'cut short' in cut.stderr
    # What came before what is there cannot be put behind it; another server's requests neither.
    old = take(tmp_path / 'cut', changed(lines, version, at_us=5), code=1)
    assert 'in the order of time' in old.stderr
    alien = take(tmp_path / 'cut', changed(lines, request, at_us=5), code=1)
    assert 'another server' in alien.stderr


def test_import_needs_the_folder_for_itself(busy):
    text, _ = export(busy.daemon)
    refused = run_command('import', '--config', str(busy.daemon.config_file), input=text)
    assert refused.returncode == 1 and 'held by process' in refused.stderr


@pytest.mark.parametrize('arguments', [
    ['export'], ['export', 'file', '--config', 'c'], ['export', '--config', 'c', '--since', 'never'],
    ['import'], ['import', '--config', 'c', '--since', '2020-01-01'],
])
def test_wrong_use(arguments):
    done = run_command(*arguments, input='')
    assert done.returncode == 2 and done.stderr


def test_no_data_folder(tmp_path):
    done = run_command('export', '--data-dir', str(tmp_path / 'none'))
    assert done.returncode == 1 and 'there is no' in done.stderr
    assert not pathlib.Path(tmp_path / 'none').exists()
