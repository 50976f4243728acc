import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_PLANS } from '#lab/lab-plan.ts';
import type { BenchNode } from '../node/boot-node.ts';
import { waitFor } from '../wait-for.ts';

/** Where the API server is reached, from every machine on the LAN. */
export const API_URL = `https://${NODE_PLANS[0]?.address}:6443`;
export const KUBERNETES_FOLDER = '/etc/kubernetes';
/** The API server makes both by itself; the certificate's file also holds the authority that signed it. */
const CERTIFICATE = join(KUBERNETES_FOLDER, 'pki', 'apiserver.crt');

/** The names that the cluster's own roles are bound to (kubectl get clusterrolebindings on a new cluster). */
const USERS = {
  admin: { user: 'kubernetes-admin', group: 'system:masters' },
  controllerManager: { user: 'system:kube-controller-manager', group: '' },
  scheduler: { user: 'system:kube-scheduler', group: '' },
  proxy: { user: 'system:kube-proxy', group: '' },
} as const;

export type UserName = keyof typeof USERS | `node/${string}`;

/** Who may say what to the API server: a token for each component, and a key for those of ServiceAccounts. */
export class Credentials {
  readonly #tokens = new Map<UserName, string>();
  readonly #controlPlane: BenchNode;

  constructor(controlPlane: BenchNode) {
    this.#controlPlane = controlPlane;
  }

  /** Writes the tokens and the key to where the API server reads them. */
  async write(): Promise<void> {
    const folder = join(this.#controlPlane.root, KUBERNETES_FOLDER);
    await mkdir(join(folder, 'pki'), { recursive: true });
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await writeFile(join(folder, 'pki', 'sa.pub'), publicKey);
    await writeFile(join(folder, 'pki', 'sa.key'), privateKey, { mode: 0o600 });
    const lines = Object.entries(USERS).map(([name, { user, group }]) => this.#issue(name as UserName, user, group));
    const nodes = NODE_PLANS.map(({ name }) => this.#issue(`node/${name}`, `system:node:${name}`, 'system:nodes'));
    await writeFile(join(folder, 'tokens.csv'), `${[...lines, ...nodes].join('\n')}\n`, { mode: 0o600 });
  }

  /** Where the API server finds a user: `token,user,uid,"groups"` (Kubernetes, static token file). */
  #issue(name: UserName, user: string, group: string): string {
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(name, token);
    return [token, user, name, ...(group === '' ? [] : [`"${group}"`])].join(',');
  }

  /** Puts a kubeconfig of the user onto a node, readable for root alone. @returns its path there */
  async writeKubeconfig(node: BenchNode, user: UserName): Promise<string> {
    const path = join(KUBERNETES_FOLDER, `${user.replace('/', '-')}.kubeconfig`);
    const text = renderKubeconfig(await this.readAuthority(), this.#tokens.get(user) ?? '');
    await writeFile(join(node.root, path), text, { mode: 0o600 });
    return path;
  }

  /** The certificates that a client has to trust, as PEM; waits until the API server has made them. */
  async readAuthority(): Promise<string> {
    const path = join(this.#controlPlane.root, CERTIFICATE);
    return await waitFor({ what: 'the certificate of the API server' }, async () => {
      const text = await readFile(path, 'utf8');
      return text.includes('END CERTIFICATE') && text;
    });
  }
}

/** A kubeconfig as JSON, which is YAML too. */
export function renderKubeconfig(authority: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'bench',
        cluster: { server: API_URL, 'certificate-authority-data': Buffer.from(authority).toString('base64') },
      },
    ],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'user' } }],
    'current-context': 'bench',
  });
}
