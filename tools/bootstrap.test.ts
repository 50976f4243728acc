import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What a Debian machine has without iproute2, iptables, nftables and unshare, and without Node. */
const COMMANDS = [
  'sh',
  'dirname',
  'date',
  'sort',
  'paste',
  'id',
  'mkdir',
  'mv',
  'rm',
  'tr',
  'grep',
  'find',
  'xargs',
  'cut',
  'cat',
  'chmod',
];

let root = '';

/** Runs a task in a copy of the script, with only `COMMANDS` and `extra` on the PATH. */
const runTask = (task: string, extra: Readonly<Record<string, string>>, kubeconfig = '') => {
  for (const [name, script] of Object.entries(extra)) {
    rmSync(join(root, 'bin', name), { force: true });
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const run = spawnSync('/bin/sh', ['tools/bootstrap.sh', task], {
    cwd: root,
    env: {
      ...process.env,
      PATH: join(root, 'bin'),
      PODWIRE_SYSTEM_PATH: join(root, 'bin'),
      KUBECONFIG: kubeconfig,
      PODWIRE_LAB: 'auto',
    },
    encoding: 'utf8',
  });
  return { exitCode: run.status, stdout: run.stdout, stderr: run.stderr };
};
const runStart = (extra: Readonly<Record<string, string>> = {}, kubeconfig = '') => runTask('start', extra, kubeconfig);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'podwire-bootstrap-'));
  mkdirSync(join(root, 'bin'));
  cpSync(resolve(import.meta.dirname, 'bootstrap.sh'), join(root, 'tools/bootstrap.sh'));
  for (const name of COMMANDS) {
    const found = ['/usr/bin', '/bin']
      .map((folder) => join(folder, name))
      .find((path) => spawnSync('test', ['-x', path]).status === 0);
    if (found === undefined) throw new Error(`this machine has no ${name}`);
    symlinkSync(found, join(root, 'bin', name));
  }
});
afterEach(() => rmSync(root, { recursive: true }));

describe('npm start on a bare machine', () => {
  it('names the missing Debian packages and the command that installs them, when it may not', () => {
    const { exitCode, stderr } = runStart({ id: 'echo 1000', 'apt-get': 'echo must not run >&2; exit 9' });
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'podwire: missing Debian packages: iproute2 iptables nftables util-linux. Install them with: sudo apt-get install --no-install-recommends iproute2 iptables nftables util-linux\n',
    );
  });

  it('installs them as root, after one update when the lists do not know them', () => {
    const aptGet = `printf '%s\\n' "$*" >>"${root}/apt.log"; [ -e "${root}/updated" ] || case "$*" in *install*) exit 100 ;; *update*) : >"${root}/updated" ;; esac`;
    runStart({ id: 'echo 0', 'apt-get': aptGet, ls: 'exit 0' });
    const log = spawnSync('cat', [join(root, 'apt.log')], { encoding: 'utf8' }).stdout;
    expect(log.match(/install|update/g)?.filter((word, index, words) => word !== words[index - 1])).toEqual([
      'install',
      'update',
      'install',
    ]);
  });

  it('says what to do on a system without apt-get', () => {
    const { exitCode, stderr } = runStart();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^podwire: missing on this machine: iproute2 .*package manager.*\n$/);
  });

  it('asks for npm before anything is fetched', () => {
    const present = { ip: '', iptables: '', nft: '', unshare: '', nsenter: '' };
    const { exitCode, stderr } = runStart(present);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^podwire: npm is missing\. .*\n$/);
  });

  it('needs no lab packages when a cluster is named', () => {
    const { stderr } = runStart({}, '/etc/kubernetes/admin.conf');
    expect(stderr).toMatch(/npm is missing/);
  });
});

describe('npm test on a machine without container runtimes', () => {
  const present = {
    ip: '',
    iptables: '',
    nft: '',
    nsenter: '',
    chromium: '',
    ping: '',
    ipset: '',
    udhcpd: '',
    dpkg: 'exit 2',
  };
  /** Runs what would run in a mount namespace of its own. */
  const unshare = 'shift 3; exec "$@"';

  it('installs them as root, unless something had to be removed for them', () => {
    const aptGet = `printf '%s\\n' "$*" >>"${root}/apt.log"`;
    const { stderr } = runTask('test', { ...present, unshare, id: 'echo 0', 'apt-get': aptGet });
    const log = spawnSync('cat', [join(root, 'apt.log')], { encoding: 'utf8' }).stdout;
    expect(log).toMatch(/ install -y --no-install-recommends --no-remove .*\bcontainerd\b.*\bpodman\b/);
    expect(stderr).toMatch(/^podwire: npm is missing/);
  });

  it('goes on without them when they cannot be installed', () => {
    const { stdout, stderr } = runTask('test', { ...present, unshare, id: 'echo 0', 'apt-get': 'exit 100' });
    expect(stdout).toMatch(/could not install: .*containerd.* will be skipped\.\n$/);
    expect(stderr).toMatch(/^podwire: npm is missing/);
  });

  it('leaves them out for an ordinary user', () => {
    const { stdout, stderr } = runTask('test', { ...present, unshare, id: 'echo 1000', 'apt-get': 'exit 9' });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^podwire: npm is missing/);
  });

  /** As Debian 13 packs it; in 12 the program is in bin/. */
  const dpkg = 'mkdir -p usr/bin usr/share/doc/busybox && echo static >usr/bin/busybox && chmod 755 usr/bin/busybox';
  const download = `case "$*" in *download*) : >busybox-static.deb ;; *) printf '%s\\n' "$*" >>apt.log ;; esac`;
  const unpacked = () => join(root, '.podwire/busybox-static');

  it('unpacks a static busybox beside the installed one, which may need libraries', () => {
    runTask('test', { ...present, unshare, id: 'echo 0', 'apt-get': download, dpkg });
    expect(readFileSync(unpacked(), 'utf8')).toBe('static\n');
    expect(readdirSync(join(root, '.podwire'))).not.toContain('busybox-draft');
    expect(readFileSync(join(root, 'apt.log'), 'utf8')).not.toContain('busybox');
  });

  it('unpacks it once', () => {
    const script = { ...present, unshare, id: 'echo 0', 'apt-get': download, dpkg };
    expect(runTask('test', script).stdout).toContain('unpacking busybox-static');
    expect(runTask('test', script).stdout).not.toContain('busybox-static');
  });

  it('takes the static busybox that is installed', () => {
    const query = { 'dpkg-query': '[ "$3" = busybox-static ] && printf installed' };
    const { stdout } = runTask('test', { ...present, unshare, id: 'echo 0', 'apt-get': download, dpkg, ...query });
    expect(stdout).not.toContain('busybox-static');
    expect(existsSync(unpacked())).toBe(false);
  });

  it('goes on without a static busybox when it cannot be downloaded', () => {
    const { stdout, stderr } = runTask('test', { ...present, unshare, id: 'echo 0', 'apt-get': 'exit 100' });
    expect(stdout).toMatch(/^podwire: could not unpack: busybox-static\. .* will be skipped\.$/m);
    expect(existsSync(unpacked())).toBe(false);
    expect(stderr).toMatch(/^podwire: npm is missing/);
  });
});

describe('npm run test:cluster', () => {
  it('says in one line what is missing on a machine without Go, and fails nothing', () => {
    const { exitCode, stdout, stderr } = runTask('test:cluster', { 'apt-get': 'exit 9' });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^podwire: no tests with a real cluster here: Go is missing.*\n$/);
  });

  it('says the same of a machine where nobody is root, before anything is installed', () => {
    const { exitCode, stdout } = runTask('test:cluster', { go: 'exit 0', id: 'echo 1000', 'apt-get': 'exit 9' });
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^podwire: no tests .*: root is needed.*\n$/)]);
  });
});
