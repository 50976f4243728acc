'use client';

import { X } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import type { NodeTopology } from '#model/topology/topology.ts';
import { AgentInspector } from '../agent/agent-inspector.tsx';
import { PodInspector } from '../pod/pod-inspector.tsx';
import type { NodeScene } from './node-scene.ts';
import { ObjectInspector } from './object-inspector.tsx';

type InspectorProps = {
  readonly topology: NodeTopology;
  readonly scene: NodeScene;
  readonly selection: string;
  readonly onSelect: (id: string | undefined) => void;
  /** What is shown is as of then, not now. */
  readonly isOld: boolean;
};

/** What is selected, beside the drawing; below it on a narrow screen. Esc closes it. */
export function Inspector({ topology, scene, selection, onSelect, isOld }: InspectorProps) {
  const isPod = selection.startsWith('pod:');
  return (
    <InspectorFrame isOld={isOld} onClose={() => onSelect(undefined)}>
      {selection === 'agent' ? (
        <AgentInspector topology={topology} />
      ) : isPod ? (
        <PodInspector key={selection} topology={topology} pod={selection.slice('pod:'.length)} />
      ) : (
        <ObjectInspector key={selection} topology={topology} scene={scene} selection={selection} onSelect={onSelect} />
      )}
    </InspectorFrame>
  );
}

type InspectorFrameProps = { readonly isOld: boolean; readonly onClose: () => void; readonly children: ReactNode };

function InspectorFrame({ isOld, onClose, children }: InspectorFrameProps) {
  useEffect(() => {
    const closeByKey = (key: KeyboardEvent): void => {
      const isInDialog = key.target instanceof Element && key.target.closest('[role="dialog"]') !== null;
      if (key.key === 'Escape' && !key.defaultPrevented && !isInDialog) {
        onClose();
      }
    };
    window.addEventListener('keydown', closeByKey);
    return () => window.removeEventListener('keydown', closeByKey);
  }, [onClose]);
  return (
    <aside
      aria-label="Inspector"
      className="fixed inset-x-0 bottom-0 z-30 max-h-[72dvh] overflow-y-auto rounded-t-2xl border-line border-t bg-panel p-4 shadow-pop md:static md:max-h-none md:w-[384px] md:shrink-0 md:rounded-none md:border-t-0 md:border-l md:p-5 md:shadow-none"
    >
      <div className="relative">
        <button
          type="button"
          aria-label="Close the inspector"
          title="Close (Esc)"
          onClick={onClose}
          className="absolute top-0 right-0 z-10 flex size-7 items-center justify-center rounded-md text-text-3 hover:bg-raised hover:text-text"
        >
          <X aria-hidden size={15} />
        </button>
        <div className={isOld ? 'opacity-70 grayscale' : ''}>{children}</div>
      </div>
    </aside>
  );
}
