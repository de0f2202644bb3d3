"""Webhooks against the real daemon: real signatures, repeated and forged ones, and what they do."""
import base64
import hashlib
import hmac
import json
import signal
import urllib.parse

import pytest

from daemon import eventually

SECRETS = {'github': 'one secret', 'gitlab': 'another: ü', 'gitea': 'third', 'azure-devops': 'fourth',
           'generic': 'fifth'}
URL = 'https://git.example/team/winui.git'


def signature(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery(sender, url=URL, number='1', secret=None):
    """Path, body and headers, as the sender makes them."""
    secret = SECRETS[sender] if secret is None else secret
    headers = {'Content-Type': 'application/json'}
    if sender == 'github':
        body = json.dumps({'ref': 'refs/heads/main', 'repository': {'clone_url': url}}).encode()
        headers |= {'X-Hub-Signature-256': 'sha256=' + signature(secret, body),
                    'X-GitHub-Delivery': number, 'X-GitHub-Event': 'push'}
    elif sender == 'gitlab':
        body = json.dumps({'object_kind': 'push', 'project': {'git_http_url': url}}).encode()
        headers |= {'X-Gitlab-Token': secret.encode(), 'X-Gitlab-Event-UUID': number}
    elif sender == 'gitea':
        body = json.dumps({'ref': 'refs/heads/main', 'repository': {'clone_url': url}}).encode()
        headers |= {'X-Gitea-Signature': signature(secret, body), 'X-Gitea-Delivery': number}
    elif sender == 'azure-devops':
        body = json.dumps({'id': number, 'eventType': 'git.push',
                           'resource': {'repository': {'remoteUrl': url}}}).encode()
        pair = base64.b64encode(f'azure:{secret}'.encode()).decode()
        headers['Authorization'] = f'Basic {pair}'
    else:
        body = json.dumps({'url': url, 'delivery': number}).encode()
        headers['Authorization'] = f'Bearer {secret}'
    return f'/hooks/{sender}', body, headers


def post(daemon, path, body, headers):
    return daemon.request('POST', path, body, headers)


@pytest.fixture(name='hooked')
def hooked_daemon(world):
    """A daemon that looks by itself only once an hour."""
    world.upstream = world.new_upstream()
    world.upstream.commit('main', '2020-01-31 22:05')
    world.feed = world.new_feed(['2.4.2001312205-main'])
    world.repository['interval'] = world.config['feeds']['demo']['interval'] = '1h'
    secret_file = world.folder / 'secret'
    secret_file.write_text(SECRETS['gitlab'] + '\n', encoding='utf-8')
    world.config['hooks'] = {
        'github': {'secret_env': 'HOOK_GITHUB'}, 'gitlab': {'secret_file': str(secret_file)},
        'gitea': {'secret_env': 'HOOK_GITEA'}, 'generic': {'secret_env': 'HOOK_GENERIC'},
        'azure-devops': {'secret_env': 'HOOK_AZURE', 'username': 'azure'}}
    world.daemon = world.new_daemon()
    return world


def start(world):
    return world.daemon.start(environment={
        'HOOK_GITHUB': SECRETS['github'], 'HOOK_GITEA': SECRETS['gitea'],
        'HOOK_GENERIC': SECRETS['generic'], 'HOOK_AZURE': SECRETS['azure-devops']})


@pytest.mark.parametrize('sender', SECRETS)
def test_a_delivery_is_a_reason_to_look(hooked, sender):
    daemon = start(hooked)
    url = 'file://' + hooked.upstream.path      # the upstream's path, written another way
    sha = hooked.upstream.commit('main', '2020-01-31 22:27')
    hooked.feed.add('MUXPGODatabase', '2.4.2001312227-main')
    hooked.feed.write()
    assert daemon.version(sha, 'main', wait='0') == 'unknown-commit'

    reply = post(daemon, *delivery(sender, url))
    assert reply.status == 202, reply
    assert reply.json == {'sender': sender, 'delivery': '1', 'repeated': False, 'looks': ['winui'],
                          'text': 'The sources are looked at now.'}
    eventually(lambda: daemon.version(sha, 'main', wait='0') == '2.4.2001312227-main')

    again = post(daemon, *delivery(sender, url))
    assert again.status == 202
    assert (again.json['repeated'], again.json['looks']) == (True, [])
    other = post(daemon, *delivery(sender, url, number='2'))
    assert (other.json['repeated'], other.json['looks']) == (False, ['winui'])


@pytest.mark.parametrize('sender', SECRETS)
def test_forged_and_bare_deliveries_are_refused(hooked, sender):
    daemon = start(hooked)
    path, body, headers = delivery(sender, secret='guess')
    reply = post(daemon, path, body, headers)
    assert (reply.status, reply.json['code']) == (401, 'unauthorised'), reply
    assert reply.headers['WWW-Authenticate'].startswith(
        'Basic' if sender == 'azure-devops' else 'Bearer')
    reply = post(daemon, path, body, {})
    assert (reply.status, reply.json['code']) == (401, 'unauthorised'), reply
    # a delivery that was refused was not taken: the true one with its id still is
    assert post(daemon, *delivery(sender)).json['repeated'] is False
    if sender in ('github', 'gitea'):
        path, body, headers = delivery(sender)
        assert post(daemon, path, body + b' ', headers).status == 401
    for secret in SECRETS.values():
        assert secret not in reply.text
        assert secret not in daemon.log


def test_what_is_not_ours_is_nothing_to_do(hooked):
    daemon = start(hooked)
    reply = post(daemon, *delivery('github', 'https://git.example/team/other.git'))
    assert reply.status == 202
    assert reply.json['looks'] == []
    assert reply.json['text'].startswith('No repository that is tracked here')
    reply = post(daemon, '/hooks/generic', b'{"repo": "winui"}',
                 {'Authorization': f'Bearer {SECRETS["generic"]}'})
    assert (reply.status, reply.json['delivery'], reply.json['looks']) == (202, None, ['winui'])


def signed(body, **headers):
    return '/hooks/github', body, {
        'X-Hub-Signature-256': 'sha256=' + signature(SECRETS['github'], body), **headers}


def test_bad_input(hooked):
    daemon = start(hooked)
    for body in (b'', b'{', b'[]', b'7', b'payload=', b'\xff', b'{"a":' * 100 + b'1' + b'}' * 100):
        reply = post(daemon, *signed(body))
        assert (reply.status, reply.json['code']) == (400, 'bad-request'), (body, reply)
        assert "the body takes github's JSON" in reply.json['detail']
    for body in (b'{}', b'payload=%7B%7D', b'{"repository": null}', b'{"repository": {"clone_url": ["x"]}}'):
        assert post(daemon, *signed(body)).json['looks'] == []
    reply = post(daemon, *signed(b'{}', **{'X-GitHub-Delivery': 'x' * 161}))
    assert reply.status == 400
    # a body that is too large is refused: before it is sent, by its length, to who asks first
    for body, headers in ((b'', {'Content-Length': str((1 << 20) + 1), 'Expect': '100-continue'}),
                          (b' ' * ((1 << 20) + 1), {})):
        reply = post(daemon, '/hooks/github', body, headers)
        assert (reply.status, reply.json['code']) == (413, 'too-large')
    assert post(daemon, '/hooks/bitbucket', b'{}', {}).status == 404
    assert post(daemon, '/hooks/github?repo=winui', b'{}', {}).status == 400
    reply = daemon.get('/hooks/github')
    assert (reply.status, reply.headers['Allow']) == (405, 'POST, OPTIONS')
    assert daemon.get('/livez').status == 200


def test_secrets_are_read_again(hooked):
    """A hook without a secret is off, the others go on; SIGHUP reads them again."""
    daemon = hooked.daemon.start(environment={'HOOK_GENERIC': SECRETS['generic']})
    daemon.wait_log('event=hooks.off')
    reply = post(daemon, *delivery('github'))
    assert (reply.status, reply.json['code']) == (404, 'not-found'), reply
    assert 'hooks.github' in reply.json['detail']
    assert post(daemon, *delivery('gitlab')).status == 202
    (hooked.folder / 'secret').write_text('changed', encoding='utf-8')
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: post(daemon, *delivery('gitlab', number='2')).status == 401)
    assert post(daemon, *delivery('gitlab', number='3', secret='changed')).status == 202
    del daemon.config['hooks']['gitlab']
    daemon.config_file.write_text(json.dumps(daemon.config), encoding='utf-8')
    daemon.process.send_signal(signal.SIGHUP)
    eventually(lambda: post(daemon, *delivery('gitlab', secret='changed')).status == 404)


def test_more_deliveries_than_are_taken(hooked):
    daemon = start(hooked)
    client = daemon.client()
    statuses = []
    for number in range(2000):
        path, body, headers = delivery('github', 'https://git.example/other', f'n{number}')
        statuses.append(client.request('POST', path, body, headers))
        if statuses[-1].status != 202:
            break
    client.close()
    assert statuses[-1].status == 429, len(statuses)
    assert len(statuses) > 200
    assert statuses[-1].headers['Retry-After'] == '1'
    eventually(lambda: post(daemon, *delivery('github', number='late')).status == 202)


TOKENS = {'looker': 'look-look', 'decider': 'decide-decide'}


def bearer(name):
    return {'Authorization': f'Bearer {TOKENS[name]}'}


def test_sync_now(hooked):
    """POST /sync, and a token in the place of the generic hook's secret."""
    hooked.config['tokens'] = [
        {'name': name, 'sha256': hashlib.sha256(token.encode()).hexdigest(), 'may': [right]}
        for (name, token), right in zip(TOKENS.items(), ('sync', 'override'))]
    del hooked.config['hooks']['generic']
    hooked.daemon = hooked.new_daemon()
    daemon = start(hooked)
    sha = hooked.upstream.commit('main', '2020-01-31 22:27')
    assert daemon.version(sha, 'main', wait='0') == 'unknown-commit'

    assert daemon.request('POST', '/sync?repo=winui').status == 401
    reply = daemon.request('POST', '/sync?repo=winui', headers=bearer('decider'))
    assert (reply.status, reply.json['code']) == (403, 'forbidden')
    assert 'sync' in reply.json['detail']
    reply = daemon.request('POST', '/sync', headers=bearer('looker'))
    assert (reply.status, reply.json['code']) == (400, 'bad-request')
    reply = daemon.request('POST', '/sync?repo=winuj', headers=bearer('looker'))
    assert (reply.status, reply.json['nearest']) == (404, ['winui'])
    assert daemon.get('/sync', repo='winui').status == 405

    reply = daemon.request('POST', '/sync?repo=winui', headers=bearer('looker'))
    assert reply.status == 202, reply
    assert (reply.json['repo'], reply.json['feeds']) == ('winui', ['demo'])
    eventually(lambda: daemon.version(sha, 'main', wait='0') == '2.4.2001312205-main')

    reply = post(daemon, '/hooks/generic', b'{"repo": "winui"}', bearer('looker'))
    assert (reply.status, reply.json['looks']) == (202, ['winui'])
    assert post(daemon, '/hooks/generic', b'{"repo": "winui"}', bearer('decider')).status == 403
    assert post(daemon, '/hooks/generic', b'{"repo": "winui"}', {}).status == 401

    rows = daemon.get('/audit', headers=bearer('looker')).json['items']
    assert [(row['who'], row['action'], row['subject']) for row in rows
            if row['action'] != 'refused'] == [
        ('looker', 'hook', 'generic'), ('looker', 'sync', 'winui')]


@pytest.mark.parametrize('sender', ['github', 'gitea'])
def test_a_form_is_taken_as_its_payload(hooked, sender):
    """GitHub sends hooks that were made in its pages as forms; the signature is over the raw body."""
    daemon = start(hooked)
    _, document, headers = delivery(sender, 'file://' + hooked.upstream.path)
    body = urllib.parse.urlencode({'payload': document.decode()}).encode()
    headers['Content-Type'] = 'application/x-www-form-urlencoded'
    name = {'github': 'X-Hub-Signature-256', 'gitea': 'X-Gitea-Signature'}[sender]
    assert post(daemon, f'/hooks/{sender}', body, headers).status == 401
    headers[name] = ('sha256=' if sender == 'github' else '') + signature(SECRETS[sender], body)
    reply = post(daemon, f'/hooks/{sender}', body, headers)
    assert reply.status == 202 and reply.json['looks'] == ['winui'], reply
    body = b'other=1&pay=2'
    headers[name] = ('sha256=' if sender == 'github' else '') + signature(SECRETS[sender], body)
    reply = post(daemon, f'/hooks/{sender}', body, headers)
    assert reply.status == 400 and 'without the field "payload"' in reply.json['detail']
