import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fail, type Result, succeed } from '#model/result.ts';
import type { LabImages } from './lab-options.ts';
import { runCommand } from './run-command.ts';

export type LabProblem = { readonly message: string; readonly remedy: string };

const BUSYBOX_PATHS = ['/bin/busybox', '/usr/bin/busybox'];
const NGINX_PATHS = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'];
/** Since bookworm the program is in the package nginx; nginx-light held it before. */
const NGINX_PACKAGES = ['nginx', 'nginx-light'];
const NGINX_IN_PACKAGE = 'usr/sbin/nginx';
/** The first bytes of every ELF file: elf(5). */
const ELF_MAGIC = '\x7fELF';

/**
 * Finds what the pods run. Installed programs are used as they are; else Debian's packages are unpacked into
 * `directory`, never installed: nginx' package would start a service on the machine.
 */
export async function findImages(directory: string): Promise<Result<LabImages, LabProblem>> {
  const busybox =
    (await findStatic(BUSYBOX_PATHS)) ??
    (await unpack(directory, 'busybox-static', ['bin/busybox', 'usr/bin/busybox']));
  if (busybox === undefined) return fail(describeMissing('busybox-static'));
  const installed = await findFirst(NGINX_PATHS);
  const nginxOnMachine = installed ?? (await unpackNginx(directory));
  if (nginxOnMachine === undefined) return fail(describeMissing('nginx'));
  const test = await runCommand([nginxOnMachine, '-v']);
  if (test.exitCode !== 0) {
    return fail({
      message: `nginx does not start: ${test.stderr.trim()}`,
      remedy: 'apt-get install libssl3 libpcre2-8-0',
    });
  }
  await prepareBusybox(directory, busybox);
  const nginx = installed ?? join('/opt/images', relative(directory, nginxOnMachine));
  return succeed({ directory, nginx, nginxOnMachine });
}

/** Makes `busybox/bin` with a link for every applet: the root of a busybox pod. */
async function prepareBusybox(directory: string, busybox: string): Promise<void> {
  const bin = join(directory, 'busybox', 'bin');
  const [wanted, present] = await Promise.all([
    readFile(busybox),
    readFile(join(bin, 'busybox')).catch(() => undefined),
  ]);
  if (present?.equals(wanted) === true) return;
  await rm(bin, { recursive: true, force: true });
  await mkdir(bin, { recursive: true });
  const { stdout } = await runCommand([busybox, '--list']);
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox');
  await Promise.all(applets.map((name) => symlink('busybox', join(bin, name))));
  // Last: where it is, the links are.
  await writeFile(join(bin, 'busybox'), wanted, { mode: 0o755 });
}

/** The first path with an executable file. */
async function findFirst(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true && (found.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

/** The first path with a static executable: Debian's package `busybox` needs libraries that the pod's root lacks. */
async function findStatic(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined || bytes.subarray(0, 4).toString('latin1') !== ELF_MAGIC) continue;
    // The interpreter of a dynamic one stands near its beginning (PT_INTERP).
    if (!bytes.subarray(0, 4096).includes('/ld-')) return path;
  }
  return undefined;
}

async function unpackNginx(directory: string): Promise<string | undefined> {
  for (const name of NGINX_PACKAGES) {
    const path = await unpack(directory, name, [NGINX_IN_PACKAGE]);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Downloads and unpacks a Debian package below `directory`; the path of its first file, undefined when that failed. */
async function unpack(directory: string, name: string, files: readonly string[]): Promise<string | undefined> {
  const root = join(directory, name);
  const paths = files.map((file) => join(root, file));
  const known = await findFirst(paths);
  if (known !== undefined) return known;
  await mkdir(root, { recursive: true });
  const script = `cd "$1" && rm -f ./*.deb && apt-get download ${name} && dpkg -x ./${name}_*.deb . && rm -f ./*.deb`;
  await runCommand(['sh', '-c', script, 'sh', root], { timeoutMs: 120_000 });
  return await findFirst(paths);
}

function describeMissing(name: string): LabProblem {
  const remedy = `apt-get update, so that \`apt-get download ${name}\` works: the lab unpacks the package itself`;
  return { message: `${name} is neither installed nor could its package be downloaded`, remedy };
}
