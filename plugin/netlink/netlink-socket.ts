import { errnoName } from './errno-names.ts';
import {
  bindSocket,
  closeDescriptor,
  openSocket,
  receiveBytes,
  SystemCallError,
  sendBytes,
  setReceiveTimeout,
  setSocketOption,
} from './libc.ts';
import {
  encodeMessage,
  indexAttributes,
  type NetlinkMessage,
  readI32,
  readString,
  viewMessages,
} from './netlink-message.ts';
import { AF, NETLINK_OPTION, NLM_F, NLMSG, NLMSGERR_ATTR, SOCK, SOL_NETLINK } from './netlink-tables.ts';

/** The kernel refused a request. `code` is the errno's name, `object` what the request was about. */
export class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
  readonly errno: number;
  readonly code: string;
  readonly object: string;

  constructor(errno: number, object: string, kernelText: string | undefined) {
    super(`${object}: ${errnoName(errno)}${kernelText === undefined ? '' : ` (${kernelText})`}`);
    this.errno = errno;
    this.code = errnoName(errno);
    this.object = object;
  }
}

export type NetlinkRequest = {
  /** RTM_NEW*, RTM_DEL*, RTM_GET* */
  readonly type: number;
  /** NLM_F_CREATE and the like; REQUEST and ACK are added. */
  readonly flags?: number;
  readonly body: Uint8Array;
  /** For the error: `link eth0`, `address 10.240.2.2/24 on eth0`. */
  readonly object: string;
};

const DUMP_ATTEMPTS = 10;
/** The kernel fills at most 32 KiB of a dump at once (NLMSG_GOODSIZE up to the largest recv seen); a notification less. */
const RECEIVE_BUFFER_BYTES = 256 * 1024;
let receiveBuffer: Uint8Array | undefined;

/** One for all sockets: an answer is taken out of it before the next one is asked for, and never across an await. */
function shareReceiveBuffer(): Uint8Array {
  receiveBuffer ??= new Uint8Array(RECEIVE_BUFFER_BYTES);
  return receiveBuffer;
}

/** `struct nlmsgerr` is the error and the header it answers; what follows are attributes, as the header is capped. */
const ERROR_HEADER_BYTES = 20;

/** A blocking netlink socket for requests. It speaks to the namespace that the thread was in when it was opened. */
export class NetlinkSocket implements Disposable {
  readonly fd: number;
  #sequence = 0;
  #interruptedDumps = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Dumps that were read again because the table changed meanwhile. */
  get interruptedDumps(): number {
    return this.#interruptedDumps;
  }

  /**
   * Sends one request and waits for its acknowledgement.
   * @returns what came before it: the object asked for with RTM_GET*, usually nothing otherwise
   * @throws NetlinkError naming the request's object
   */
  request(request: NetlinkRequest): readonly NetlinkMessage[] {
    const sequence = this.#send(request, NLM_F.REQUEST | NLM_F.ACK | (request.flags ?? 0));
    const messages: NetlinkMessage[] = [];
    this.#receive(sequence, request.object, (message) => messages.push({ ...message, body: message.body.slice() }));
    return messages;
  }

  /**
   * Reads a whole table. Repeated where the kernel says that it changed meanwhile (NLM_F_DUMP_INTR), so that no record is
   * missing or double.
   * @param body the family's complete header (`struct ifinfomsg`, `rtmsg`, …) and filter attributes; strict checking is on
   * @throws NetlinkError naming `object`; code EINTR where the table never held still
   */
  dump(type: number, body: Uint8Array, object = `dump of type ${type}`): readonly NetlinkMessage[] {
    return this.dumpEach({ type, body, object }, (message) => ({ ...message, body: message.body.slice() }));
  }

  /**
   * The same for whoever needs no message as it came.
   * @param decode is given bodies that are valid only during the call; what it answers with `undefined` is left out
   */
  dumpEach<T>(request: NetlinkRequest, decode: (message: NetlinkMessage) => T | undefined): T[] {
    const { object } = request;
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt += 1) {
      const sequence = this.#send(request, NLM_F.REQUEST | NLM_F.DUMP);
      const records: T[] = [];
      const isInterrupted = this.#receive(sequence, object, (message) => {
        const record = decode(message);
        if (record !== undefined) records.push(record);
      });
      if (!isInterrupted) return records;
      this.#interruptedDumps += 1;
    }
    throw new NetlinkError(4, object, `changed during each of ${DUMP_ATTEMPTS} readings`);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
  }

  #send(request: NetlinkRequest, flags: number): number {
    this.#sequence += 1;
    const { type, body } = request;
    sendBytes(this.fd, encodeMessage({ type, flags, sequence: this.#sequence, portId: 0, body }));
    return this.#sequence;
  }

  /** @returns whether the table changed while it was read */
  #receive(sequence: number, object: string, take: (message: NetlinkMessage) => void): boolean {
    let isInterrupted = false;
    for (;;) {
      for (const message of this.#receiveOnce()) {
        if (message.sequence !== sequence) continue;
        if ((message.flags & NLM_F.DUMP_INTR) !== 0) isInterrupted = true;
        if (message.type === NLMSG.DONE || message.type === NLMSG.ERROR) {
          throwOnError(message, object);
          return isInterrupted;
        }
        take(message);
      }
    }
  }

  #receiveOnce(): readonly NetlinkMessage[] {
    for (;;) {
      try {
        const buffer = shareReceiveBuffer();
        return viewMessages(buffer.subarray(0, receiveBytes(this.fd, buffer)));
      } catch (error) {
        if (!(error instanceof SystemCallError && error.code === 'EINTR')) throw error;
      }
    }
  }
}

function throwOnError(message: NetlinkMessage, object: string): void {
  const errno = message.body.byteLength >= 4 ? -readI32(message.body) : 0;
  if (errno === 0) return;
  const attributesAt = message.type === NLMSG.DONE ? 4 : ERROR_HEADER_BYTES;
  const hasAttributes = (message.flags & NLM_F.ACK_TLVS) !== 0;
  const text = hasAttributes ? indexAttributes(message.body, attributesAt).get(NLMSGERR_ATTR.MSG) : undefined;
  throw new NetlinkError(errno, object, text === undefined ? undefined : readString(text));
}

/**
 * Opens a blocking netlink socket in the namespace of the calling thread.
 * Short answers with the kernel's error text (EXT_ACK, CAP_ACK) and filtered dumps (GET_STRICT_CHK) are switched on.
 * @param protocol NETLINK.ROUTE or NETLINK.NETFILTER
 * @param answerTimeoutMs an answer that is not there by then is a SystemCallError of code EAGAIN; by default it is waited for
 */
export function openNetlinkSocket(protocol: number, answerTimeoutMs?: number): NetlinkSocket {
  const fd = openSocket(AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, protocol);
  try {
    for (const name of [NETLINK_OPTION.EXT_ACK, NETLINK_OPTION.CAP_ACK, NETLINK_OPTION.GET_STRICT_CHK]) {
      setSocketOption(fd, { level: SOL_NETLINK, name, value: 1 });
    }
    if (answerTimeoutMs !== undefined) setReceiveTimeout(fd, answerTimeoutMs);
    bindSocket(fd, netlinkAddress());
    return new NetlinkSocket(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** `struct sockaddr_nl` with a port chosen by the kernel. include/uapi/linux/netlink.h */
export function netlinkAddress(): Uint8Array {
  const address = new Uint8Array(12);
  new DataView(address.buffer).setUint16(0, AF.NETLINK, true);
  return address;
}
