"""Version files and branch files as commits hold them: sound, odd, broken and hostile."""
import pytest

from upstream import version_props

PLAIN = version_props(2, 4).decode()
WINDOWS_TERMINAL = '''\ufeff<?xml version="1.0" encoding="utf-8"?>
<!-- Licensed. <MUXVersionMajor>9</MUXVersionMajor> in a comment counts for nothing. -->
<Project ToolsVersion="15.0" xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <PropertyGroup>
    <SubFullVersion>$(MUXVersionMajor).$(MUXVersionMinor).0</SubFullVersion>
    <XesUseOneStoreVersioning Condition="'$(Rel)' == ''">true</XesUseOneStoreVersioning>
    <MUXVersionMajor Condition="'$(MUXVersionMajor)' == ''"> 2 </MUXVersionMajor>
    <MUXVersionMinor>
      4
    </MUXVersionMinor>
    <Other><Inner attribute="MUXVersionMajor">7</Inner></Other>
  </PropertyGroup>
</Project>
'''
LAUGHS = ('<!DOCTYPE p [<!ENTITY a "ha">' + ''.join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12))
    + ']><Project><MUXVersionMajor>2</MUXVersionMajor><X>&m;</X>'
      '<MUXVersionMinor>4</MUXVersionMinor></Project>')

# name, content of version.props (None: no such file), the release or None: release-unknown
VERSION_FILES = [
    ('sound', PLAIN.encode(), '2.4'),
    ('as real ones are', WINDOWS_TERMINAL.encode(), '2.4'),
    ('utf-16', ('\ufeff' + WINDOWS_TERMINAL[1:].replace('utf-8', 'utf-16')).encode('utf-16-le'),
     '2.4'),
    ('without namespace', b'<Project><MUXVersionMajor>2</MUXVersionMajor>'
                          b'<MUXVersionMinor>4</MUXVersionMinor></Project>', '2.4'),
    ('prefixed', b'<m:Project xmlns:m="u"><m:MUXVersionMajor>2</m:MUXVersionMajor>'
                 b'<m:MUXVersionMinor>4</m:MUXVersionMinor></m:Project>', '2.4'),
    ('zero', version_props(0, 0), '0.0'),
    ('big', version_props(2147483647, 4), '2147483647.4'),
    ('missing', None, None),
    ('empty', b'', None),
    ('spaces', b'  \r\n ', None),
    ('truncated', PLAIN.encode()[:-60], None),
    ('no element', b'<Project></Project>', None),
    ('minor missing', b'<Project><MUXVersionMajor>2</MUXVersionMajor></Project>', None),
    ('empty element', version_props('', 4), None),
    ('words', version_props('two', 4), None),
    ('a macro', version_props('$(Major)', 4), None),
    ('negative', version_props(-2, 4), None),
    ('past 32 bits', version_props(4294967298, 4), None),
    ('many digits', version_props('2' * 5000, 4), None),
    ('not XML', b'\x00\x01\x02 MUXVersionMajor 2', None),
    ('deep', b'<a>' * 100000, None),
    ('laughs', LAUGHS.encode(), None),
    ('100 MB', PLAIN.encode()[:-12] + b' ' * (100 << 20) + b'</Project>', None),
]

# name, files beside version.props, branch, branch_source
BRANCH_FILES = [
    ('powershell', {'tools/config.ps1': b'$pgoBranch = "main"\r\n'}, 'main', 'tools/config.ps1'),
    ('single quotes', {'tools/config.ps1': b"\xef\xbb\xbf  $PGOBranch='main' # why\n"}, 'main',
     'tools/config.ps1'),
    ('props', {'build/T.props': b'<Project xmlns="u"><PGOBranch>release/2.4</PGOBranch></Project>'},
     'release/2.4', 'build/T.props'),
    ('first wins', {'tools/config.ps1': b'$pgoBranch = "main"',
                    'build/T.props': b'<Project><PGOBranch>release/2.4</PGOBranch></Project>'},
     'main', 'tools/config.ps1'),
    ('commented out', {'tools/config.ps1': b'# $pgoBranch = "release/2.4"\n'}, 'fallback', None),
    ('other variable', {'tools/config.ps1': b'$pgoBranchName = "release/2.4"\n'}, 'fallback', None),
    ('broken props', {'build/T.props': b'<Project><PGOBranch>release/2.4'}, 'fallback', None),
    ('none', {}, 'fallback', None),
]


@pytest.fixture(scope='module', name='served')
def served_world(tmp_path_factory):
    from conftest import World
    world = World(tmp_path_factory.mktemp('sources'))
    upstream = world.new_upstream()
    base = upstream.commit('main', '2020-01-01 00:00')
    for branch in ('release/2.4', 'fallback'):
        upstream.git('update-ref', f'refs/heads/{branch}', base)
    world.repository['branch'] = 'fallback'
    world.repository['branch_source'] = [{'file': 'tools/config.ps1', 'variable': 'pgoBranch'},
                                         {'file': 'build/T.props', 'element': 'PGOBranch'}]
    commits = {}
    for number, (name, content, _) in enumerate(VERSION_FILES):
        files = {'a.txt': b'a'} if content is None else {'version.props': content}
        commits[name] = upstream.commit(f'v{number}', f'2020-01-02 00:{number:02}', parents=[base],
                                        files=files)
    for number, (name, files, _, _) in enumerate(BRANCH_FILES):
        commits['branch ' + name] = upstream.commit(
            f'b{number}', f'2020-01-03 00:{number:02}', parents=[base],
            files={'version.props': version_props(2, 4), **files})
    commits['base'] = base
    world.new_feed(['2.4.2001010000-main', '2.4.2001010000-fallback', '2.4.2001010000-release_2_4'])
    daemon = world.new_daemon().start()
    yield daemon, commits
    world.release()


@pytest.mark.parametrize('name, content, release', VERSION_FILES,
                         ids=[row[0] for row in VERSION_FILES])
def test_version_files(served, name, content, release):
    daemon, commits = served
    reply = daemon.resolve(commits[name], 'main')
    if release is None:
        assert (reply.status, reply.json['code']) == (422, 'release-unknown'), reply
        assert 'version.props' in reply.json['detail']
    elif release == '2.4':
        assert reply.json['package']['version'] == '2.4.2001010000-main'
        assert reply.json['release']['text'] == '2.4'
    else:
        assert reply.json['code'] == 'no-database' and release in reply.text
    # a release of the request's own needs no file
    asked = daemon.resolve(commits[name], 'main', release='2.4')
    assert asked.json['package']['version'] == '2.4.2001010000-main'


@pytest.mark.parametrize('name, files, branch, source', BRANCH_FILES,
                         ids=[row[0] for row in BRANCH_FILES])
def test_branch_files(served, name, files, branch, source):
    daemon, commits = served
    document = daemon.resolve(commits['branch ' + name]).json
    assert document['branch'] == branch
    assert document['package']['version'].endswith(branch.replace('/', '_').replace('.', '_'))
    if source:
        assert source in document['branch_source'] or source in document['reasoning'][1]['text']
    else:
        assert document['branch_source'] not in ('request', 'tree')


def test_the_built_commit_decides_the_release(world):
    """Not the fork point: the bump on the topic branch counts for the topic's build."""
    upstream = world.new_upstream()
    base = upstream.commit('main', '2020-01-01 00:00')
    topic = upstream.commit('topic', '2020-01-02 00:00', parents=[base],
                            files={'version.props': version_props(2, 5)})
    world.new_feed(['2.4.1912010000-main', '2.5.1911010000-main'])
    daemon = world.new_daemon().start()
    assert daemon.version(base) == '2.4.1912010000-main'
    assert daemon.version(topic) == '2.5.1911010000-main'


def test_several_release_sources_and_fixed(world):
    upstream = world.new_upstream()
    old = upstream.commit('main', '2020-01-01 00:00', files={
        'custom.props': b'<P><VersionMajor>1</VersionMajor><VersionMinor>10</VersionMinor></P>'})
    bare = upstream.commit('main', '2020-01-02 00:00', files={'a': b'a'})
    world.repository['release'] = [
        {'file': 'version.props', 'major': 'MUXVersionMajor', 'minor': 'MUXVersionMinor'},
        {'file': 'custom.props', 'major': 'VersionMajor', 'minor': 'VersionMinor'},
        {'fixed': '3.0'}]
    world.new_feed(['1.10.1912010000-main', '3.0.1912010000-main'])
    daemon = world.new_daemon().start()
    assert daemon.version(old) == '1.10.1912010000-main'
    document = daemon.resolve(bare).json
    assert document['package']['version'] == '3.0.1912010000-main'
