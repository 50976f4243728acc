import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Pinned: another version may render the same chart with other spaces. */
const HELM_MODULE = 'helm.sh/helm/v3/cmd/helm@v3.19.2';

/** Outside the checkout, like everything that is built once for a machine. */
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'podwire', 'helm-3.19.2');

/** PODWIRE_HELM, or the one that was built for these checks. @returns its path; undefined where there is none */
export function findHelm(): string | undefined {
  return [process.env.PODWIRE_HELM ?? '', join(folder, 'helm')].find((path) => path !== '' && existsSync(path));
}

/** Builds helm from its Go module where there is none, which takes minutes once. @returns its path, or why there is none */
export function ensureHelm(): { readonly path: string } | { readonly obstacle: string } {
  const found = findHelm();
  if (found !== undefined) return { path: found };
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
  const { status, error, stderr } = spawnSync('go', ['install', HELM_MODULE], { cwd: folder, env, encoding: 'utf8' });
  if (status === 0) return { path: join(folder, 'helm') };
  return {
    obstacle: `no helm: ${error === undefined ? `go install ${HELM_MODULE}: ${stderr.trim()}` : 'Go is missing'}`,
  };
}

/** `node deploy/find-helm.ts` builds it ahead, so that no test waits for it. */
if (import.meta.main) {
  const helm = ensureHelm();
  if ('obstacle' in helm) console.log(`podwire: ${helm.obstacle}`);
}
