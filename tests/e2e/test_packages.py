"""What decides about a package beside its version: its set, its file, its feed's configuration."""
import pathlib
import shutil

import static_feed
from conftest import PACKAGE
from daemon import eventually

MIBC = ['optimization.linux-x64.MIBC.Runtime', 'optimization.windows_nt-x64.MIBC.Runtime',
        'optimization.linux-arm64.MIBC.Runtime']


def codes(document):
    return {item['version']: item for item in document['candidates']['all']}


def test_a_set_is_complete_or_not_taken(world):
    """A version counts when every id of the set lists it; what lacks it is named."""
    sha = world.new_upstream().commit('main', '2024-08-09 12:00')
    feed = world.new_feed()
    for package_id in MIBC:
        feed.packages[package_id] = {}
        feed.add(package_id, '1.0.0-prerelease.24408.1')
    feed.add(MIBC[0], '1.0.0-prerelease.24409.1')
    feed.add(MIBC[1], '1.0.0-prerelease.24409.1')
    feed.write()
    world.repository['release'] = {'fixed': '1.0.0'}
    world.repository['packages'] = [{'id': MIBC[0], 'feed': 'demo', 'grammars': ['arcade'],
                                     'branches': ['main'], 'set': MIBC[1:]}]
    daemon = world.new_daemon().start()
    document = daemon.resolve(sha, 'main', candidates='all').json
    assert document['package']['version'] == '1.0.0-prerelease.24408.1'
    assert document['package']['set'] == MIBC
    rejected = codes(document)['1.0.0-prerelease.24409.1']
    assert rejected['code'] == 'incomplete-set'
    assert rejected['missing'] == MIBC[2]
    feed.add(MIBC[2], '1.0.0-prerelease.24409.1')
    feed.write()
    eventually(lambda: daemon.version(sha) == '1.0.0-prerelease.24409.1', what='a whole set')


def test_unlisted_versions_of_a_set_count_where_they_are_kept(world):
    sha = world.new_upstream().commit('main', '2024-08-09 12:00')
    feed = world.new_feed()
    for package_id in MIBC:
        feed.packages[package_id] = {}
        feed.add(package_id, '1.0.0-prerelease.24408.1')
        feed.add(package_id, '1.0.0-prerelease.24409.1', listed=False)
    feed.write()
    package = {'id': MIBC[0], 'feed': 'demo', 'grammars': ['arcade'], 'branches': ['main'],
               'set': MIBC[1:]}
    world.repository['release'] = {'fixed': '1.0.0'}
    world.repository['packages'] = [package]
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == '1.0.0-prerelease.24408.1'
    package['unlisted'] = 'keep'
    daemon.stop()
    daemon.start()
    assert daemon.version(sha) == '1.0.0-prerelease.24409.1'


def with_files(world, mode):
    """A feed with package files, and a package whose downloads are verified."""
    server, base_url = static_feed.serve(world.folder / 'feed')
    world.servers.append(server)
    feed = static_feed.StaticFeed(world.folder / 'feed', base_url, with_files=True)
    for version in ('2.4.2001140000-main', '2.4.2001150000-main'):
        feed.add(PACKAGE, version)
    feed.write()
    world.config['feeds']['demo'].update({'url': feed.index_url, 'verify_again': '300ms'})
    world.repository['release'] = {'fixed': '2.4'}
    world.repository['packages'][0]['verify_download'] = mode
    return feed


def check_downloads(world, mode):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    with_files(world, mode)
    (name,) = pathlib.Path(world.folder / 'feed').rglob('*2001150000-main.nupkg')
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == '2.4.2001150000-main'
    shutil.move(name, name.with_suffix('.aside'))
    eventually(lambda: daemon.version(sha) == '2.4.2001140000-main', what='the older one')
    document = daemon.resolve(sha, 'main', candidates='all').json
    assert codes(document)['2.4.2001150000-main']['code'] == 'unavailable'
    assert codes(document)['2.4.2001150000-main']['last_tried'].endswith('Z')
    rows = daemon.get('/versions', repo='winui').json['items']
    assert rows[0]['version'] == '2.4.2001150000-main'
    assert rows[0]['unavailable'] is not None and rows[1]['unavailable'] is None
    eventually(lambda: daemon.get('/versions', repo='winui').json['items'][0]['unavailable']
               > rows[0]['unavailable'], what='another try')
    shutil.move(name.with_suffix('.aside'), name)
    eventually(lambda: daemon.version(sha) == '2.4.2001150000-main', what='the file again')


def test_downloads_of_what_is_selected(world):
    check_downloads(world, 'selected')


def test_downloads_of_all(world):
    check_downloads(world, 'all')


def test_a_source_of_a_nuget_config(world):
    sha = world.new_upstream().commit('main', '2020-02-01 00:00')
    feed = world.new_feed(['2.4.2001150000-main'])
    (world.folder / 'NuGet.Config').write_text(f'''<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <clear />
    <add key="mux feed" value="{feed.index_url}" protocolVersion="3" />
  </packageSources>
  <packageSourceCredentials>
    <mux_x0020_feed>
      <add key="Username" value="any" />
      <add key="ClearTextPassword" value="a-secret-that-no-log-shows" />
    </mux_x0020_feed>
  </packageSourceCredentials>
</configuration>
''')
    world.repository['release'] = {'fixed': '2.4'}
    world.config['feeds']['demo'] = {
        'interval': '500ms',
        'nuget_config': {'file': str(world.folder / 'NuGet.Config'), 'source': 'mux feed'}}
    daemon = world.new_daemon().start()
    assert daemon.version(sha) == '2.4.2001150000-main'
    assert 'a-secret' not in daemon.log
    world.config['feeds']['demo']['nuget_config']['source'] = 'another'
    other = world.new_daemon('other')
    other.start(ready=False)
    eventually(lambda: 'mux feed' in other.log, what='the sources that the file has')
    other.wait_ready(path='/livez')
    shown = eventually(lambda: (package := other.get('/repos/winui').json['packages'][0])
                       ['last_error'] and package, what='the error of the package')
    assert 'mux feed' in shown['last_error'] and shown['failures'] >= 1
    assert shown['last_attempt'] is not None
