import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from '#model/protocol/problem.ts';

/** An answer that ends a request: thrown by routes, written in one place. */
export class HttpFailure extends Error {
  readonly status: number;
  /** Kubernetes' reason word, e.g. `NotFound`. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const MAX_BODY_BYTES = 1_000_000;

export function writeJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Kubernetes' `Status` for its own routes, RFC 9457 problem details for the lab's. */
export function writeFailure(request: IncomingMessage, response: ServerResponse, failure: HttpFailure): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  if (!request.url?.startsWith('/lab/')) {
    writeJson(response, failure.status, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: failure.message,
      reason: failure.reason,
      code: failure.status,
    });
    return;
  }
  const word = failure.reason.replaceAll(/(?<=[a-z])([A-Z])/g, '-$1').toLowerCase();
  const problem: Problem = {
    type: `https://podwire.io/problems/${word}`,
    title: failure.reason,
    status: failure.status,
    detail: failure.message,
  };
  response.writeHead(failure.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem));
}

/** The request's body as JSON; undefined where there is none. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) throw new HttpFailure(413, 'RequestEntityTooLarge', 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  if (length === 0) return undefined;
  const value = parseJson(Buffer.concat(chunks).toString('utf8'));
  if (value === undefined) throw new HttpFailure(400, 'BadRequest', 'the body is no JSON');
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
