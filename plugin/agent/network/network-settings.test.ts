import { expect, it } from 'vitest';
import { parseNetworkSettings } from './network-settings.ts';

const api = { PODWIRE_API_SERVER: 'https://10.0.0.1:6443/' };

it('an agent that is told of no API keeps no network', () => {
  expect(parseNetworkSettings({ PODWIRE_BACKEND: 'nonsense' })).toEqual({ ok: true, value: undefined });
});

it('everything but the API has a default', () => {
  expect(parseNetworkSettings(api)).toEqual({
    ok: true,
    value: {
      api: { baseUrl: 'https://10.0.0.1:6443', unixSocket: undefined, tokenFile: undefined, caFile: undefined },
      ...{ backend: 'host-gw', vxlan: { id: 112, port: 4789 }, clusterCidrs: [], mtuBytes: undefined },
      ...{ configurationDirectory: '/etc/cni/net.d', configurationName: '10-podwire.conflist' },
      ...{ runDirectory: '/run/podwire', stateDirectory: '/var/lib/podwire' },
    },
  });
});

it('in a pod the API, its token and its CA are where kubelet puts them', () => {
  const inPod = {
    PODWIRE_API_SERVER: 'in-cluster',
    KUBERNETES_SERVICE_HOST: 'fd00::1',
    KUBERNETES_SERVICE_PORT: '6443',
  };
  const parsed = parseNetworkSettings(inPod);
  expect(parsed.ok && parsed.value?.api).toEqual({
    baseUrl: 'https://[fd00::1]:6443',
    unixSocket: undefined,
    tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  });
});

it.each([
  [{ PODWIRE_API_SERVER: 'somewhere' }, 'PODWIRE_API_SERVER must be'],
  [{ PODWIRE_API_SERVER: 'in-cluster' }, 'this is no pod'],
  [{ ...api, PODWIRE_BACKEND: 'wireguard' }, 'PODWIRE_BACKEND wireguard'],
  [{ ...api, PODWIRE_VXLAN_ID: '16777216' }, 'PODWIRE_VXLAN_ID'],
  [{ ...api, PODWIRE_VXLAN_PORT: '0' }, 'PODWIRE_VXLAN_PORT'],
  [{ ...api, PODWIRE_MTU: 'big' }, '--mtu big'],
  [{ ...api, PODWIRE_CONF_NAME: 'a/b.conflist' }, '--conf-name'],
])('%o is refused', (env, problem) => {
  const parsed = parseNetworkSettings(env);
  expect(parsed.ok ? '' : parsed.error).toContain(problem);
});
