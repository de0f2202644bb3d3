"""/repos/{repo}?lint: each finding out of a repository that earns it, and none out of a clean one."""
import pytest

from upstream import version_props


def findings(daemon, repo='winui'):
    reply = daemon.get(f'/repos/{repo}', lint='1')
    assert reply.status == 200, reply
    document = reply.json
    assert document['repo'] == repo
    for severity in ('error', 'warning', 'note'):
        assert document[f'{severity}s'] == sum(
            finding['severity'] == severity for finding in document['findings'])
    order = [('error', 'warning', 'note').index(row['severity']) for row in document['findings']]
    assert order == sorted(order)       # the gravest first
    text = daemon.get(f'/repos/{repo}', lint='1', format='text').text
    for finding in document['findings']:
        assert (f'{finding["severity"]}: {finding["code"]}: {finding["subject"]}\n'
                f'  {finding["text"]}\n  {finding["advice"]}\n') in text
    return {(row['code'], row['subject']): row for row in document['findings']}


def test_a_clean_repository(world):
    upstream = world.new_upstream()
    upstream.commit('main', '2020-01-01 00:00')
    upstream.commit('main', '2020-01-01 01:00')
    world.new_feed(['2.4.2001010000-main', '2.4.2001010100-main'])
    daemon = world.new_daemon().start()
    assert not findings(daemon)
    assert daemon.get('/repos/winui', lint='true', format='text').text == (
        'winui: 0 errors, 0 warnings, 0 notes\n')


@pytest.fixture(name='found', scope='module')
def found_in_a_messy_repository(tmp_path_factory):
    from conftest import World
    made = World(tmp_path_factory.mktemp('messy'))
    upstream = made.new_upstream()
    props = {'version.props': version_props(2, 4)}

    def source(branch):
        return {**props, 'config.ps1': f'$pgoBranch = "{branch}"\n'.encode()}
    root = upstream.commit('main', '2022-01-01 00:00', files=source('main'))
    for name in ('release/1.10', 'release-1.10', 'user/some_one', 'release/odd#1', 'release/2.0'):
        upstream.git('update-ref', f'refs/heads/{name}', root)
    upstream.commit('release/1.10', '2022-01-02 00:00', files=source('release/1.10'))
    upstream.commit('release/2.0', '2022-01-02 00:00', files=source('main'))
    upstream.commit('main', '2022-01-01 03:00', files=source('main'))
    upstream.commit('main', '2022-01-01 02:00', files=source('main'), committer='2022-01-01 04:00')
    upstream.commit('main', '2022-01-01 02:00', files=source('main'), committer='2022-01-01 05:00')
    made.repository['branch_source'] = [{'file': 'config.ps1', 'variable': 'pgoBranch'}]
    made.repository['packages'][0]['patch_stamp_label'] = 'hyphen'
    made.new_feed(['2.4.0-2201010000-main', '2.4.2001312054-release_2_0', '2.0.0', '9.9',
                   '2.4.0-2201010130-main', '2.4.2201010000-main'])
    daemon = made.new_daemon().start()
    yield findings(daemon)
    made.release()


# code, subject, severity, words of the text
MESSY = [
    ('shared-label', 'release-1.10', 'warning', 'release/1.10'),
    ('not-packageable', 'release/odd#1', 'error', 'no legal label'),
    ('not-packageable', 'user/some_one', 'note', 'no legal label'),
    ('unparsable-version', 'MUXPGODatabase', 'warning', '2.4.2201010000-main'),
    ('refused-version', 'MUXPGODatabase', 'warning', '2.4.2001312054-release_2_0'),
    ('unrecognised-version', 'MUXPGODatabase', 'note', '2.0.0'),
    ('stamp-overflow', 'MUXPGODatabase', 'error', '2201'),
    ('no-package', 'release/1.10', 'warning', 'no database'),
    ('tracks-other-branch', 'release/2.0', 'warning', 'names main as its PGO branch'),
    ('ancestry-disagrees', 'main', 'warning', '2.4.0-2201010000-main'),
    ('same-minute', 'main', 'note', '1 commit of the last 4 shares a minute'),
]


@pytest.mark.parametrize('code, subject, severity, said', MESSY)
def test_a_messy_repository(found, code, subject, severity, said):
    finding = found[code, subject]
    assert finding['severity'] == severity and said in finding['text'], finding


def test_nothing_that_is_not_so(found):
    assert ('tracks-other-branch', 'release/1.10') not in found
    assert ('no-package', 'main') not in found
    assert ('no-package', 'release/2.0') not in found
    assert ('shared-label', 'main') not in found


def test_bad_input(world):
    world.new_upstream().commit('main', '2020-01-01 00:00')
    world.new_feed(['2.4.2001010000-main'])
    daemon = world.new_daemon().start()
    assert daemon.get('/repos/winuj', lint='1').json['code'] == 'unknown-repository'
    reply = daemon.get('/repos/winui', lint='perhaps')
    assert (reply.status, reply.json['code']) == (400, 'bad-request')
    assert 'lint' in reply.json['detail']
