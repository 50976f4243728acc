import type { InvocationEvent, InvocationStep } from '#model/cni/invocation-event.ts';
import { findInvocationOwner } from '#model/topology/invocation-owner.ts';
import { summarizeInvocation } from '#model/topology/summarize-invocation.ts';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { type Scope, seesEverything } from '../auth/scope.ts';
import { seesOwner } from './sees-owner.ts';

/** What a plugin says of another container: `requested address 10.240.2.3 is held by <container id>`, and any id of a runtime. */
const OTHER_CONTAINER = /\b(held by|reserved for) \S+|\b[0-9a-f]{32,}\b/g;

/** The head of an invocation as somebody may see it; `undefined` where they may not. */
export function restrictSummary(summary: InvocationSummary, scope: Scope): InvocationSummary | undefined {
  if (seesEverything(scope)) return summary;
  if (!seesOwner(scope, findInvocationOwner(summary))) return undefined;
  if (summary.error === undefined) return summary;
  const error = summary.verb === 'GC' ? NOT_SHOWN : hideOthers(summary.error, summary.containerId);
  return { ...summary, error };
}

/**
 * The whole event, likewise. A garbage collection names every container of the node (`cni.dev/valid-attachments`), and so do its
 * steps: of those only what happened is left, not to whom.
 */
export function restrictEvent(event: InvocationEvent, node: string, scope: Scope): InvocationEvent | undefined {
  if (seesEverything(scope)) return event;
  const summary = summarizeInvocation(event, node);
  if (!seesOwner(scope, findInvocationOwner(summary))) return undefined;
  if (event.data.verb === 'GC') return keepOutline(event);
  const { data } = event;
  const hide = (text: string) => hideOthers(text, data.env.containerId);
  return {
    ...event,
    data: {
      ...data,
      ...(data.error !== undefined && {
        error: {
          ...data.error,
          msg: hide(data.error.msg),
          ...(data.error.details !== undefined && { details: hide(data.error.details) }),
        },
      }),
      steps: data.steps.map((step) => (step.error === undefined ? step : { ...step, error: hide(step.error) })),
    },
  };
}

function keepOutline(event: InvocationEvent): InvocationEvent {
  const { stdin: _stdin, result: _result, error, config: _config, ...data } = event.data;
  const keepStep = ({ command: _command, object: _object, error: _error, ...step }: InvocationStep) => step;
  return {
    ...event,
    data: {
      ...data,
      env: {},
      ...(error !== undefined && { error: { code: error.code, msg: NOT_SHOWN } }),
      steps: data.steps.map(keepStep),
    },
  };
}

const NOT_SHOWN = '(not shown: it may name pods of other namespaces)';

const hideOthers = (text: string, own: string | undefined): string =>
  text.replace(OTHER_CONTAINER, (found, words: string | undefined) => {
    if (own !== undefined && found.endsWith(own)) return found;
    return words === undefined ? '(another container)' : `${words} (another container)`;
  });
