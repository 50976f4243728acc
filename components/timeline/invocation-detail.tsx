'use client';

import { CircleCheck, CircleX } from 'lucide-react';
import type { InvocationEvent } from '#model/cni/invocation-event.ts';
import { useInvocation } from '../live/use-invocation.ts';
import { formatDuration } from '../ui/format-duration.ts';
import { JsonView } from '../ui/json-view.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { type Tab, Tabs } from '../ui/tabs.tsx';
import { formatClock } from './format-clock.ts';
import { InvocationWaterfall } from './invocation-waterfall.tsx';

type InvocationDetailProps = { readonly id: string };

/** One CNI invocation whole: what the runtime sent, what was done step by step, what was answered. */
export function InvocationDetail({ id }: InvocationDetailProps) {
  const { event: body, problem } = useInvocation(id);
  if (problem !== undefined) {
    return (
      <p role="alert" className="py-2 text-warning">
        {problem}
      </p>
    );
  }
  if (body === undefined) {
    return (
      <output aria-label="Reading the invocation" className="block space-y-2 py-2">
        <Skeleton className="h-5 w-2/3" />
        <Skeleton className="h-40" />
      </output>
    );
  }
  const { event } = body;
  return (
    <div className="space-y-3">
      <InvocationHead event={event} />
      {event.data.error !== undefined && (
        <p role="alert" className="rounded-md border border-bad/50 px-3 py-2 text-bad wrap-anywhere">
          {event.data.error.msg}
          {event.data.error.details !== undefined && (
            <span className="mt-0.5 block font-mono text-[11.5px] text-text-2">{event.data.error.details}</span>
          )}
        </p>
      )}
      <InvocationWaterfall event={event} />
      <Tabs
        key={event.data.error === undefined ? 'result' : 'error'}
        label="What went in and what came out"
        tabs={listTabs(event)}
        initial={event.data.error === undefined ? 'result' : 'error'}
      />
    </div>
  );
}

function InvocationHead({ event }: { readonly event: InvocationEvent }) {
  const { verb, mode, startedAt, durationUs, exitCode, outcome, pluginVersion } = event.data;
  const isGood = outcome === 'ok';
  const Icon = isGood ? CircleCheck : CircleX;
  return (
    <header className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5">
      <h3 className="inline-flex items-center gap-1.5 text-sm font-semibold">
        <Icon aria-label={isGood ? 'succeeded' : 'failed'} size={14} className={isGood ? 'text-good' : 'text-bad'} />
        {verb}
      </h3>
      <time dateTime={startedAt} title={startedAt} className="font-mono text-xs text-text-2">
        {formatClock(startedAt)}
      </time>
      <span className="ml-auto font-mono text-xs text-text-2">
        {formatDuration(durationUs)} · exit {exitCode}
      </span>
      <p className="w-full text-[11px] text-text-3">
        {mode === 'tap' ? 'wired by the plugins before it, watched by podwire' : 'wired by podwire'} {pluginVersion}
      </p>
    </header>
  );
}

/** The configuration that came on stdin, and below it the chain of the file that it was taken from. */
function ConfigTab({ data: { config, stdin } }: InvocationEvent) {
  return (
    <>
      {config !== undefined && (
        <p className="mb-2 truncate font-mono text-[11px] text-text-3" title={config.digest}>
          {config.path}
        </p>
      )}
      <JsonView value={stdin} label="the configuration" empty="Nothing came on standard input." />
      {config?.plugins !== undefined && config.plugins.length > 1 && (
        <>
          <h4 className="mt-3 mb-1 text-xs text-text-2">The whole chain</h4>
          <JsonView value={config.plugins} label="the chain" />
        </>
      )}
    </>
  );
}

function listTabs(event: InvocationEvent): readonly Tab[] {
  const { data, traceparent, tracestate } = event;
  const { args, ...variables } = data.env;
  const environment = { ...variables, traceparent, tracestate };
  const noResult =
    data.verb === 'ADD' ? 'This ADD printed no result: it failed.' : `${data.verb} prints no result when it succeeds.`;
  return [
    {
      id: 'result',
      label: 'Result',
      content: <JsonView value={data.result} label="the result" empty={noResult} />,
    },
    {
      id: 'config',
      label: 'Config',
      content: <ConfigTab {...event} />,
    },
    {
      id: 'args',
      label: 'CNI_ARGS',
      content: <JsonView value={args} label="CNI_ARGS" empty="CNI_ARGS was not set." />,
    },
    {
      id: 'environment',
      label: 'Environment',
      content: <JsonView value={environment} label="the environment" />,
    },
    {
      id: 'error',
      label: 'Error',
      content: <JsonView value={data.error} label="the error" empty="No error." />,
    },
  ];
}
