import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureHelm, findHelm } from './find-helm.ts';

/**
 * `node deploy/render-manifests.ts` renders the chart with its defaults into the two files for `kubectl apply -f`; with `--check` it says
 * whether they are in step. Every machine can tell by the digests in their first lines; one that has helm renders again.
 */

const CHART = join(import.meta.dirname, 'chart', 'podwire');
const MANIFESTS = [
  {
    name: 'podwire.yaml',
    options: ['--no-hooks'],
    use: 'Podwire on a cluster, without Helm: kubectl apply -f podwire.yaml',
  },
  {
    name: 'podwire-uninstall.yaml',
    options: ['--show-only', 'templates/uninstall.yaml'],
    use: 'Takes Podwire off the nodes again, once podwire.yaml is deleted: docs/deployment.md',
  },
] as const;

/** Pods with the node's network and folders, which the baseline level would refuse. */
const NAMESPACE = `---
apiVersion: v1
kind: Namespace
metadata:
  name: podwire
  labels:
    pod-security.kubernetes.io/enforce: privileged
`;

const digest = (...texts: readonly string[]): string =>
  texts.reduce((hash, text) => hash.update(text).update('\0'), createHash('sha256')).digest('hex');

export function digestChart(): string {
  const files = globSync('**/*', { cwd: CHART, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return digest(...files.flatMap((path) => [path.slice(CHART.length), readFileSync(path, 'utf8')]));
}

type Manifest = (typeof MANIFESTS)[number];

function render(helm: string, { options, use }: Manifest): string {
  const words = ['template', 'podwire', CHART, '--namespace', 'podwire', '--kube-version', '1.30.0', ...options];
  const { status, stdout, stderr } = spawnSync(helm, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`helm template failed: ${stderr}`);
  const body = `${NAMESPACE}${withoutHelm(stdout)}`;
  return `# ${use}\n# Rendered from chart ${digestChart()}\n# by \`node deploy/render-manifests.ts\`; what follows is ${digest(body)}\n${body}`;
}

/** Labels and annotations that would be untrue of what `kubectl` has applied. */
function withoutHelm(text: string): string {
  return text
    .replace(/^ {2}annotations:\n(?: {4}helm\.sh\/.*\n)+/gm, '')
    .replace(/^ +(?:helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '')
    .replace(/^ +$\n/gm, '');
}

/** @returns one line each for what is out of step */
export function checkManifests(helm: string | undefined): readonly string[] {
  return MANIFESTS.flatMap((manifest) => {
    const path = join(import.meta.dirname, manifest.name);
    const text = readFileSync(path, 'utf8');
    const [, chart, body] = /^# .*\n# Rendered from chart (\w+)\n# by .* is (\w+)\n/.exec(text) ?? [];
    const rest = text.split('\n').slice(3).join('\n');
    if (chart !== digestChart()) return [`deploy/${manifest.name} is of another state of the chart`];
    if (body !== digest(rest)) return [`deploy/${manifest.name} was changed by hand`];
    if (helm !== undefined && render(helm, manifest) !== text)
      return [`deploy/${manifest.name} is not what helm renders`];
    return [];
  });
}

function renderAll(): void {
  const helm = ensureHelm();
  if ('obstacle' in helm) throw new Error(helm.obstacle);
  for (const manifest of MANIFESTS)
    writeFileSync(join(import.meta.dirname, manifest.name), render(helm.path, manifest));
}

if (import.meta.main) {
  if (process.argv[2] === '--check') {
    const helm = findHelm();
    const problems = checkManifests(helm);
    for (const problem of problems) console.error(`${problem}: node deploy/render-manifests.ts renders it`);
    console.log(
      `${problems.length} manifests out of step, ${helm === undefined ? 'by their digests (no helm here)' : 'rendered again'}`,
    );
    process.exitCode = problems.length === 0 ? 0 : 1;
  } else {
    renderAll();
  }
}
