import { fail, type Result, succeed } from '#model/result.ts';
import { DEFAULT_DIRECTORIES } from '#plugin/configuration/node-directories.ts';
import { type InstallOptions, parseInstallOptions } from '#plugin/install/install-options.ts';
import { type ApiSettings, parseApiSettings } from './api-settings.ts';

/** How packets for other nodes' pods travel: by routes alone, or in VXLAN where a node is not on a common segment. */
export type Backend = 'host-gw' | 'vxlan';

/** What the agent is told about the node's pod network. */
export type NetworkSettings = Pick<InstallOptions, 'clusterCidrs' | 'mtuBytes'> & {
  readonly api: ApiSettings;
  readonly backend: Backend;
  readonly vxlan: { readonly id: number; readonly port: number };
  readonly configurationDirectory: string;
  readonly configurationName: string;
  /** The plugin's: rules are remembered there. */
  readonly runDirectory: string;
  readonly stateDirectory: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_CONFIGURATION_NAME = '10-podwire.conflist';
/** Our route protocol's number again, so that no other program's VXLAN is met; the port is IANA's (RFC 7348, section 8). */
const VXLAN = { id: 112, port: 4789 } as const;
const LARGEST_VXLAN_ID = 2 ** 24 - 1;
const LARGEST_PORT = 2 ** 16 - 1;

/**
 * Reads what `podwire agent` is told about the pod network; names and defaults are those of `podwire install`.
 * @returns undefined where no API is named, and so no network is kept
 */
export function parseNetworkSettings(env: Environment): Result<NetworkSettings | undefined, string> {
  const api = parseApiSettings(env);
  if (!api.ok || api.value === undefined) return api as Result<undefined, string>;
  const install = parseInstallOptions([], { ...env, PODWIRE_MODE: 'bridge', PODWIRE_POD_CIDR: '' });
  if (!install.ok) return install;
  const backend = env.PODWIRE_BACKEND || 'host-gw';
  if (backend !== 'host-gw' && backend !== 'vxlan') return fail(`PODWIRE_BACKEND ${backend}: use host-gw or vxlan`);
  const id = parseCount(env.PODWIRE_VXLAN_ID, { fallback: VXLAN.id, most: LARGEST_VXLAN_ID });
  const port = parseCount(env.PODWIRE_VXLAN_PORT, { fallback: VXLAN.port, most: LARGEST_PORT });
  if (id === undefined) return fail(`PODWIRE_VXLAN_ID has to be between 1 and ${LARGEST_VXLAN_ID}`);
  if (port === undefined) return fail(`PODWIRE_VXLAN_PORT has to be between 1 and ${LARGEST_PORT}`);
  const { confDirectory, confName, clusterCidrs, mtuBytes, stateDirectory } = install.value;
  return succeed({
    api: api.value,
    backend,
    vxlan: { id, port },
    clusterCidrs,
    mtuBytes,
    configurationDirectory: confDirectory,
    configurationName: confName ?? DEFAULT_CONFIGURATION_NAME,
    runDirectory: env.PODWIRE_RUN || DEFAULT_DIRECTORIES.run,
    stateDirectory,
  });
}

function parseCount(
  text: string | undefined,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number | undefined {
  if (text === undefined || text === '') return fallback;
  return /^[1-9]\d{0,8}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}
