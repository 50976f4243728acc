'use client';

import { TriangleAlert } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { PageHeader } from './page-header.tsx';

type BrokenPageProps = { readonly message: string; readonly onRetry: () => void };

/** What a view shows that threw while it was drawn. */
export function BrokenPage({ message, onRetry }: BrokenPageProps) {
  return (
    <>
      <PageHeader title="This view broke" />
      <EmptyState icon={TriangleAlert} title="The view could not be drawn">
        <p>Pods are not affected: the dashboard only looks.</p>
        <p className="my-3 break-words font-mono text-[12px] text-text-3">{message}</p>
        <Button look="outlined" onClick={onRetry}>
          Draw it again
        </Button>
      </EmptyState>
    </>
  );
}
