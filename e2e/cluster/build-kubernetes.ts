import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '#lab/run-command.ts';
import { KUBERNETES_PROGRAMS, KUBERNETES_VERSION } from './programs.ts';

const MODULE = join(import.meta.dirname, 'kubernetes');
const BUILD_TIMEOUT_MS = 40 * 60_000;

/** As hack/lib/version.sh of Kubernetes sets it: kubelets tell this version, and the API server checks it. */
const VERSION_FLAGS = [
  `gitVersion=v${KUBERNETES_VERSION}`,
  `gitMajor=${KUBERNETES_VERSION.split('.')[0]}`,
  `gitMinor=${KUBERNETES_VERSION.split('.')[1]}`,
  'gitTreeState=clean',
].map((setting) => `-X k8s.io/component-base/version.${setting}`);

/** The folder with the programs, whether they are there or not; another version has another one. */
export const locateKubernetes = (cache: string): string => join(cache, `kubernetes-${KUBERNETES_VERSION}`);

/**
 * Builds what is missing of Kubernetes from its Go module, the version and checksum of which are pinned in `kubernetes/`.
 * @returns the folder with the programs, below `cache`
 * @throws where the module cannot be fetched or built, with Go's own words
 */
export async function buildKubernetes(cache: string, say: (line: string) => void): Promise<string> {
  await checkPinnedVersion();
  const folder = locateKubernetes(cache);
  await mkdir(folder, { recursive: true });
  for (const program of KUBERNETES_PROGRAMS) {
    if (existsSync(join(folder, program))) continue;
    const startedMs = performance.now();
    say(`building ${program} ${KUBERNETES_VERSION} from its Go module`);
    await buildProgram(folder, program);
    say(`built ${program} in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  }
  return folder;
}

/** Two builds at once each write their own draft; the last rename wins, with the same bytes (-trimpath). */
async function buildProgram(folder: string, program: string): Promise<void> {
  const draft = join(folder, `.${program}-${process.pid}`);
  const flags = ['-trimpath', '-p', '2', '-ldflags', ['-s', '-w', ...VERSION_FLAGS].join(' ')];
  try {
    await runOrThrow(
      ['nice', '-n', '19', 'go', '-C', MODULE, 'build', ...flags, '-o', draft, `k8s.io/kubernetes/cmd/${program}`],
      { timeoutMs: BUILD_TIMEOUT_MS, env: { ...(process.env as Record<string, string>), CGO_ENABLED: '0' } },
    );
    await rename(draft, join(folder, program));
  } finally {
    await rm(draft, { force: true });
  }
}

async function checkPinnedVersion(): Promise<void> {
  const pinned = await readFile(join(MODULE, 'go.mod'), 'utf8');
  if (!pinned.includes(`k8s.io/kubernetes v${KUBERNETES_VERSION}`)) {
    throw new Error(`e2e/cluster/kubernetes/go.mod pins another version than ${KUBERNETES_VERSION}`);
  }
}
