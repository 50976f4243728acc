import { BlockList, isIP } from 'node:net';
import { fail, type Result, succeed } from '#model/result.ts';
import type { StoreProblem } from './store/open-store.ts';

/** Who may come, and under which names. */
export type AccessSettings = {
  /** Whether people and agents have to say who they are, to the Kubernetes API. */
  readonly needsLogin: boolean;
  /** `system:serviceaccount:<namespace>:<name>` of agents that come over the network; absent: none may. */
  readonly agentAccount: string | undefined;
  /** Names that it answers to beside those of loopback, in lower case. */
  readonly hosts: readonly string[];
  /** Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly trustedProxies: BlockList;
};

type Environment = Readonly<Record<string, string | undefined>>;
type Refusal = Result<never, StoreProblem>;

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const ACCOUNT = /^system:serviceaccount:[a-z0-9.-]+:[a-z0-9.-]+$/;

/**
 * `PODWIRE_AGENT_ACCOUNT`, `PODWIRE_HOSTS` and `PODWIRE_TRUSTED_PROXIES` (comma-separated). No login is needed on loopback outside
 * of a pod, where whoever connects is at this machine; everywhere else it is, and it needs a cluster.
 */
export function readAccess(
  environment: Environment,
  { listen, host, cluster }: { readonly listen: string; readonly host: string; readonly cluster: string },
): Result<AccessSettings, StoreProblem> {
  const isInPod = (environment.KUBERNETES_SERVICE_HOST ?? '') !== '';
  const needsLogin = isInPod || !isLoopback(host);
  if (needsLogin && cluster !== 'kubernetes') {
    return fail({
      problem: `PODWIRE_LISTEN=${listen} would open the dashboard to the network, where people log in with accounts of a cluster, and there is none.`,
      remedy: 'Set KUBECONFIG, or listen on 127.0.0.1 and reach it from elsewhere through ssh -L 7639:127.0.0.1:7639.',
    });
  }
  const agentAccount = environment.PODWIRE_AGENT_ACCOUNT || undefined;
  if (agentAccount !== undefined && !ACCOUNT.test(agentAccount)) {
    return refuse(
      `PODWIRE_AGENT_ACCOUNT=${agentAccount} is no ServiceAccount.`,
      'Write it as system:serviceaccount:podwire:podwire-agent.',
    );
  }
  const hosts = split(environment.PODWIRE_HOSTS).map((name) => name.toLowerCase());
  const odd = hosts.find((name) => !HOST_NAME.test(name));
  if (odd !== undefined) {
    return refuse(`PODWIRE_HOSTS: ${odd} is no host name.`, 'Name hosts without scheme and port: podwire.example.org');
  }
  const trustedProxies = readProxies(split(environment.PODWIRE_TRUSTED_PROXIES));
  return trustedProxies.ok
    ? succeed({ needsLogin, agentAccount, hosts, trustedProxies: trustedProxies.value })
    : trustedProxies;
}

function readProxies(texts: readonly string[]): Result<BlockList, StoreProblem> {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', length] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const longest = family === 'ipv6' ? 128 : 32;
    const bits = length === undefined ? longest : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
    if (isIP(address) === 0 || !(bits <= longest)) {
      const remedy = 'Write them as 10.0.0.5 or 10.1.0.0/16, with commas between.';
      return refuse(`PODWIRE_TRUSTED_PROXIES: ${text} is neither an address nor a range.`, remedy);
    }
    list.addSubnet(address, bits, family);
  }
  return succeed(list);
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

const split = (text: string | undefined): readonly string[] =>
  (text ?? '').split(',').flatMap((part) => part.trim() || []);

const refuse = (problem: string, remedy: string): Refusal => fail({ problem, remedy });
