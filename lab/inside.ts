import { randomUUID } from 'node:crypto';
import type { Server } from 'node:net';
import { createApiServer } from './api/api-server.ts';
import { keepEndpointSlices } from './api/endpoint-slices.ts';
import { LabAccounts } from './api/lab-accounts.ts';
import { listenForAgents } from './api/listen-for-agents.ts';
import { ObjectStore } from './api/object-store.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { runAgent } from './kubelet/run-agent.ts';
import type { LabOptions, LabReport } from './lab-options.ts';
import { NODE_PLANS } from './lab-plan.ts';
import { bootMachine } from './machine/boot-machine.ts';
import { buildLan } from './machine/build-lan.ts';
import { connectMachine } from './machine/connect-machine.ts';
import { startInternetServer } from './machine/internet-server.ts';
import { playStory } from './story.ts';

/**
 * The lab's inside: runs in the throw-away namespaces, answers the API on a socket that was opened outside.
 * It ends when the channel to the outside closes, and the kernel ends everything else with it.
 */

const readNow = () => new Date().toISOString();
const report = (message: LabReport) => process.send?.(message);

process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(1);
});
process.once('message', (message, handle) => {
  const { options, server } = message as { readonly options: LabOptions; readonly server: string };
  start(options, { url: server, listener: handle as Server }).catch((error: Error) => {
    report({ type: 'problem', message: `the lab did not start: ${error.message}`, remedy: 'see the message' });
    setTimeout(() => process.exit(1), 1000);
  });
});

async function start(options: LabOptions, api: { readonly url: string; readonly listener: Server }): Promise<void> {
  const store = new ObjectStore();
  const kubelets = new Map<string, Kubelet>();
  const { token } = options;
  const accounts = new LabAccounts({ secret: token, nowMs: Date.now });
  const parts = { store, kubelets, token, accounts, now: readNow, createUuid: randomUUID };
  keepEndpointSlices(store, parts);
  const http = createApiServer(parts);
  await listenForAgents(http, options);
  report({ type: 'progress', message: 'building the LAN, the router and the internet host' });
  const booting = Promise.all(NODE_PLANS.map((plan) => bootMachine(plan, options)));
  const [lan, machines] = await Promise.all([buildLan(options.directory), booting]);
  await startInternetServer(lan.internet, options);
  // One after the other: interface indexes are the same at every start.
  for (const machine of machines) {
    const { plan } = machine;
    await connectMachine(machine);
    const kubelet = new Kubelet({ machine, store, options, now: readNow, createUuid: randomUUID });
    kubelets.set(plan.name, kubelet);
    await kubelet.start();
    report({ type: 'progress', message: `node ${plan.name} is up at ${plan.address}` });
    void runAgent(machine, options.collectorSocket);
  }
  api.listener.on('connection', (socket) => http.emit('connection', socket));
  report({ type: 'ready', server: api.url, token: options.token });
  await playStory(parts, options.story, report);
}
