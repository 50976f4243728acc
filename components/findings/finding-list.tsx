import Link from 'next/link';
import type { NodeFinding } from '#model/findings/node-finding.ts';
import { formatMoment } from '../timeline/format-moment.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { SeverityBadge } from './severity-badge.tsx';

type FindingListProps = {
  readonly findings: readonly NodeFinding[];
  /** On the node's own page: no link leads there. */
  readonly isOnNode?: boolean;
};

/** What is wrong, each with what shows it and what mends it. */
export function FindingList({ findings, isOnNode = false }: FindingListProps) {
  if (findings.length === 0) {
    return <p className="text-text-2">Its agent finds nothing wrong.</p>;
  }
  return (
    <ul className={isOnNode ? 'divide-y divide-line/60' : 'space-y-3'}>
      {findings.map((finding) => (
        <li
          key={`${finding.node}/${finding.id}`}
          data-finding={finding.id}
          data-severity={finding.severity}
          className={isOnNode ? 'py-2.5 first:pt-0 last:pb-0' : 'rounded-xl border border-line bg-panel px-4 py-3.5'}
        >
          <FindingBody finding={finding} isOnNode={isOnNode} />
        </li>
      ))}
    </ul>
  );
}

function FindingBody({ finding, isOnNode }: { readonly finding: NodeFinding; readonly isOnNode: boolean }) {
  const { severity, title, evidence, remedy, object, since, node, rule } = finding;
  const Title = isOnNode ? 'h4' : 'h2';
  return (
    <>
      <div className="flex items-start gap-2.5">
        <SeverityBadge severity={severity} />
        <Title className={`min-w-0 break-words pt-0.5 font-semibold ${isOnNode ? '' : 'text-sm'}`}>{title}</Title>
      </div>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-0.5 text-text-2 text-xs">
        {!isOnNode && (
          <Link href={placeOf(finding)} className="font-semibold text-veth hover:underline">
            {node}
          </Link>
        )}
        {object !== undefined && <span className="break-words font-mono text-[11.5px]">{object}</span>}
        <span>
          since{' '}
          <time dateTime={since} title={since} className="font-mono text-[11.5px]">
            {formatMoment(since, new Date())}
          </time>
        </span>
        <span className="font-mono text-[11px] text-text-3">{rule}</span>
      </p>
      {evidence.length > 0 && <Evidence lines={evidence} />}
      {remedy !== undefined && (
        <div className="mt-2 flex items-start gap-2 rounded-md border border-line bg-ground py-1 pr-1 pl-2.5">
          <p className="min-w-0 flex-1 break-words py-0.5">
            <span className="sr-only">Remedy: </span>
            {remedy}
          </p>
          <CopyButton text={remedy} label="Copy the remedy" />
        </div>
      )}
    </>
  );
}

function Evidence({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul aria-label="Evidence" className="mt-2 space-y-0.5 border-line-strong border-l-2 pl-2.5">
      {lines.map((line) => (
        <li key={line} className="break-words font-mono text-[11.5px] text-text-2">
          {line}
        </li>
      ))}
    </ul>
  );
}

/** Where the object is to be seen: a pod has a page, everything else stands on its node. */
export function placeOf({ node, object }: Pick<NodeFinding, 'node' | 'object'>): string {
  const pod = /^pod ([^/\s]+)\/([^/\s]+)$/.exec(object ?? '');
  if (pod !== null) {
    return `/pods/${encodeURIComponent(pod[1] ?? '')}/${encodeURIComponent(pod[2] ?? '')}`;
  }
  return `/nodes/${encodeURIComponent(node)}?select=agent`;
}
