"""Builds and runs the parts of the test suite and counts: what tests/run does after installing.

Everything counts as one: a check, a cmocka case, a pytest case, a build that must succeed.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build'
SANITIZER_ENV = {
    'ASAN_OPTIONS': 'detect_leaks=1:detect_stack_use_after_return=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=0:second_deadlock_stack=1',
}
# Not in the end-to-end tests: each fetch worker begins with reading the system's certificates, which
# libmbedtls does by searching the rest of one long text again and again.
UNIT_ENV = {**SANITIZER_ENV,
            'ASAN_OPTIONS': SANITIZER_ENV['ASAN_OPTIONS'] + ':strict_string_checks=1'}
BUILDS = {      # name -> (compiler, options); clang too, so that both compilers' warnings count
    'asan': ('gcc', ['-Db_sanitize=address,undefined']),
    'tsan': ('clang', ['-Db_sanitize=thread']),
}


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def count(self, name, succeeded):
        if succeeded:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(name)


def say(text):
    print(text, flush=True)


def run(command, **options):
    return subprocess.run(command, cwd=ROOT, check=False, **options).returncode


def run_check(tally, name, command, digest=lambda output: output[-8000:]):
    """A command that must succeed; its output, digested, is shown only when it does not."""
    started = time.monotonic()
    result = subprocess.run(command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    succeeded = result.returncode == 0
    if not succeeded:
        say(digest(result.stdout))
    say(f'{"ok    " if succeeded else "FAILED"} {name} ({time.monotonic() - started:.0f} s)')
    tally.count(name, succeeded)
    return succeeded


def sources():
    return sorted(str(path.relative_to(ROOT)) for top in ('include', 'src', 'tests')
                  for path in (ROOT / top).rglob('*.[ch]'))


def misformatted(output):
    names = sorted(set(re.findall(r'^(\S+?):\d+:\d+: error', output, re.M)))
    return 'to be formatted with clang-format -i:\n  ' + '\n  '.join(names)


def checks(tally):
    run_check(tally, 'format', ['clang-format', '--dry-run', '-Werror', *sources()], misformatted)
    run_check(tally, 'layers', ['tests/check-layers'])
    run_check(tally, 'sizes', ['tests/check-sizes'])


def build(tally, name):
    compiler, options = BUILDS[name]
    folder = BUILD / name
    if not (folder / 'build.ninja').exists():
        if not run_check(tally, f'configure {name}', [
                'env', f'CC={compiler}', 'meson', 'setup', str(folder), '-Dwerror=true',
                '-Dbuildtype=debugoptimized', '-Db_lundef=false', *options]):
            return False
    return run_check(tally, f'build {name}', ['ninja', '-C', str(folder), '--quiet'])


def tsan_wrapper():
    """TSan dies where the kernel randomises addresses more than it knows; then go without."""
    bits = pathlib.Path('/proc/sys/vm/mmap_rnd_bits')
    too_many = bits.exists() and os.access(bits, os.R_OK) and int(bits.read_text()) > 28
    return ['setarch', '-R'] if too_many else []


def count_cmocka(tally, program):
    """Cases of one unit program, from the output that meson kept; a program that is no cmocka
    program, such as a corpus' replay, is one case."""
    output = program.get('stdout') or ''
    started = re.findall(r'^\[ RUN      \] (.*)$', output, re.M)
    ok = set(re.findall(r'^\[       OK \] (.*)$', output, re.M))
    skipped = set(re.findall(r'^\[  SKIPPED \] (.*)$', output, re.M))
    failed = 0
    for case in started:
        if case in skipped:
            tally.skipped += 1
        else:
            tally.count(f'{program["name"]}: {case}', case in ok)
            failed += case not in ok
    if program['result'] == 'SKIP' and not started:
        tally.skipped += 1
    elif not started or program['result'] != 'OK' and not failed:
        tally.count(f'{program["name"]}: {program["result"]}', program['result'] == 'OK')
        failed += program['result'] != 'OK'
    if failed:
        say(output[-4000:] + (program.get('stderr') or '')[-4000:])


def meson_tests(tally, name, suite, wrapper=()):
    folder = BUILD / name
    log = folder / 'meson-logs' / 'testlog.json'
    log.unlink(missing_ok=True)
    wrap = ['--wrapper', ' '.join(wrapper)] if wrapper else []
    run(['meson', 'test', '-C', str(folder), '--suite', suite, '--no-rebuild', '--quiet', *wrap],
        env={**os.environ, **UNIT_ENV}, stdout=subprocess.DEVNULL)
    programs = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    for program in programs:
        count_cmocka(tally, program)
    if not programs:
        tally.count(f'{name}: no unit program of suite {suite} ran', False)


def pytest(tally, name, marker, wrapper=()):
    report = BUILD / f'pytest-{name}.xml'
    report.unlink(missing_ok=True)
    environment = {**os.environ, **SANITIZER_ENV,
                   'FORKPOINT_BIN': str(BUILD / name / 'src' / 'forkpoint'),
                   'FORKPOINT_WRAPPER': ' '.join(wrapper)}
    # Tests wait more than they compute; those of one file share what they serve. The longest files
    # come first, so that nobody waits for them at the end.
    run(['/usr/bin/python3', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-rs', '--durations=8',
         '-n', str(1 + (os.cpu_count() or 1)), '--dist', 'loadfile',
         f'--junitxml={report}', '-m', marker, 'tests/parity', 'tests/e2e'], env=environment)
    if not report.exists():
        tally.count(f'pytest {name}', False)
        return
    for case in xml.etree.ElementTree.parse(report).iter('testcase'):
        title = f'{case.get("classname")}.{case.get("name")}'
        if case.find('skipped') is not None:
            tally.skipped += 1
        else:
            tally.count(title, case.find('failure') is None and case.find('error') is None)


def unit(tally):
    if build(tally, 'asan'):
        meson_tests(tally, 'asan', 'unit')


def threads(tally):
    if build(tally, 'tsan'):
        wrapper = tsan_wrapper()
        meson_tests(tally, 'tsan', 'threads', wrapper)
        pytest(tally, 'tsan', 'tsan', wrapper)


def e2e(tally):
    if build(tally, 'asan'):
        pytest(tally, 'asan', 'not tsan')


def quickstart(tally):
    run_check(tally, 'quickstart --once', ['deploy/quickstart', '--once'])


PARTS = {part.__name__: part for part in (checks, unit, threads, e2e, quickstart)}


def main():
    asked = sys.argv[1:] or list(PARTS)
    unknown = [part for part in asked if part not in PARTS]
    if unknown:
        sys.exit(f'no part {unknown[0]}: there are {" ".join(PARTS)}')
    tally = Tally()
    started = time.monotonic()
    for part in asked:
        say(f'== {part}')
        PARTS[part](tally)
    for failure in tally.failures:
        say(f'failed: {failure}')
    say(f'{tally.skipped} skipped, {time.monotonic() - started:.0f} s')
    say(f'{tally.passed} passed, {tally.failed} failed')
    return 1 if tally.failed else 0


if __name__ == '__main__':
    sys.exit(main())
