import { statSync } from 'node:fs';
import type { CniError, CniVerb } from '#model/cni/invocation-event.ts';
import type { JsonObject } from '#model/json.ts';
import { appendEvent } from '#plugin/journal/append-event.ts';
import { describeInvocation } from '#plugin/journal/describe-invocation.ts';
import { PLUGIN_VERSION } from '#plugin/version.ts';
import { classifyError } from './classify-error.ts';
import { CNI_ERROR_CODE, CniFailure } from './cni-failure.ts';
import { isSupportedCniVersion, NEWEST_CNI_VERSION, SUPPORTED_CNI_VERSIONS } from './cni-version.ts';
import { executeCommand } from './execute-command.ts';
import { readNodeContext } from './node-context.ts';
import { looselyParseCniArgs, parseEnvironment } from './parse-environment.ts';
import { readStandardInput, writeWholly } from './standard-streams.ts';
import { StepSequence } from './step-sequence.ts';

const STDOUT = 1;
const STDERR = 2;

const VERBS: ReadonlySet<string> = new Set<CniVerb>(['ADD', 'DEL', 'CHECK', 'GC', 'STATUS', 'VERSION']);

/** STATUS and VERSION come at every reload of a configuration: only their failures are worth a line. */
const QUIET_VERBS: ReadonlySet<string> = new Set<CniVerb>(['STATUS', 'VERSION']);

type Run = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly steps: StepSequence;
  input: string | undefined;
  output: string;
  netnsId: string | undefined;
};

/**
 * One invocation: environment and stdin in, stdout and exit code out. The journal is written after the answer and cannot
 * change it.
 * @param nowUs microseconds since the start of the process
 * @returns the exit code
 */
export function runCni(variables: Run['variables'], nowUs: () => number): number {
  if (!variables.CNI_COMMAND) return printAbout();
  const startedAtMs = performance.timeOrigin;
  const run: Run = {
    variables,
    steps: new StepSequence(nowUs),
    input: undefined,
    output: '',
    netnsId: readNetnsId(variables),
  };
  const error = attempt(run, startedAtMs);
  const exitCode = error === undefined ? 0 : 1;
  writeJournal(run, { error, exitCode, startedAtMs, durationUs: nowUs() });
  return exitCode;
}

function attempt(run: Run, startedAtMs: number): CniError | undefined {
  try {
    const environment = parseEnvironment(run.variables);
    run.input = readInput();
    if (environment.command === 'VERSION') print(run, describeVersions(run.input));
    else
      executeCommand(
        { environment, input: run.input, variables: run.variables, steps: run.steps, startedAtMs },
        (result) => print(run, result),
      );
    return undefined;
  } catch (error) {
    const { code, message, details } = classifyError(error);
    const cniError = { code, msg: message, ...(details === undefined ? {} : { details }) };
    printError(run, cniError);
    return cniError;
  }
}

function readInput(): string {
  try {
    return readStandardInput();
  } catch (error) {
    throw new CniFailure('stdin cannot be read', {
      code: CNI_ERROR_CODE.inputOutput,
      details: String(error),
      cause: error,
    });
  }
}

function print(run: Run, value: JsonObject): void {
  const text = `${JSON.stringify(value)}\n`;
  writeWholly(STDOUT, text);
  run.output = text;
}

function printError(run: Run, { code, msg, details }: CniError): void {
  const cniVersion = readCniVersion(run.input ?? '') ?? NEWEST_CNI_VERSION;
  try {
    print(run, { cniVersion, code, msg, ...(details === undefined ? {} : { details }) });
  } catch {
    // Nobody reads: the exit code still tells.
  }
}

/** CNI specification, section "VERSION". Nothing but stdin decides the answer. */
function describeVersions(input: string): JsonObject {
  return { cniVersion: readCniVersion(input) ?? NEWEST_CNI_VERSION, supportedVersions: SUPPORTED_CNI_VERSIONS };
}

function readCniVersion(input: string): string | undefined {
  try {
    const { cniVersion } = JSON.parse(input) as { readonly cniVersion?: unknown };
    return typeof cniVersion === 'string' && isSupportedCniVersion(cniVersion) ? cniVersion : undefined;
  } catch {
    return undefined;
  }
}

function printAbout(): number {
  const versions = SUPPORTED_CNI_VERSIONS.join(', ');
  writeWholly(STDERR, `Podwire ${PLUGIN_VERSION}, a CNI plugin\nCNI protocol versions supported: ${versions}\n`);
  return 0;
}

/** The strongest evidence of which pod it was; taken before anything is done, as DEL may outlive the namespace. */
function readNetnsId({ CNI_COMMAND: command, CNI_NETNS: path }: Run['variables']): string | undefined {
  if (!path || command === 'VERSION' || command === 'STATUS') return undefined;
  try {
    return String(statSync(path, { bigint: true }).ino);
  } catch {
    return undefined;
  }
}

type Outcome = {
  readonly error: CniError | undefined;
  readonly exitCode: number;
  readonly startedAtMs: number;
  readonly durationUs: number;
};

function writeJournal(run: Run, { error, exitCode, startedAtMs, durationUs }: Outcome): void {
  const verb = run.variables.CNI_COMMAND ?? '';
  if (!VERBS.has(verb) || (error === undefined && QUIET_VERBS.has(verb))) return;
  try {
    const { node, stateDirectory } = readNodeContext(run.variables);
    const { variables, input, output, netnsId } = run;
    const event = describeInvocation(
      {
        verb: verb as CniVerb,
        variables,
        args: looselyParseCniArgs(variables.CNI_ARGS),
        input,
        output,
        netnsId,
        error,
        exitCode,
        steps: run.steps.steps,
        startedAtMs,
        durationUs,
      },
      { node, pluginVersion: PLUGIN_VERSION, random: crypto.getRandomValues(new Uint8Array(10)) },
    );
    appendEvent(stateDirectory, event);
  } catch (problem) {
    tellQuietly(
      `podwire: the journal was not written: ${problem instanceof Error ? problem.message : String(problem)}\n`,
    );
  }
}

function tellQuietly(text: string): void {
  try {
    writeWholly(STDERR, text);
  } catch {
    // Without stderr there is nobody left to tell.
  }
}
