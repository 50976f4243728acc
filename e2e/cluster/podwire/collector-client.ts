import { callUnix, type UnixAnswer, type UnixCall } from '../call-unix.ts';

/** Asks a collector as a browser or a program does, through a socket that leads to it. */
export class CollectorClient {
  readonly #socket: string;
  readonly #token: string | undefined;

  /** @param token of the one who asks; without one where nobody has to log in */
  constructor(socket: string, token?: string) {
    this.#socket = socket;
    this.#token = token;
  }

  /** The same collector, asked by somebody else. */
  as(token: string | undefined): CollectorClient {
    return new CollectorClient(this.#socket, token);
  }

  call(call: Omit<UnixCall, 'socket'>): Promise<UnixAnswer> {
    const headers = { ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }), ...call.headers };
    return callUnix({ ...call, headers, socket: this.#socket });
  }

  /** The body of a GET. @throws for any status but 200 */
  async get(path: string): Promise<unknown> {
    const { status, text } = await this.call({ path });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }
}
