'use client';

import { X } from 'lucide-react';
import { useEffect } from 'react';
import type { InvocationSummary } from '#model/topology/topology.ts';
import { useInvocations } from '../live/use-invocations.ts';
import { PageHeader } from '../shell/page-header.tsx';
import { StaleNotice } from '../shell/stale-notice.tsx';
import { useDrawing } from '../shell/use-drawing.ts';
import { useUrlValue } from '../shell/use-url-value.ts';
import { ViewSwitch } from '../shell/view-switch.tsx';
import { InvocationDetail } from './invocation-detail.tsx';
import { Timeline } from './timeline.tsx';

/** Every CNI invocation of the cluster over time, and the one that is selected beside it. */
export function TimelineView() {
  const state = useInvocations();
  const [drawing, setDrawing] = useDrawing();
  const [selected, setSelected] = useUrlValue('event');
  const invocation = state.value?.invocations.find(({ id }) => id === selected);
  return (
    <>
      <PageHeader title="Timeline" actions={<ViewSwitch value={drawing} onChange={setDrawing} />} />
      <StaleNotice state={state} />
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <Timeline
            state={state}
            byNode
            isTable={drawing === 'table'}
            selected={selected}
            selectedPod={invocation?.pod}
            onSelect={({ id }) => setSelected(id)}
          />
        </div>
        {selected !== undefined && (
          <SelectedInvocation id={selected} invocation={invocation} onClose={() => setSelected(undefined)} />
        )}
      </div>
    </>
  );
}

type SelectedInvocationProps = {
  readonly id: string;
  readonly invocation: InvocationSummary | undefined;
  readonly onClose: () => void;
};

function SelectedInvocation({ id, invocation, onClose }: SelectedInvocationProps) {
  useEffect(() => {
    const closeByKey = (key: KeyboardEvent): void => {
      if (key.key === 'Escape') {
        onClose();
      }
    };
    window.addEventListener('keydown', closeByKey);
    return () => window.removeEventListener('keydown', closeByKey);
  }, [onClose]);
  return (
    <aside
      aria-label="Selected invocation"
      className="max-h-[55%] w-full shrink-0 overflow-y-auto border-line border-t bg-panel p-4 lg:max-h-none lg:w-[380px] lg:border-t-0 lg:border-l"
    >
      <div className="mb-2 flex items-center gap-2">
        <p className="min-w-0 truncate font-semibold text-[15px]">
          {invocation?.pod?.replace('/', ' / ') ?? invocation?.containerId?.slice(0, 12) ?? 'Invocation'}
        </p>
        <span className="truncate text-text-3">{invocation?.node}</span>
        <button
          type="button"
          aria-label="Close"
          onClick={onClose}
          className="ml-auto flex size-7 shrink-0 items-center justify-center rounded-md text-text-3 hover:bg-raised hover:text-text"
        >
          <X aria-hidden size={16} />
        </button>
      </div>
      <InvocationDetail id={id} />
    </aside>
  );
}
