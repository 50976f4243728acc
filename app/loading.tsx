import { Skeleton } from '#components/ui/skeleton.tsx';

export default function Loading() {
  return (
    <output aria-label="Loading" className="block space-y-4 p-6">
      <Skeleton className="h-8 w-64" />
      <Skeleton className="h-48" />
    </output>
  );
}
