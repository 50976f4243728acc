import { EyeOff } from 'lucide-react';
import type { Omission } from '#model/topology/topology.ts';
import { describeOmission } from './describe-omission.ts';

type OmissionNotesProps = { readonly omission: Omission | undefined; readonly view: 'cluster' | 'node' };

/** What the person may not see: counts and pictures below are without it. */
export function OmissionNotes({ omission, view }: OmissionNotesProps) {
  const notes = omission === undefined ? [] : describeOmission(omission, view);
  if (notes.length === 0) {
    return null;
  }
  return (
    <section
      aria-label="Not shown to you"
      className="flex shrink-0 items-start gap-2 border-line border-b bg-panel px-4 py-1.5 text-text-2 md:px-6"
    >
      <EyeOff aria-hidden size={14} className="mt-0.5 shrink-0 text-text-3" />
      <div className="min-w-0">
        {notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
    </section>
  );
}
