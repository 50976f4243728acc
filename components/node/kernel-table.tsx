'use client';

import type { NodeTable, NodeTableRow } from './node-table.ts';

type KernelTableProps = {
  readonly table: NodeTable;
  readonly lit: ReadonlySet<string> | undefined;
  readonly selection: string | undefined;
  readonly onSelect: (id: string | undefined) => void;
};

/** One table; rows that belong to the selection are marked. */
export function KernelTable({ table, lit, selection, onSelect }: KernelTableProps) {
  return (
    <>
      {table.problems.map((problem) => (
        <p key={problem} role="note" className="hatched mb-2 rounded-md border border-line px-3 py-1.5 text-text-2">
          {problem}
        </p>
      ))}
      {table.rows.length === 0 ? (
        <p className="py-6 text-text-3">{table.empty}</p>
      ) : (
        <div className="overflow-x-auto">
          <table aria-label={table.label} className="w-full min-w-[880px] border-collapse text-[12px]">
            <thead>
              <tr className="border-line border-b text-left text-text-3">
                {table.columns.map((column) => (
                  <th key={column} scope="col" className="py-1.5 pr-4 font-medium">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <KernelRow
                  key={row.id}
                  row={row}
                  isLit={lit?.has(row.id) === true}
                  isSelected={row.selection !== undefined && row.selection === selection}
                  onSelect={onSelect}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

type KernelRowProps = {
  readonly row: NodeTableRow;
  readonly isLit: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (id: string | undefined) => void;
};

function KernelRow({ row, isLit, isSelected, onSelect }: KernelRowProps) {
  const look = isSelected ? 'bg-selection/15' : isLit ? 'bg-raised' : '';
  const { selection } = row;
  return (
    <tr
      className={`border-line/60 border-b ${look}`}
      aria-selected={isSelected || undefined}
      data-lit={isLit || undefined}
    >
      {row.cells.map((cell, place) => (
        <td
          // biome-ignore lint/suspicious/noArrayIndexKey: cells of a row are its columns, in order.
          key={place}
          className={`max-w-[520px] break-words py-1 pr-4 align-top font-mono text-[11.5px] ${place === 0 ? 'text-text' : 'text-text-2'}`}
        >
          {place === 0 && selection !== undefined ? (
            <button
              type="button"
              aria-pressed={isSelected}
              onClick={() => onSelect(isSelected ? undefined : selection)}
              className="text-left hover:underline"
            >
              {isLit && <span className="text-selection">▸ </span>}
              {cell}
            </button>
          ) : (
            cell
          )}
        </td>
      ))}
    </tr>
  );
}
