'use client';

import { CircleX, Undo2 } from 'lucide-react';
import { type KeyboardEvent, useState } from 'react';
import type { InvocationEvent, InvocationStep } from '#model/cni/invocation-event.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { formatDuration } from '../ui/format-duration.ts';
import { layoutWaterfall, MINIMUM_WIDTH, measureProcessStart, type WaterfallRow } from './layout-waterfall.ts';

type InvocationWaterfallProps = { readonly event: InvocationEvent };

/** Index of the step that is shown first: the one that failed, else the one that took longest. */
function chooseFirstStep(steps: readonly InvocationStep[]): number {
  const failed = steps.findIndex((step) => step.outcome === 'error');
  const longestUs = Math.max(...steps.map((step) => step.durationUs));
  return failed >= 0 ? failed : steps.findIndex((step) => step.durationUs === longestUs);
}

function describeStep(step: InvocationStep): string {
  const undone = step.undone === true ? ', undone' : '';
  const failed = step.outcome === 'error' ? `, failed: ${step.error ?? 'no reason given'}` : '';
  return `${step.name}${step.object === undefined ? '' : ` ${step.object}`}, ${formatDuration(step.durationUs)}${failed}${undone}`;
}

/** Steps of one invocation in the order they ran; the chosen one with the command that does the same by hand. */
export function InvocationWaterfall({ event }: InvocationWaterfallProps) {
  const { steps } = event.data;
  const [chosen, setChosen] = useState<{ readonly id: string; readonly index: number }>();
  if (steps.length === 0) {
    return <p className="py-2 text-text-3">No step was recorded for this invocation.</p>;
  }
  const index = chosen?.id === event.id ? chosen.index : chooseFirstStep(steps);
  const choose = (next: number): void =>
    setChosen({ id: event.id, index: Math.min(steps.length - 1, Math.max(0, next)) });
  const walk = (key: KeyboardEvent): void => {
    if (key.key === 'ArrowDown' || key.key === 'ArrowUp') {
      key.preventDefault();
      choose(index + (key.key === 'ArrowDown' ? 1 : -1));
    }
  };
  const shown = steps[index];
  return (
    <div className="relative">
      <div role="listbox" aria-label="Steps of the invocation" tabIndex={0} onKeyDown={walk} className="rounded-md">
        <ProcessStart event={event} />
        {layoutWaterfall(event.data).map((row) => (
          <WaterfallLine
            key={row.index}
            row={row}
            isSelected={row.index === index}
            onSelect={() => choose(row.index)}
          />
        ))}
      </div>
      {shown !== undefined && <StepDetail step={shown} said={event.data.error?.msg} />}
      <StepTable steps={steps} />
    </div>
  );
}

/** The time before the first step is nobody's step, and is not hidden. */
function ProcessStart({ event }: InvocationWaterfallProps) {
  const { startUs, share } = measureProcessStart(event.data);
  if (share < MINIMUM_WIDTH) {
    return null;
  }
  return (
    <div
      role="presentation"
      title="From the start of the process to the first step: the kernel loads the executable, its runtime starts."
      className="grid h-5 grid-cols-[minmax(0,132px)_1fr_64px] items-center gap-2 px-2 text-text-3"
    >
      <span className="truncate text-[11.5px]">process start</span>
      <span className="relative h-2">
        <span className="hatched absolute h-2 rounded-[2px] border border-line" style={{ width: `${share * 100}%` }} />
      </span>
      <span className="text-right font-mono text-[11px]">{formatDuration(startUs)}</span>
    </div>
  );
}

type WaterfallLineProps = {
  readonly row: WaterfallRow;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
};

function chooseBarColour(step: InvocationStep, isSelected: boolean): string {
  if (step.outcome === 'error') {
    return 'bg-bad';
  }
  return isSelected ? 'bg-selection' : step.undone === true ? 'bg-veth/40' : 'bg-veth';
}

function WaterfallLine({ row, isSelected, onSelect }: WaterfallLineProps) {
  const { step } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list box around it takes the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: the list box holds the focus.
    <div
      role="option"
      aria-selected={isSelected}
      aria-label={describeStep(step)}
      title={describeStep(step)}
      onClick={onSelect}
      className={`grid h-5 cursor-pointer grid-cols-[minmax(0,132px)_1fr_64px] items-center gap-2 rounded px-2 hover:bg-raised ${isSelected ? 'bg-raised' : ''}`}
    >
      <span
        className={`flex min-w-0 items-center gap-1 font-mono text-[11.5px] ${isSelected ? 'font-medium text-text' : 'text-text-2'}`}
      >
        <span className={`truncate ${step.undone === true ? 'line-through decoration-text-3' : ''}`}>{step.name}</span>
        {step.undone === true && <Undo2 aria-hidden size={11} className="shrink-0 text-warning" />}
        {step.outcome === 'error' && <CircleX aria-hidden size={11} className="shrink-0 text-bad" />}
      </span>
      <span className="relative h-2">
        <span
          className={`absolute h-2 rounded-[2px] ${chooseBarColour(step, isSelected)}`}
          style={{ left: `${row.start * 100}%`, width: `${row.width * 100}%` }}
        />
      </span>
      <span className="text-right font-mono text-[11px] text-text-2">{formatDuration(step.durationUs)}</span>
    </div>
  );
}

type StepDetailProps = {
  readonly step: InvocationStep;
  /** What stands above already: not said twice. */
  readonly said: string | undefined;
};

function StepDetail({ step, said }: StepDetailProps) {
  return (
    <div aria-live="polite" className="mt-2 rounded-md border border-line bg-ground">
      <div className="flex items-center gap-2 px-3 pt-1.5 text-[11px] text-text-3">
        <span className="truncate">
          {step.name}
          {step.object === undefined ? '' : ' · '}
          <span className="font-mono text-text-2">{step.object}</span>
        </span>
        {step.undone === true && (
          <span className="ml-auto inline-flex items-center gap-1 whitespace-nowrap text-warning">
            <Undo2 aria-hidden size={11} /> undone after a later step failed
          </span>
        )}
      </div>
      {step.command === undefined ? (
        <p className="px-3 pt-0.5 pb-2 text-text-3">No command line does the same.</p>
      ) : (
        <div className="flex items-start gap-1 px-3 pb-1.5">
          <pre className="min-w-0 flex-1 whitespace-pre-wrap break-words pt-1 font-mono text-[11.5px] leading-[1.5]">
            {step.command}
          </pre>
          <CopyButton text={step.command} label="Copy the command" />
        </div>
      )}
      {step.error !== undefined && step.error !== said && (
        <p className="border-t border-line px-3 py-1.5 font-mono text-[11.5px] text-bad">{step.error}</p>
      )}
    </div>
  );
}

/** The same as the bars say, as a table for whoever does not see bars. */
function StepTable({ steps }: { readonly steps: readonly InvocationStep[] }) {
  return (
    <div className="sr-only">
      <table>
        <caption>Steps of the invocation</caption>
        <thead>
          <tr>
            {['Step', 'Object', 'Start', 'Duration', 'Outcome', 'Command'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps of a past event never change place.
            <tr key={index}>
              <th scope="row">{step.name}</th>
              <td>{step.object}</td>
              <td>{formatDuration(step.startUs)}</td>
              <td>{formatDuration(step.durationUs)}</td>
              <td>{`${step.outcome}${step.undone === true ? ', undone' : ''} ${step.error ?? ''}`}</td>
              <td>{step.command}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
