import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, credentials, Metadata, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** How long a call may take before it counts as lost. */
const DEADLINE_MS = 60_000;

const POLL_MS = 50;

/** One condition of the runtime; the kubelet makes the node's condition Ready of them. */
export type RuntimeCondition = {
  readonly type: string;
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
};

export type PodSandboxStatus = {
  readonly status: {
    readonly network: { readonly ip: string; readonly additional_ips: readonly { readonly ip: string }[] };
  };
};

/** The kubelet's side of the Container Runtime Interface, over a Unix socket. */
export class CriClient implements Disposable {
  readonly #methods: ServiceDefinition;
  readonly #client: Client;

  constructor(socketPath: string) {
    const definition = loadSync(join(import.meta.dirname, 'cri.proto'), { keepCase: true, defaults: true });
    this.#methods = definition['runtime.v1.RuntimeService'] as ServiceDefinition;
    this.#client = new Client(`unix://${socketPath}`, credentials.createInsecure());
  }

  /** @returns what the runtime says of its network: the condition NetworkReady */
  async networkCondition(): Promise<RuntimeCondition> {
    const { status } = await this.#call<{ status: { conditions: RuntimeCondition[] } }>('Status', {});
    const condition = status.conditions.find(({ type }) => type === 'NetworkReady');
    if (condition === undefined) throw new Error('the runtime says nothing of NetworkReady');
    return condition;
  }

  /** Waits until the runtime has noticed what changed in the folder of its network configurations. */
  async untilNetwork(isReady: boolean): Promise<RuntimeCondition> {
    for (;;) {
      const condition = await this.networkCondition();
      if (condition.status === isReady) return condition;
      await wait(POLL_MS);
    }
  }

  /** @returns the id of the sandbox @throws ServiceError with the runtime's words in `details` */
  async runPodSandbox(name: string): Promise<string> {
    const metadata = { name, uid: `uid-of-${name}`, namespace: 'default', attempt: 0 };
    const answer = await this.#call<{ pod_sandbox_id: string }>('RunPodSandbox', {
      config: { metadata, hostname: name },
    });
    return answer.pod_sandbox_id;
  }

  podSandboxStatus(id: string): Promise<PodSandboxStatus> {
    return this.#call('PodSandboxStatus', { pod_sandbox_id: id });
  }

  async stopPodSandbox(id: string): Promise<void> {
    await this.#call('StopPodSandbox', { pod_sandbox_id: id });
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.#call('RemovePodSandbox', { pod_sandbox_id: id });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #call<Answer>(name: string, request: object): Promise<Answer> {
    const method = this.#methods[name];
    if (method === undefined) throw new Error(`cri.proto has no method ${name}`);
    const { path, requestSerialize, responseDeserialize } = method;
    // A runtime that was started anew is connected to again before the call counts as failed.
    const metadata = new Metadata({ waitForReady: true });
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + DEADLINE_MS },
        (error, answer) => (error === null ? resolve(answer as Answer) : reject(error)),
      );
    });
  }
}
