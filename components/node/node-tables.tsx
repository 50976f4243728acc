'use client';

import { useMemo } from 'react';
import type { NodeTopology } from '#model/topology/topology.ts';
import { useUrlValue } from '../shell/use-url-value.ts';
import { Tabs } from '../ui/tabs.tsx';
import { findRelated } from './find-related.ts';
import { KernelTable } from './kernel-table.tsx';
import type { NodeScene } from './node-scene.ts';
import { readAgentTables } from './read-agent-tables.ts';
import { readNodeTables } from './read-node-tables.ts';

type NodeTablesProps = {
  readonly topology: NodeTopology;
  readonly scene: NodeScene;
  readonly selection: string | undefined;
  readonly onSelect: (id: string | undefined) => void;
};

/** All that the drawing says, and all that it leaves out, as tables. Rows of the selected object stand out. */
export function NodeTables({ topology, scene, selection, onSelect }: NodeTablesProps) {
  const [table, setTable] = useUrlValue('table');
  const tables = useMemo(() => [...readNodeTables(topology), ...readAgentTables(topology)], [topology]);
  const lit = useMemo(
    () => (selection === undefined ? undefined : findRelated(topology, scene, selection)),
    [topology, scene, selection],
  );
  return (
    <div className="min-h-0 flex-1 overflow-auto bg-ground px-4 py-3 md:px-6">
      <Tabs
        label="Tables of the node"
        chosen={{ id: tables.some(({ id }) => id === table) ? table : undefined, onChoose: setTable }}
        tabs={tables.map((each) => ({
          id: each.id,
          label: (
            <>
              {each.label} <span className="font-mono text-[11px] text-text-3">{each.rows.length}</span>
            </>
          ),
          content: <KernelTable table={each} lit={lit} selection={selection} onSelect={onSelect} />,
        }))}
      />
    </div>
  );
}
