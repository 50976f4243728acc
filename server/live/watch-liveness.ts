import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** So many looks in a row without a sign of life and the peer is gone. */
const MOST_SILENT_LOOKS = 3;

/**
 * Whether the other end of a socket still lives. A pong is a sign; so is anything it took: a slow reader's pong stands behind
 * what it has yet to read, and it is no dead one. A peer that vanished without a FIN gives neither.
 */
export class Liveness {
  readonly #webSocket: WebSocket;
  readonly #stream: Duplex;
  #hasSpoken = true;
  #takenBytes = 0;
  #silentLooks = 0;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket;
    this.#stream = stream;
    const speak = () => {
      this.#hasSpoken = true;
    };
    webSocket.on('pong', speak);
    webSocket.on('message', speak);
  }

  /** To be called at even intervals: ends the socket of a peer that is gone, else asks it for the next sign. */
  look(): void {
    const { bytesWritten = 0, writableLength } = this.#stream as Duplex & { readonly bytesWritten?: number };
    // bytesWritten of net.Socket counts what is still queued.
    const takenBytes = bytesWritten - writableLength;
    const isAlive = this.#hasSpoken || takenBytes > this.#takenBytes;
    this.#silentLooks = isAlive ? 0 : this.#silentLooks + 1;
    this.#takenBytes = takenBytes;
    this.#hasSpoken = false;
    if (this.#silentLooks >= MOST_SILENT_LOOKS) this.#webSocket.terminate();
    else this.#webSocket.ping();
  }
}
