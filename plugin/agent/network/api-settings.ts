import { fail, type Result, succeed } from '#model/result.ts';

/** Where the Kubernetes API is, and how one gets in. */
export type ApiSettings = {
  readonly baseUrl: string;
  readonly unixSocket: string | undefined;
  /** Read anew for every request: kubelet renews the token of a ServiceAccount. */
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** What kubelet puts into every pod. kubernetes.io, "Accessing the Kubernetes API from a Pod" */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Reads PODWIRE_API_SERVER and what belongs to it.
 * @returns undefined where no API is named; a line for the person who starts the agent where it makes no sense
 */
export function parseApiSettings(env: Environment): Result<ApiSettings | undefined, string> {
  const server = env.PODWIRE_API_SERVER || '';
  const tokenFile = env.PODWIRE_API_TOKEN_FILE || undefined;
  const caFile = env.PODWIRE_API_CA_FILE || undefined;
  if (server === '') return succeed(undefined);
  if (server === 'in-cluster') {
    const host = env.KUBERNETES_SERVICE_HOST ?? '';
    if (host === '')
      return fail('PODWIRE_API_SERVER is in-cluster, and there is no KUBERNETES_SERVICE_HOST: this is no pod');
    return succeed({
      baseUrl: `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT || '443'}`,
      unixSocket: undefined,
      tokenFile: tokenFile ?? `${SERVICE_ACCOUNT}/token`,
      caFile: caFile ?? `${SERVICE_ACCOUNT}/ca.crt`,
    });
  }
  if (server.startsWith('unix:/')) {
    return succeed({ baseUrl: 'http://api', unixSocket: server.slice('unix:'.length), tokenFile, caFile });
  }
  if (URL.canParse(server) && /^https?:$/.test(new URL(server).protocol)) {
    return succeed({ baseUrl: server.replace(/\/+$/, ''), unixSocket: undefined, tokenFile, caFile });
  }
  return fail(`PODWIRE_API_SERVER must be in-cluster, https://host:port or unix:/path/to/socket, not "${server}"`);
}
