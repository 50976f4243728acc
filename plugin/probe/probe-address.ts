import type { CommandResult } from '#model/protocol/agent-command.ts';
import {
  closeDescriptor,
  connectSocket,
  openSocket,
  readSocketError,
  receiveBytes,
  receiveWithControl,
  SystemCallError,
  sendBytes,
  setSocketOption,
  waitUntilReady,
} from '#plugin/netlink/libc.ts';
import { formatIpAddress, type IpAddress, parseIpAddress } from '#plugin/network/ip-address.ts';
import { AF, chooseDatagram, decodeOffender, encodeEcho, encodeSocketAddress, isEchoReply } from './probe-packet.ts';
import type { ProbeRequest } from './probe-request.ts';

type ProbeOutcome = NonNullable<CommandResult['probe']>;

/** include/linux/net.h, include/uapi/linux/in.h */
const SOCK = { stream: 1, datagram: 2, raw: 3, nonBlocking: 0o4000 } as const;
const ICMP = { inet: 1, inet6: 58 } as const;
/** IP_RECVERR and IPV6_RECVERR: ICMP errors are kept with their sender. ip(7) */
const RECEIVE_ERRORS = { inet: { level: 0, name: 11, value: 1 }, inet6: { level: 41, name: 25, value: 1 } } as const;
const MSG_ERRQUEUE = 0x2000;

/** What the kernel makes of ICMP errors, or says itself before anything is sent: no route, a prohibited one, a rule. icmp(7) */
const UNREACHABLE: ReadonlySet<string> = new Set([
  ...['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ENONET', 'ENOPROTOOPT', 'EOPNOTSUPP', 'EPROTO'],
  ...['EACCES', 'EPERM', 'EINVAL', 'EMSGSIZE', 'EADDRNOTAVAIL'],
]);
/** Who said so, where no packet came. */
const OWN_KERNEL = 'own kernel';

/**
 * Sends one packet (for TCP: opens a connection) from the namespace of this thread and waits for what comes back.
 * @throws SystemCallError where no such socket can be had here
 */
export function probeAddress(request: ProbeRequest): ProbeOutcome {
  const to = parseIpAddress(request.to);
  if (to === undefined) throw new Error(`${request.to} is no address`);
  const { protocol } = request;
  const type = { icmp: SOCK.raw, tcp: SOCK.stream, udp: SOCK.datagram }[protocol];
  const fd = openSocket(AF[to.family], type | SOCK.nonBlocking, protocol === 'icmp' ? ICMP[to.family] : 0);
  try {
    setSocketOption(fd, RECEIVE_ERRORS[to.family]);
    return exchange({ ...request, fd, address: to });
  } finally {
    closeDescriptor(fd);
  }
}

type Exchange = Pick<ProbeRequest, 'protocol' | 'port' | 'timeoutMs'> & {
  readonly fd: number;
  readonly address: IpAddress;
};

function exchange(probe: Exchange): ProbeOutcome {
  const startMs = performance.now();
  const error = catchErrorName(() => (probe.protocol === 'tcp' ? openConnection(probe) : askForAnswer(probe, startMs)));
  const roundTripUs = Math.round((performance.now() - startMs) * 1000);
  if (error === undefined) return { verdict: 'reply', roundTripUs };
  if (error === 'ETIMEDOUT') return { verdict: 'silent' };
  const isRefused = error === 'ECONNREFUSED';
  if (!isRefused && !UNREACHABLE.has(error)) throw new Error(`${probe.protocol} probe: ${error}`);
  const verdict = isRefused ? 'refused' : 'unreachable';
  const from = findSpeaker(probe, isRefused);
  return { verdict, roundTripUs, ...(from !== undefined && { from }) };
}

/** @returns what kept the answer away; undefined where it came */
function openConnection({ fd, address, port = 0, timeoutMs }: Exchange): string | undefined {
  const started = catchErrorName(() => {
    connectSocket(fd, encodeSocketAddress(address, port));
    return undefined;
  });
  if (started !== 'EINPROGRESS') return started;
  return waitUntilReady(fd, 'writable', timeoutMs) ? readSocketError(fd) : 'ETIMEDOUT';
}

function askForAnswer({ fd, address, protocol, port = 0, timeoutMs }: Exchange, startMs: number): string | undefined {
  const identifier = process.pid & 0xffff;
  connectSocket(fd, encodeSocketAddress(address, protocol === 'udp' ? port : 0));
  sendBytes(fd, protocol === 'icmp' ? encodeEcho(address.family, identifier) : chooseDatagram(port));
  const packet = new Uint8Array(65_536);
  for (;;) {
    const restMs = timeoutMs - (performance.now() - startMs);
    if (restMs <= 0 || !waitUntilReady(fd, 'readable', restMs)) return 'ETIMEDOUT';
    const length = receiveBytes(fd, packet);
    if (protocol === 'udp' || isEchoReply(packet.subarray(0, length), address.family, identifier)) return undefined;
  }
}

function catchErrorName(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SystemCallError) return error.code;
    throw error;
  }
}

/** A refusal without an ICMP error is the peer's own: a RST. */
function findSpeaker({ fd, address }: Exchange, isRefused: boolean): string | undefined {
  const control = new Uint8Array(512);
  const offender = readErrorQueue(fd, control);
  if (offender === undefined) return isRefused ? undefined : OWN_KERNEL;
  const speaker = formatIpAddress(offender);
  return speaker === formatIpAddress(address) ? undefined : speaker;
}

function readErrorQueue(fd: number, control: Uint8Array): IpAddress | undefined {
  try {
    const received = receiveWithControl(fd, { buffer: new Uint8Array(2048), control, flags: MSG_ERRQUEUE });
    return received && decodeOffender(control.subarray(0, received.controlLength));
  } catch {
    return undefined;
  }
}
