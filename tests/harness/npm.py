"""Programs of others that npm has, installed once below build/ for all processes that test."""
import fcntl
import json
import pathlib
import shutil
import subprocess

BUILD = pathlib.Path(__file__).resolve().parents[2] / 'build'


class Unavailable(Exception):
    """npm cannot install it here; the text says why."""


def _install(folder, manifest, program):
    if not shutil.which('npm'):
        raise Unavailable('npm is not there')
    manifest = {'name': 'forkpoint-tests', 'private': True, **manifest}
    (folder / 'package.json').write_text(json.dumps(manifest), encoding='ascii')
    try:
        done = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--silent'],
                              cwd=folder, capture_output=True, text=True, timeout=150, check=False)
    except subprocess.TimeoutExpired as timeout:
        raise Unavailable('npm install took too long') from timeout
    if done.returncode != 0 or not program.exists():
        raise Unavailable(f'npm cannot install {program.name}: '
                          + (done.stderr or done.stdout)[-300:])


def installed(name, manifest, program, prepare=None):
    """The path of a program below node_modules, in a folder of its own; `prepare` is called with it
    once. Raises Unavailable."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'node_modules' / program
    with open(folder / 'lock', 'wb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / 'complete').exists():
            _install(folder, manifest, path)
            if prepare:
                prepare(path)
            (folder / 'complete').touch()
    return path
