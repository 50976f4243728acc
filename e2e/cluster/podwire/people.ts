import type { Cluster } from '../start-cluster.ts';

/** ServiceAccounts stand for people here: a cluster without an identity provider has no other users with tokens. */
const NAMESPACE = 'people';
const TOKEN_DURATION = '8h';

type Rights = {
  /** In the whole cluster. */
  readonly clusterRole?: string;
  /** In these namespaces alone. */
  readonly roles?: Readonly<Record<string, string>>;
};

/** Makes somebody with these rights, as `kubectl create` does it. @returns a token, of `kubectl create token` */
export async function createPerson(
  { api }: Cluster,
  name: string,
  { clusterRole, roles = {} }: Rights,
): Promise<string> {
  const account = `--serviceaccount=${NAMESPACE}:${name}`;
  await api.ensure('/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await api.kubectl('create', 'serviceaccount', name, '--namespace', NAMESPACE);
  if (clusterRole !== undefined) {
    await api.kubectl('create', 'clusterrolebinding', `${NAMESPACE}-${name}`, account, `--clusterrole=${clusterRole}`);
  }
  for (const [namespace, role] of Object.entries(roles)) {
    await api.kubectl(
      'create',
      'rolebinding',
      `${NAMESPACE}-${name}`,
      account,
      `--clusterrole=${role}`,
      '-n',
      namespace,
    );
  }
  return (await api.kubectl('create', 'token', name, '--namespace', NAMESPACE, `--duration=${TOKEN_DURATION}`)).trim();
}
