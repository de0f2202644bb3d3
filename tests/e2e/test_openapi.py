"""The routes as they say that they are: the list, and the OpenAPI document."""
import re

import pytest


@pytest.fixture(name='daemon')
def fixture_daemon(example):
    daemon = example.daemon
    daemon.config['tokens'] = [{'name': 'oncall', 'sha256': '0' * 64, 'may': ['sync', 'override']}]
    return daemon.start()


def operations(document):
    for path, methods in document['paths'].items():
        for method, operation in methods.items():
            yield path, method, operation


def target(path, operation):
    """Every placeholder and every required parameter with a value of its form."""
    values = {'sha': 'abcd1234', 'version': '1.0', 'limit': '1'}
    query = '&'.join(f"{one['name']}={values.get(one['name'], 'x')}"
                     for one in operation['parameters'] if one['in'] == 'query' and one['required'])
    return re.sub(r'\{\w+\}', 'x', path) + ('?' + query if query else '')


def test_document(daemon):
    reply = daemon.get('/openapi.json')
    document = reply.json
    assert reply.status == 200 and reply.headers['Content-Type'] == 'application/json'
    assert daemon.get('/openapi.json',
                      headers={'If-None-Match': reply.headers['ETag']}).status == 304
    assert document['openapi'] == '3.1.0' and document['info']['title'] == 'Forkpoint'
    ids = [operation['operationId'] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids)) > 30
    for path, _, operation in operations(document):
        named = re.findall(r'\{(\w+)\}', path)
        assert named == [one['name'] for one in operation['parameters'] if one['in'] == 'path']
        assert re.sub(r'\{\w+\}', '', path).isprintable() and '{' not in re.sub(r'\{\w+\}', '', path)
        assert operation['responses']['2XX']['content']
        assert operation['responses']['default'] == {'$ref': '#/components/responses/problem'}
    problem = daemon.get('/resolve').json
    schema = document['components']['responses']['problem']['content']['application/problem+json']
    assert set(schema['schema']['required']) <= set(problem) <= set(schema['schema']['properties'])


def test_the_server_does_what_the_document_says(daemon):
    document = daemon.get('/openapi.json').json
    for path, method, operation in operations(document):
        if path == '/events':       # an endless one
            continue
        asked = target(path, operation)
        body = b'{}' if 'requestBody' in operation else None
        reply = daemon.request(method.upper(), asked, body)
        assert reply.status != 405 and 'nothing at this path' not in reply.text, (method, asked)
        assert (reply.status == 401) == ('security' in operation), (method, asked, reply)
        if reply.status == 200 and method == 'get':
            assert reply.headers['Content-Type'] in operation['responses']['2XX']['content']
        joint = '&' if '?' in asked else '?'
        assert daemon.request(method.upper(), f'{asked}{joint}nobody=knows', body).status in (400, 401)
        required = [one for one in operation['parameters']
                    if one['required'] and one['in'] == 'query']
        if required:
            bare = daemon.request(method.upper(), asked.split('?')[0], body)
            assert bare.status == 400 or method == 'post', (method, asked, bare)


def test_limits_and_forms_are_those_of_the_document(daemon):
    for path, method, operation in operations(daemon.get('/openapi.json').json):
        if method != 'get' or path == '/events' or 'security' in operation:
            continue
        asked = target(path, operation)
        joint = '&' if '?' in asked else '?'
        schemas = {one['name']: one['schema'] for one in operation['parameters']}
        for form in schemas['format']['enum']:
            reply = daemon.request('GET', f'{asked}{joint}format={form}')
            assert 'parameter \\"format' not in reply.text, (asked, form, reply)
        assert daemon.request('GET', f'{asked}{joint}format=odd').status == 400
        if 'limit' in schemas:
            most = schemas['limit']['maximum']
            form = '&format=ndjson' if 'ndjson' in schemas['format']['enum'] else ''
            reply = daemon.request('GET', f'{asked}{joint}limit={most + 1}{form}')
            assert reply.status == 400 and f'1 to {most}' in reply.text, (asked, reply)
            reply = daemon.request('GET', f'{asked}{joint}limit={most}{form}')
            assert 'parameter \\"limit' not in reply.text, (asked, reply)


def test_list_of_routes(daemon):
    text = daemon.get('/', format='text').text
    assert 'PUT, DELETE /quarantine/{repo}/{version}' in text
    assert re.search(r'^POST /sync\?repo=', text, re.MULTILINE)
    assert re.search(r'^GET, POST /resolve\?repo=', text, re.MULTILINE)
    routes = {route['path']: route['methods'] for route in daemon.get('/', format='json').json['routes']}
    assert routes['/pins/{repo}/{branch...}'] == ['PUT', 'DELETE'] and routes['/sync'] == ['POST']
