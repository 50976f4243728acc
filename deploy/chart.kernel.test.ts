import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type KubernetesObject,
  loadAllYaml,
  type V1ClusterRole,
  type V1Container,
  type V1DaemonSet,
  type V1Deployment,
  type V1NetworkPolicy,
  type V1RoleBinding,
} from '@kubernetes/client-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { findHelm } from './find-helm.ts';
import { checkManifests } from './render-manifests.ts';

const ROOT = join(import.meta.dirname, '..');
type Objects = readonly KubernetesObject[];
const find = <T extends KubernetesObject>(objects: Objects, kind: string, name = ''): T => {
  const found = objects.find((object) => object.kind === kind && object.metadata?.name?.endsWith(name));
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found as T;
};
const podOf = (object: V1DaemonSet | V1Deployment) => object.spec?.template.spec;
const variablesOf = (container: V1Container | undefined) =>
  Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));

describe('deploy/podwire.yaml', () => {
  const objects = loadAllYaml(readFileSync(join(import.meta.dirname, 'podwire.yaml'), 'utf8')) as Objects;
  const agent = podOf(find<V1DaemonSet>(objects, 'DaemonSet'));
  const collector = podOf(find<V1Deployment>(objects, 'Deployment'));
  const containers = [agent, collector].flatMap((pod) => [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]);

  it('sets variables that the programs read, and no other', () => {
    const sources = globSync('{plugin,server}/**/*.ts', { cwd: ROOT, exclude: (name) => name.endsWith('.test.ts') })
      .map((path) => readFileSync(join(ROOT, path), 'utf8'))
      .join('\n');
    const names = containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !sources.includes(name))).toEqual([]);
  });

  it('gives no container a privilege that it does not need, and bounds the memory of each', () => {
    for (const { name, securityContext, resources } of containers) {
      expect([name, securityContext]).toEqual([
        name,
        expect.objectContaining({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: expect.objectContaining({ drop: ['ALL'] }),
        }),
      ]);
      expect(securityContext?.privileged).toBeUndefined();
      expect(resources?.limits?.memory).toBeDefined();
    }
    expect(
      containers.filter(({ securityContext }) => securityContext?.capabilities?.add).map(({ name }) => name),
    ).toEqual(['agent']);
    expect(collector?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('lets the agent read nodes and nothing else, and the collector write nothing but its two questions', () => {
    expect(find<V1ClusterRole>(objects, 'ClusterRole', '-agent').rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    ]);
    const rules = find<V1ClusterRole>(objects, 'ClusterRole', 'podwire').rules ?? [];
    const written = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect(written.map(({ resources, verbs }) => [resources, verbs])).toEqual([
      [['tokenreviews'], ['create']],
      [['subjectaccessreviews'], ['create']],
    ]);
    expect(rules.flatMap(({ resources = [] }) => resources)).not.toContain('secrets');
  });

  it('tells the collector whom to take for an agent: the account that the agents have', () => {
    const { PODWIRE_AGENT_ACCOUNT, PODWIRE_HOSTS } = variablesOf(collector?.containers[0]);
    expect(PODWIRE_AGENT_ACCOUNT).toBe(`system:serviceaccount:podwire:${agent?.serviceAccountName}`);
    expect(PODWIRE_HOSTS?.split(',')).toContain('podwire.podwire.svc');
    const mount = agent?.containers[0]?.volumeMounts?.find(({ name }) => name === 'collector-token');
    expect(variablesOf(agent?.containers[0]).PODWIRE_TOKEN_FILE).toBe(`${mount?.mountPath}/token`);
  });

  it('has roles for people, and binds nobody to them', () => {
    const verbs = (role: string, resource: string) =>
      find<V1ClusterRole>(objects, 'ClusterRole', role).rules?.find(({ resources }) => resources?.includes(resource))
        ?.verbs;
    expect(verbs('-viewer', 'pods')).toEqual(['get', 'list', 'watch']);
    expect(verbs('-tracer', 'pods')).toEqual(['get', 'list', 'watch', 'trace']);
    const bound = objects.flatMap((object) => ('roleRef' in object ? [(object as V1RoleBinding).roleRef.name] : []));
    expect(bound.toSorted()).toEqual(['podwire', 'podwire-agent']);
  });

  it('runs the agent on every node, one without a network among them, in the node’s own network', () => {
    expect(agent).toMatchObject({
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists' }],
    });
    expect(agent?.volumes?.find(({ projected }) => projected !== undefined)?.projected?.sources).toEqual([
      { serviceAccountToken: { audience: 'podwire', expirationSeconds: 3600, path: 'token' } },
    ]);
    const netns = agent?.containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === '/run/netns');
    expect(netns?.mountPropagation).toBe('HostToContainer');
  });
});

const helm = findHelm();
if (helm === undefined) console.warn('skipped: the chart with other values (no helm; npm test builds one where Go is)');

describe.skipIf(helm === undefined)('the chart', () => {
  const path = helm ?? '';
  const template = (...options: readonly string[]) =>
    spawnSync(
      path,
      ['template', 'podwire', 'deploy/chart/podwire', '-n', 'pods', '--kube-version', '1.30.0', ...options],
      { cwd: ROOT, encoding: 'utf8' },
    );
  const render = (...settings: readonly string[]): Objects => {
    const { stdout, stderr } = template(...settings.flatMap((setting) => ['--set', setting]));
    expect(stderr).toBe('');
    return loadAllYaml(stdout) as Objects;
  };

  beforeAll(() => {
    const { status, stdout } = spawnSync(path, ['lint', '--strict', 'deploy/chart/podwire'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  it('is what the two manifests were rendered from', () => {
    expect(checkManifests(path)).toEqual([]);
  });

  it('as a tap asks the API for nothing, with no token and no right to, and leaves /proc/sys as it is', () => {
    const objects = render('cni.mode=tap');
    const pod = podOf(find<V1DaemonSet>(objects, 'DaemonSet', '-agent'));
    const roles = objects.filter(({ kind }) => kind?.startsWith('ClusterRole')).map(({ metadata }) => metadata?.name);
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(roles.toSorted()).toEqual(['podwire', 'podwire', 'podwire-tracer', 'podwire-viewer']);
    const agent = pod?.containers[0];
    expect(agent?.command).toEqual(['podwire', 'agent']);
    expect(variablesOf(agent)).toMatchObject({ PODWIRE_MODE: 'tap' });
    expect(variablesOf(agent)).not.toHaveProperty('PODWIRE_API_SERVER');
  });

  it('sees the processes of the node only where it is told to', () => {
    const see = (...settings: readonly string[]) => {
      const pod = podOf(find<V1DaemonSet>(render(...settings), 'DaemonSet', '-agent'));
      return [pod?.hostPID, pod?.containers[0]?.securityContext?.capabilities?.add?.includes('SYS_PTRACE')];
    };
    expect([see(), see('agent.hostPID=true')]).toEqual([
      [undefined, false],
      [true, true],
    ]);
  });

  it('tells the init container all that is set about the network', () => {
    const objects = render(
      'cni.mode=bridge',
      'cni.clusterCIDRs={10.240.0.0/16,fd00::/48}',
      'cni.mtu=1400',
      'cni.confName=05-podwire.conflist',
    );
    expect(variablesOf(podOf(find<V1DaemonSet>(objects, 'DaemonSet', '-agent'))?.initContainers?.[0])).toEqual({
      PODWIRE_MODE: 'bridge',
      PODWIRE_BIN_DIR: '/opt/cni/bin',
      PODWIRE_CONF_DIR: '/etc/cni/net.d',
      PODWIRE_CONF_NAME: '05-podwire.conflist',
      PODWIRE_CLUSTER_CIDR: '10.240.0.0/16,fd00::/48',
      PODWIRE_MTU: '1400',
      PODWIRE_POD_CIDR: 'node',
    });
  });

  it('passes on names and proxies that are set, and refuses what is none', () => {
    const settings = ['collector.hosts={podwire.example.org}', 'collector.trustedProxies={10.1.0.0/16}'];
    const variables = variablesOf(podOf(find<V1Deployment>(render(...settings), 'Deployment'))?.containers[0]);
    expect(variables.PODWIRE_HOSTS).toMatch(/^podwire,podwire\.pods,.*,podwire\.example\.org$/);
    expect(variables.PODWIRE_TRUSTED_PROXIES).toBe('10.1.0.0/16');
    expect(template('--set', 'collector.hosts={https://podwire}').status).not.toBe(0);
  });

  it('finds its own Service under any name of the release', () => {
    const agent = podOf(find<V1DaemonSet>(render('fullnameOverride=net-eye'), 'DaemonSet', '-agent'))?.containers[0];
    expect(variablesOf(agent).PODWIRE_COLLECTOR).toBe('http://$(NET_EYE_SERVICE_HOST):$(NET_EYE_SERVICE_PORT)');
  });

  it('opens the way to the receiver of spans, and only where there is one', () => {
    const ports = (...settings: readonly string[]) =>
      find<V1NetworkPolicy>(render(...settings), 'NetworkPolicy').spec?.egress?.flatMap(({ ports = [] }) =>
        ports.map(({ port }) => port),
      );
    expect(ports()).toEqual([443, 6443]);
    expect(ports('networkPolicy.apiPorts={16443}')).toEqual([16443]);
    expect(ports('collector.otlpEndpoint=http://otel.observability:4318')).toEqual([443, 6443, 4318, 53, 53]);
    expect(ports('collector.otlpEndpoint=https://otel.example.org')).toEqual([443, 6443, 443, 53, 53]);
  });

  it('keeps what was recorded in a claim, its own or one that is there', () => {
    const claim = (...settings: readonly string[]) =>
      podOf(find<V1Deployment>(render(...settings), 'Deployment'))?.volumes?.[0]?.persistentVolumeClaim?.claimName;
    expect(claim()).toBeUndefined();
    expect(claim('collector.persistence.enabled=true')).toBe('podwire');
    expect(claim('collector.persistence.enabled=true', 'collector.persistence.existingClaim=mine')).toBe('mine');
  });

  it('cleans a node only after its agent is gone', () => {
    const pod = podOf(find<V1DaemonSet>(render(), 'DaemonSet', '-uninstall'));
    const [term] = pod?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const { labels } = find<V1DaemonSet>(render(), 'DaemonSet', '-agent').spec?.template.metadata ?? {};
    expect(labels).toMatchObject(term?.labelSelector?.matchLabels ?? { none: '' });
    expect(pod?.initContainers?.[0]?.command).toEqual(['podwire', 'uninstall']);
  });

  it('leaves the executable on nodes of which it knows nothing, and takes it where it is told to', () => {
    const purge = (...settings: readonly string[]) =>
      variablesOf(podOf(find<V1DaemonSet>(render(...settings), 'DaemonSet', '-uninstall'))?.initContainers?.[0])
        .PODWIRE_PURGE;
    expect([purge(), purge('uninstall.purge=true'), purge('uninstall.purge=false')]).toEqual([
      'false',
      'true',
      'false',
    ]);
  });

  it.each([
    ['uninstall.purge=perhaps', 'purge'],
    ['cni.mode=router', 'mode'],
    ['cni.mtu=12', 'mtu'],
    ['cni.clusterCIDRs={everything}', 'clusterCIDRs'],
    ['cni.binDir=opt/cni', 'binDir'],
    ['cni.confName=podwire.conf', 'confName'],
    ['agent.metricsListen=localhost:7640', 'metricsListen'],
    ['collector.listen=7639', 'listen'],
    ['collector.replicas=2', 'replicas'],
    ['cni.type=bridge', 'type'],
  ])('refuses %s and names it', (setting, word) => {
    const { status, stderr } = template('--set', setting);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`values don't meet the specifications[\\s\\S]*${word}`));
  });
});
