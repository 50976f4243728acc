import { Check, TriangleAlert } from 'lucide-react';
import type { ComparisonRow, Verdict } from './compare-attachment.ts';

type ComparisonTableProps = { readonly rows: readonly ComparisonRow[] };

/** Reported against kernel; a difference is marked by sign, word and colour. */
export function ComparisonTable({ rows }: ComparisonTableProps) {
  return (
    <table aria-label="Reported against kernel" className="w-full table-fixed border-separate border-spacing-0">
      <thead>
        <tr className="text-left text-[11.5px] text-text-3">
          <th scope="col" className="w-[66px] font-medium">
            <span className="sr-only">Property</span>
          </th>
          <th scope="col" className="font-medium">
            reported
          </th>
          <th scope="col" className="font-medium">
            kernel
          </th>
          <th scope="col" className="w-[18px]">
            <span className="sr-only">Agreement</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ComparisonLine key={row.label} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function ComparisonLine({ row }: { readonly row: ComparisonRow }) {
  const isDifferent = row.verdict === 'different';
  return (
    <tr data-verdict={row.verdict} className="align-top">
      <th scope="row" className="py-[2.5px] text-left font-normal text-text-2">
        {row.label}
      </th>
      <ValueCell value={row.reported} absent="not reported" isDifferent={isDifferent} />
      <ValueCell value={row.kernel} absent="not read" isDifferent={isDifferent} />
      <td className="py-[3px] text-right">
        <VerdictMark verdict={row.verdict} />
      </td>
    </tr>
  );
}

type ValueCellProps = { readonly value: string | undefined; readonly absent: string; readonly isDifferent: boolean };

function ValueCell({ value, absent, isDifferent }: ValueCellProps) {
  return (
    <td
      className={`break-words py-[2.5px] pr-1 font-mono text-[11px] leading-[19px] ${isDifferent ? 'text-bad' : 'text-text'}`}
    >
      {value ?? <span className="hatched rounded-sm px-1 font-sans text-[11px] text-text-2">{absent}</span>}
    </td>
  );
}

const WORDS: Record<Verdict, string> = {
  same: 'same',
  different: 'different',
  unreported: 'not reported',
  unread: 'not read',
};

function VerdictMark({ verdict }: { readonly verdict: Verdict }) {
  const Icon = verdict === 'same' ? Check : verdict === 'different' ? TriangleAlert : undefined;
  return (
    <span title={WORDS[verdict]} className="inline-flex">
      {Icon === undefined ? (
        <span aria-hidden className="text-text-3">
          ·
        </span>
      ) : (
        <Icon aria-hidden size={15} strokeWidth={2.4} className={verdict === 'same' ? 'text-good' : 'text-bad'} />
      )}
      <span className="sr-only">{WORDS[verdict]}</span>
    </span>
  );
}
