import { JsonView } from '../ui/json-view.tsx';
import type { ProofRecord } from './read-proof.ts';

/** Raw kernel records, closed until asked for. */
export function ProofList({ records }: { readonly records: readonly ProofRecord[] }) {
  if (records.length === 0) {
    return <p className="text-text-3">The kernel reading holds no record of this.</p>;
  }
  return (
    <div className="space-y-1">
      {records.map((record) => (
        <details key={record.title} className="rounded-md border border-line">
          <summary className="cursor-pointer px-2.5 py-1.5 font-mono text-[11.5px] text-text-2 hover:text-text">
            {record.title}
          </summary>
          <div className="p-1.5">
            <JsonView value={record.raw} label={`the raw record of ${record.title}`} />
          </div>
        </details>
      ))}
    </div>
  );
}
