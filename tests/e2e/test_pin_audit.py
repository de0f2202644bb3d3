"""/audit-pins: versions that a branch's own files name, compared with what its tip gets."""
import csv
import io
import json

import pytest

from daemon import eventually
from upstream import version_props

PACKAGE = 'MUXPGODatabase'
MSBUILD = 'http://schemas.microsoft.com/developer/msbuild/2003'


def props(version):
    return (f'\ufeff<?xml version="1.0"?>\r\n<Project xmlns="{MSBUILD}"><PropertyGroup>\r\n'
            '<PgoVersion Condition="x">$(Other)</PgoVersion>'
            f'<PgoVersion> {version} </PgoVersion></PropertyGroup></Project>').encode()


def packages_config(version):
    return (f'<?xml version="1.0"?>\n<packages><package id="Other" version="1.0.0" />\n'
            f'<package id="{PACKAGE.lower()}" version="{version}" targetFramework="native" />'
            '</packages>').encode()


def project(version):
    return (f'<Project><ItemGroup><PackageReference Include="{PACKAGE}"><PrivateAssets>all'
            f'</PrivateAssets><Version>{version}</Version></PackageReference></ItemGroup>'
            '</Project>').encode()


PINS = [{'file': 'eng/Versions.props', 'element': 'PgoVersion'},
        {'file': 'packages.config', 'package': PACKAGE},
        {'file': 'src/a.vcxproj', 'package': PACKAGE}]


def commit(upstream, branch, at, *versions):
    files = {'version.props': version_props(2, 4)}
    for pin, make, version in zip(PINS, (props, packages_config, project), versions):
        if version is not None:
            files[pin['file']] = version if isinstance(version, bytes) else make(version)
    return upstream.commit(branch, at, files=files)


def audit(daemon, branch='main', **parameters):
    reply = daemon.get('/audit-pins', repo='winui', branch=branch, **parameters)
    assert reply.status == 200, reply
    return reply.json['items']


def settled(daemon, tip, branch='main'):
    return eventually(lambda: (items := audit(daemon, branch))[0]['sha'] == tip and items)


def summary(items):
    return [(item['status'], item['verdict'], item['version']) for item in items]


@pytest.fixture(name='pinned')
def repository_with_pins(world):
    world.repository['pins'] = PINS
    world.upstream = world.new_upstream()
    world.tip = commit(world.upstream, 'main', '2020-01-01 02:00', '2.4.2001010200-main',
                       '2.4.2001010100-main', '2.4.2001010200-release_2')
    world.feed = world.new_feed(['2.4.2001010100-main', '2.4.2001010200-main',
                                 '2.4.2001010200-release_2', '2.3.2001010100-main'])
    world.daemon = world.new_daemon().start()
    return world


def test_match_drift_and_wrong_branch(pinned):
    items = audit(pinned.daemon)
    assert summary(items) == [('match', 'match', '2.4.2001010200-main'),
                              ('drift', 'older', '2.4.2001010100-main'),
                              ('wrong-branch', 'other-branch', '2.4.2001010200-release_2')]
    assert {item['right'] for item in items} == {'2.4.2001010200-main'}
    assert {item['sha'] for item in items} == {pinned.tip}
    assert items[0]['text'] == 'It is what the tip gets.'
    assert items[1]['text'] == (
        'It is older than it need be; the tip gets 2.4.2001010200-main.')
    assert items[2]['text'].startswith('It is of another branch, labelled "release_2"; the tip')
    assert [item['element'] for item in items] == ['PgoVersion', None, None]
    assert [item['pin_package'] for item in items] == [None, PACKAGE, PACKAGE]


def test_what_the_feed_has_not(pinned):
    tip = commit(pinned.upstream, 'main', '2020-01-01 03:00', '2.0.0', '2.4.2001010159-main',
                 '2.4.0-2001010200-main')
    assert summary(settled(pinned.daemon, tip)) == [
        ('unrecognised', 'unrecognised', '2.0.0'),
        ('never-seen', 'never-seen', '2.4.2001010159-main'),
        ('never-seen', 'reformatted', '2.4.0-2001010200-main')]
    assert 'as 2.4.2001010200-main' in audit(pinned.daemon)[2]['text']


def test_vanished_and_other_release(pinned):
    tip = commit(pinned.upstream, 'main', '2020-01-01 03:00', '2.3.2001010100-main',
                 '2.4.2001010100-main', '2.4.2001010200-main')
    settled(pinned.daemon, tip)
    del pinned.feed.packages[PACKAGE]['2.4.2001010200-main']
    pinned.feed.write()
    eventually(lambda: summary(audit(pinned.daemon)) == [
        ('drift', 'other-release', '2.3.2001010100-main'),
        ('match', 'match', '2.4.2001010100-main'),
        ('vanished', 'vanished', '2.4.2001010200-main')])


def test_files_that_say_nothing(pinned):
    macro = f'<Project xmlns="{MSBUILD}"><PgoVersion>$(V)</PgoVersion></Project>'.encode()
    tip = commit(pinned.upstream, 'main', '2020-01-01 03:00', macro, None, b'<Project><a></Project>')
    items = settled(pinned.daemon, tip)
    assert [item['status'] for item in items] == ['missing'] * 3
    assert all(item['version'] is None and item['verdict'] is None for item in items)
    assert 'names no version in an element PgoVersion' in items[0]['text']
    assert items[1]['text'] == "The tip's tree has no such file."
    assert items[2]['text'].startswith('The file cannot be read: ')


def test_large_and_hostile_files(pinned):
    bomb = (b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
            b'<a><PgoVersion>&b;</PgoVersion></a>')
    tip = commit(pinned.upstream, 'main', '2020-01-01 03:00', bomb, b'<a>' + b' ' * (2 << 20),
                 b'<a>' * 1000)
    items = settled(pinned.daemon, tip)
    assert [item['status'] for item in items] == ['missing'] * 3
    assert 'more than the limit' in items[1]['text']


def test_another_branch(pinned):
    tip = commit(pinned.upstream, 'release/2', '2020-01-01 02:00', '2.4.2001010200-release_2')
    eventually(lambda: pinned.daemon.version(tip, 'release/2') == '2.4.2001010200-release_2')
    items = audit(pinned.daemon, 'release/2')
    assert items[0]['status'] == 'match' and items[0]['branch'] == 'release/2'


def test_forms(pinned):
    daemon = pinned.daemon
    items = audit(daemon)
    assert daemon.get('/audit-pins', repo='winui').json['items'] == items   # the default branch
    assert daemon.get('/audit-pins', repo='winui', shape='flat').json == items
    lines = daemon.get('/audit-pins', repo='winui', format='ndjson').text.splitlines()
    assert [json.loads(line) for line in lines] == items
    rows = list(csv.DictReader(io.StringIO(daemon.get('/audit-pins', repo='winui',
                                                      format='csv').text)))
    assert [{name: value or '' for name, value in item.items()} for item in items] == rows
    text = daemon.get('/audit-pins', repo='winui', format='text').text
    assert text.splitlines()[-1] == 'winui, branch main: 1 of 3 pins match'


BAD = [     # parameters, status, code, what the detail says
    ({}, 400, 'bad-request', 'repo'),
    ({'repo': 'winuj'}, 404, 'unknown-repository', 'winuj'),
    ({'repo': 'winui', 'branch': 'mian'}, 404, 'unknown-branch', 'mian'),
    ({'repo': 'winui', 'package': 'Nobody'}, 404, 'unknown-package', 'Nobody'),
    ({'repo': 'winui', 'release': 'two'}, 400, 'bad-request', 'release'),
]


def test_bad_input(pinned):
    for parameters, status, code, said in BAD:
        reply = pinned.daemon.get('/audit-pins', **parameters)
        assert (reply.status, reply.json['code']) == (status, code), reply
        assert said in reply.json['detail']


def test_without_pins(world):
    world.new_upstream().commit('main', '2020-01-01 00:00')
    world.new_feed(['2.4.2001010000-main'])
    assert not audit(world.new_daemon().start())
