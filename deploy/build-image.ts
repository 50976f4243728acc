import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes dist/podwire-image.tar from deploy/Dockerfile without an engine: buildah runs the build in a chroot, on a Debian that
 * mmdebstrap unpacks. `ctr -n k8s.io images import` and `docker load` take the archive. Needs root.
 */

const ROOT = join(import.meta.dirname, '..');
const SUITE = 'trixie';
const MINUTE_MS = 60_000;

/** Where kubelet looks for it: the name that the chart asks for by default, which stands for no registry anywhere. */
const IMAGE = 'docker.io/podwire/podwire';

type Run = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** @returns stdout @throws where the command fails; what it said on stderr was seen */
function run({ command, args, env }: Run): string {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
    timeout: 40 * MINUTE_MS,
  });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? `exit ${status}`}`);
  return stdout.trim();
}

/** A store of its own: the machine's images stay as they are, and what is left goes with the folder. */
class Buildah implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'podwire-image-'));

  run(...args: readonly string[]): string {
    const store = ['--root', join(this.#folder, 'root'), '--runroot', join(this.#folder, 'run')];
    return run({
      command: 'buildah',
      args: [...store, '--storage-driver', 'vfs', ...args],
      env: { TMPDIR: this.#folder },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where this machine's apt takes Debian's own packages from: the suites of every release are there. */
function findMirror(): string {
  const known = readMirror();
  if (known !== '') return known;
  // Images of Debian come without lists.
  run({ command: 'apt-get', args: ['-qq', 'update'] });
  const mirror = readMirror();
  if (mirror === '') throw new Error('apt knows no mirror of Debian on this machine, after apt-get update neither');
  return mirror;
}

function readMirror(): string {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  return run({ command: 'apt-get', args: ['indextargets', ...format] }).split('\n')[0] ?? '';
}

/** A Debian as its own slim image has it, and what the agent calls; kept between builds. @returns path of the archive */
function makeBase(): string {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'podwire', 'image-base');
  const archive = join(folder, `${SUITE}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `.${process.pid}.tar`);
  const unneeded = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];
  const options = unneeded.map((path) => `--dpkgopt=path-exclude=${path}`);
  const args = ['--variant=minbase', '--include=iptables,nftables,libatomic1', ...options, SUITE, draft, findMirror()];
  run({ command: 'mmdebstrap', args: ['--quiet', ...args] });
  renameSync(draft, archive);
  return archive;
}

/** The base, with this machine's npm and the Node of this project: what the first stage starts from. */
function makeBuildImage(buildah: Buildah, base: string): string {
  const container = buildah.run('from', base);
  const npm = run({ command: 'npm', args: ['root', '--global'] });
  buildah.run('copy', container, process.execPath, '/usr/local/bin/node');
  buildah.run('copy', container, join(npm, 'npm'), '/usr/local/lib/node_modules/npm');
  const mount = buildah.run('mount', container);
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(mount, 'usr', 'local', 'bin', name));
  }
  buildah.run('umount', container);
  buildah.run('commit', '--quiet', '--rm', container, 'localhost/podwire-build');
  return 'localhost/podwire-build';
}

function makeBaseImage(buildah: Buildah, archive: string): string {
  const container = buildah.run('from', 'scratch');
  buildah.run('add', '--quiet', container, archive, '/');
  buildah.run('commit', '--quiet', '--rm', container, 'localhost/podwire-base');
  return 'localhost/podwire-base';
}

/** What npm is told on this machine is lent to the build; the image has none of it. */
function lendSecrets(): readonly string[] {
  const files = {
    npmrc: join(homedir(), '.npmrc'),
    ca: process.env.NODE_EXTRA_CA_CERTS ?? '/etc/ssl/certs/ca-certificates.crt',
  };
  return Object.entries(files).flatMap(([id, path]) => (existsSync(path) ? ['--secret', `id=${id},src=${path}`] : []));
}

function readVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version;
}

function buildImage(outcome: string): void {
  using buildah = new Buildah();
  const version = readVersion();
  const base = makeBaseImage(buildah, makeBase());
  const args = [`BASE_IMAGE=${base}`, `BUILD_IMAGE=${makeBuildImage(buildah, base)}`, `VERSION=${version}`];
  const options = ['--isolation', 'chroot', '--layers=false', '--pull-never', '--format', 'oci', ...lendSecrets()];
  const tag = `${IMAGE}:${version}`;
  buildah.run(
    ...['bud', ...options, ...args.flatMap((arg) => ['--build-arg', arg])],
    ...['-f', join(ROOT, 'deploy', 'Dockerfile'), '-t', tag, ROOT],
  );
  mkdirSync(join(outcome, '..'), { recursive: true });
  const draft = `${outcome}.${process.pid}`;
  buildah.run('push', '--quiet', '--compression-format', 'gzip', tag, `oci-archive:${draft}:${tag}`);
  renameSync(draft, outcome);
  console.log(`podwire: ${outcome}: ${tag}, ${(statSync(outcome).size / 1e6).toFixed(0)} MB`);
}

const started = performance.now();
buildImage(join(ROOT, 'dist', 'podwire-image.tar'));
console.log(`podwire: built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
