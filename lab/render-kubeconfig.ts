/** A kubeconfig for the lab's API, which speaks plain HTTP: the official client wants to be told so. JSON is YAML too, so that nothing needs quoting. */
export function renderKubeconfig(server: string, token: string): string {
  const configuration = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'podwire-lab', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'podwire-lab', user: { token } }],
    contexts: [{ name: 'podwire-lab', context: { cluster: 'podwire-lab', user: 'podwire-lab' } }],
    'current-context': 'podwire-lab',
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
