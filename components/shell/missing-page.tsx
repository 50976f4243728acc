import { Unplug } from 'lucide-react';
import Link from 'next/link';
import { EmptyState } from '../ui/empty-state.tsx';
import { PageHeader } from './page-header.tsx';

/** What an address that leads nowhere shows. */
export function MissingPage() {
  return (
    <>
      <PageHeader title="No such page" />
      <EmptyState icon={Unplug} title="Nothing is plugged in here">
        This address leads nowhere.{' '}
        <Link href="/" className="text-veth underline">
          To the cluster
        </Link>
      </EmptyState>
    </>
  );
}
