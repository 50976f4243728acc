import { type IncomingHttpHeaders, request } from 'node:http';

export type UnixCall = {
  readonly socket: string;
  readonly path: string;
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
};

export type UnixAnswer = {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
};

const TIMEOUT_MS = 30_000;

/** One HTTP request over a Unix socket. Rejects where nobody answers; any status is an answer. */
export function callUnix({ socket, path, method = 'GET', body, bytes, headers }: UnixCall): Promise<UnixAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: socket,
        path,
        method,
        headers: { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        timeout: TIMEOUT_MS,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
        answer.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path} in ${TIMEOUT_MS / 1000} s`)));
    sent.on('error', reject);
    sent.end(body === undefined ? bytes : JSON.stringify(body));
  });
}
