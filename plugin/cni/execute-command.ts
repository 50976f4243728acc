import type { JsonObject } from '#model/json.ts';
import { formatTimestamp } from '#plugin/journal/describe-invocation.ts';
import { openNetlinkSocket } from '#plugin/netlink/netlink-socket.ts';
import { NETLINK } from '#plugin/netlink/netlink-tables.ts';
import { readBootId } from '#plugin/network/read-boot-id.ts';
import { addAttachment } from './add-attachment.ts';
import { formatAttachmentResult } from './attachment-result.ts';
import { checkAttachment } from './check-attachment.ts';
import { classifyError } from './classify-error.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { type CniVersion, isAtLeast } from './cni-version.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { Deadline } from './deadline.ts';
import { executeDelete } from './delete-attachment.ts';
import type { InvocationContext } from './invocation-context.ts';
import { openReservationStore, readNodeContext } from './node-context.ts';
import { parseAttachmentRequest } from './parse-attachment-request.ts';
import { parseBridgeConfiguration } from './parse-bridge-configuration.ts';
import type { CniCommand, InvocationEnvironment } from './parse-environment.ts';
import { type NetworkInput, parseInput } from './parse-input.ts';
import { readCount } from './read-key.ts';
import { requireFirstInChain } from './read-mode.ts';
import { reportStatus } from './report-status.ts';
import type { StepSequence } from './step-sequence.ts';

export type CommandRun = {
  readonly environment: InvocationEnvironment;
  readonly input: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly steps: StepSequence;
  readonly deadline: Deadline;
  readonly startedAtMs: number;
};

/** CNI specification: the version in which a command appeared. */
const SINCE: Readonly<Partial<Record<CniCommand, CniVersion>>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' };

/**
 * Every command but VERSION.
 * @param print called once, as the last step of an ADD: where nobody takes the result, the pod is taken back too
 * @throws what a step threw
 */
export function executeCommand(run: CommandRun, print: (result: JsonObject) => void): void {
  const { command } = run.environment;
  if (command === 'ADD') {
    executeAdd(run, print);
    return;
  }
  const input = run.steps.run('config.parse', (notes) => {
    const parsed = parseSupportedInput(run);
    notes.object = parsed.name;
    return parsed;
  });
  runWithHost(run, input, (context) => executeOther(command, context));
}

function executeAdd(run: CommandRun, print: (result: JsonObject) => void): void {
  const { environment, steps } = run;
  const { input, configuration, request } = steps.run('config.parse', (notes) => {
    const parsed = parseSupportedInput(run);
    notes.object = parsed.name;
    requireFirstInChain(parsed.configuration);
    return {
      input: parsed,
      configuration: parseBridgeConfiguration(parsed),
      request: parseAttachmentRequest(parsed.configuration, environment.args),
    };
  });
  runWithHost(run, input, (context) => {
    const result = formatAttachmentResult(addAttachment(context, configuration, request), input.cniVersion);
    steps.run('result.print', () => print(result));
  });
}

function executeOther(command: CniCommand, context: InvocationContext): void {
  if (command === 'DEL') executeDelete(context);
  else if (command === 'CHECK') checkAttachment(context, parseBridgeConfiguration(context.input));
  else if (command === 'GC') collectGarbage(context);
  else if (command === 'STATUS') reportStatus(context);
}

function parseSupportedInput({ environment: { command }, input: text, deadline }: CommandRun): NetworkInput {
  const input = parseInput(text);
  const deadlineMs = command === 'DEL' ? looselyReadDeadline(input) : readCount(input.configuration, 'deadlineMs');
  if (deadlineMs !== undefined) deadline.replaceTotal(deadlineMs);
  const since = SINCE[command];
  if (since !== undefined && !isAtLeast(input.cniVersion, since)) {
    const message = `${command} needs cniVersion ${since} or newer, the configuration has ${input.cniVersion}`;
    throw new CniFailure(message, { code: CNI_ERROR_CODE.versionIncompatible });
  }
  return input;
}

/** A pod goes whatever became of its configuration. */
function looselyReadDeadline({ configuration }: NetworkInput): number | undefined {
  try {
    return readCount(configuration, 'deadlineMs');
  } catch {
    return undefined;
  }
}

/** Undoing needs the socket, so it happens in here, before it is closed. */
function runWithHost(run: CommandRun, input: NetworkInput, work: (context: InvocationContext) => void): void {
  const { environment, steps, deadline } = run;
  const node = readNodeContext(run.variables);
  const bootId = readBootId();
  const startedAt = formatTimestamp(run.startedAtMs);
  using host = openNetlinkSocket(NETLINK.ROUTE, deadline.remainingMs());
  const context: InvocationContext = {
    environment,
    variables: run.variables,
    input,
    node,
    bootId,
    steps,
    deadline,
    host,
    openStore: () =>
      openReservationStore({
        node,
        network: input.name,
        bootId,
        deadline,
        startedAt,
        configuration: input.configuration,
      }),
    startedAt,
  };
  try {
    work(context);
  } catch (error) {
    const { code, message, details } = classifyError(error);
    const notes = [details, ...steps.undo()].filter((text) => text !== undefined);
    const undoNotes = notes.length === 0 ? undefined : notes.join('; ');
    throw new CniFailure(message, { code, details: undoNotes, cause: error });
  }
}
