"""export and import: facts and answers as lines of JSON."""
import json
import pathlib
import shutil
import time

import pytest
from daemon import eventually, run_command
from test_keeping import Load, data_of, run, texts
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


def test_since_goes_on_where_another_ended(busy, tmp_path):
    daemon = busy.daemon
    eventually(lambda: '"request"' in run(daemon, 'export').stdout, what='a record')
    first, _ = export(daemon)
    time.sleep(2.1)
    moment = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() - 1))
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
    assert done.returncode == 1 and 'cannot open' in done.stderr
    assert not pathlib.Path(tmp_path / 'none').exists()
