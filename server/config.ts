import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail, type Result, succeed } from '#model/result.ts';
import { type AccessSettings, readAccess } from './read-access.ts';
import { readRetention } from './read-retention.ts';
import type { RetentionLimits } from './topology/log-retention.ts';

/** What went wrong and what to do, each in one line for a person. */
export type Obstacle = { readonly problem: string; readonly remedy: string };

export type Config = {
  readonly host: string;
  /** 0: the kernel chooses a free one. */
  readonly port: number;
  /** Absolute. */
  readonly dataFolder: string;
  /** Where agents on this machine post; at most 107 bytes, sun_path of unix(7). */
  readonly collectorSocket: string;
  readonly access: AccessSettings;
  readonly cluster: 'lab' | 'kubernetes' | 'none';
  /** Looked into where RBAC forbids to see all of them; empty: the one of the kubeconfig's context, or of this pod. */
  readonly namespaces: readonly string[];
  readonly web: 'dev' | 'built' | 'off';
  readonly logLevel: string;
  readonly retention: RetentionLimits;
  /** Whether spans are sent; where to, the exporter reads itself. */
  readonly sendsSpans: boolean;
  /** Absolute path of `dist/podwire`, for the lab. */
  readonly executable: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

const UNIX_PATH_BYTES = 107;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Reads every setting once. `PODWIRE_LISTEN` (127.0.0.1:7639), `PODWIRE_DATA` (.podwire), `KUBECONFIG` or the in-cluster
 * variables, `PODWIRE_NAMESPACES` (comma-separated), `PODWIRE_LAB` (auto, off), `PODWIRE_WEB` (on, off), `PODWIRE_DEV` (1), `PODWIRE_LOG` (info),
 * `PODWIRE_EXECUTABLE` (dist/podwire), `PODWIRE_RETENTION_AGE` (7d), `PODWIRE_RETENTION_SIZE` (2GiB), `OTEL_EXPORTER_OTLP_ENDPOINT` (none),
 * and those of `readAccess`. Relative paths count from `folder`.
 */
export function readConfig(environment: Environment, folder: string): Result<Config, Obstacle> {
  const place = environment.PODWIRE_LISTEN ?? '127.0.0.1:7639';
  const listen = readListen(place);
  if (!listen.ok) return listen;
  const logLevel = environment.PODWIRE_LOG ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) {
    return fail({ problem: `PODWIRE_LOG=${logLevel} is no level.`, remedy: `Use one of ${LOG_LEVELS.join(', ')}.` });
  }
  const lab = environment.PODWIRE_LAB ?? 'auto';
  if (lab !== 'auto' && lab !== 'off') {
    return fail({ problem: `PODWIRE_LAB=${lab} is neither auto nor off.`, remedy: 'Leave it out, or set it to off.' });
  }
  const cluster = chooseCluster(environment, lab);
  const access = readAccess(environment, { listen: place, host: listen.value.host, cluster });
  if (!access.ok) return access;
  const retention = readRetention(environment);
  if (!retention.ok) return retention;
  const dataFolder = resolve(folder, expandHome(environment.PODWIRE_DATA ?? '.podwire'));
  const collectorSocket = join(dataFolder, 'run', 'collector.sock');
  if (Buffer.byteLength(collectorSocket) > UNIX_PATH_BYTES) {
    return fail({
      problem: `The socket path ${collectorSocket} is longer than the ${UNIX_PATH_BYTES} bytes that unix sockets allow.`,
      remedy: 'Choose a shorter folder: PODWIRE_DATA=/var/tmp/podwire',
    });
  }
  return succeed({
    ...listen.value,
    dataFolder,
    collectorSocket,
    access: access.value,
    cluster,
    namespaces: (environment.PODWIRE_NAMESPACES ?? '').split(',').flatMap((name) => name.trim() || []),
    web: environment.PODWIRE_WEB === 'off' ? 'off' : environment.PODWIRE_DEV === '1' ? 'dev' : 'built',
    logLevel,
    retention: retention.value,
    sendsSpans: namesSpanReceiver(environment),
    executable: resolve(folder, environment.PODWIRE_EXECUTABLE ?? join('dist', 'podwire')),
  });
}

function chooseCluster(environment: Environment, lab: 'auto' | 'off'): Config['cluster'] {
  if ((environment.KUBECONFIG ?? '') !== '' || (environment.KUBERNETES_SERVICE_HOST ?? '') !== '') return 'kubernetes';
  return lab === 'off' ? 'none' : 'lab';
}

/** The variables of OpenTelemetry's specification. Unlike its programs, we send nothing where no receiver is named. */
function namesSpanReceiver(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || environment.OTEL_TRACES_EXPORTER === 'none')
    return false;
  return [environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, environment.OTEL_EXPORTER_OTLP_ENDPOINT].some(
    (endpoint) => (endpoint ?? '') !== '',
  );
}

function readListen(text: string): Result<{ readonly host: string; readonly port: number }, Obstacle> {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535 || (host !== 'localhost' && isIP(host) === 0)) {
    return fail({
      problem: `PODWIRE_LISTEN=${text} is not host:port.`,
      remedy: 'Write it as 127.0.0.1:7639 or [::1]:7639.',
    });
  }
  return succeed({ host, port });
}

const expandHome = (path: string): string => (path.startsWith('~/') ? join(homedir(), path.slice(2)) : path);
