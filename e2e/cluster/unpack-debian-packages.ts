import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '#lab/run-command.ts';

/**
 * The release of Debian whose containerd speaks CNI 1.1, whose etcd is new enough for this Kubernetes, and whose busybox
 * has a wget that works in a static build. Its packages are unpacked, never installed.
 */
const SUITE = 'forky';
const PACKAGES = ['containerd', 'etcd-server', 'busybox-static'] as const;
/** Where it is, every package is there. */
const LAST_FILE = 'complete';
const APT_TIMEOUT_MS = 5 * 60_000;

/** The root of the unpacked tree, whether it is there or not. */
export const locateDebianTree = (cache: string): string => join(cache, `debian-${SUITE}`);

/**
 * Fetches the packages from the mirror that this machine's own apt uses, with state, cache and sources of its own: nothing of
 * the machine's apt changes. @returns the root of the unpacked tree, below `cache`
 */
export async function unpackDebianPackages(cache: string, say: (line: string) => void): Promise<string> {
  const root = locateDebianTree(cache);
  if (existsSync(join(root, LAST_FILE))) return root;
  say(`unpacking ${PACKAGES.join(', ')} of Debian ${SUITE}`);
  const draft = `${root}-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  try {
    const configuration = await writeAptConfiguration(join(draft, 'apt'));
    const env = { ...(process.env as Record<string, string>), APT_CONFIG: configuration };
    const apt = (words: string) => runOrThrow(['sh', '-c', words, 'sh', draft], { env, timeoutMs: APT_TIMEOUT_MS });
    await apt('apt-get -qq update');
    await apt(`cd "$1" && apt-get -qq download ${PACKAGES.join(' ')}`);
    await apt('cd "$1" && for package in *.deb; do dpkg -x "$package" . || exit; done');
    await rm(join(draft, 'apt'), { recursive: true });
    const names = (await readdir(draft)).filter((name) => name.endsWith('.deb'));
    await Promise.all(names.map((name) => rm(join(draft, name))));
    await writeFile(join(draft, LAST_FILE), `${names.join('\n')}\n`);
    await rename(draft, root).catch((error: Error) => {
      // Another one was faster.
      if (!existsSync(join(root, LAST_FILE))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return root;
}

/** @returns the path of an apt.conf that knows one suite of the machine's own Debian mirror and nothing else */
async function writeAptConfiguration(folder: string): Promise<string> {
  for (const name of ['lists/partial', 'cache/archives/partial', 'sources']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, 'sources', 'suite.list'), `deb ${await findMirror()} ${SUITE} main\n`);
  const settings = {
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(folder, 'sources'),
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::Languages': 'none',
    // The sandbox user of apt cannot write into a folder of root's.
    'APT::Sandbox::User': 'root',
  };
  const path = join(folder, 'apt.conf');
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  await writeFile(path, `${lines.join('\n')}\n`);
  return path;
}

/** The mirror of Debian itself. A machine whose lists were removed, as images of Debian have it, fetches them first. */
async function findMirror(): Promise<string> {
  const known = await readMirror();
  if (known !== undefined) return known;
  await runOrThrow(['apt-get', '-qq', 'update'], { timeoutMs: APT_TIMEOUT_MS });
  const mirror = await readMirror();
  if (mirror === undefined) throw new Error('apt knows no mirror of Debian here, after apt-get update neither');
  return mirror;
}

/** Not that of security updates or of somebody else's packages. */
async function readMirror(): Promise<string | undefined> {
  const targets = await runOrThrow([
    'apt-get',
    'indextargets',
    '--format',
    '$(ORIGIN) $(LABEL) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const found = targets.split('\n').find((line) => line.startsWith('Debian Debian '));
  return found?.split(' ')[2];
}
