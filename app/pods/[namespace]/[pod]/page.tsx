import type { Metadata } from 'next';
import { PodView } from '#components/pod/pod-view.tsx';

type PodPageProps = { readonly params: Promise<{ readonly namespace: string; readonly pod: string }> };

export async function generateMetadata({ params }: PodPageProps): Promise<Metadata> {
  const { namespace, pod } = await params;
  return { title: `${decodeURIComponent(namespace)}/${decodeURIComponent(pod)}` };
}

export default async function PodPage({ params }: PodPageProps) {
  const { namespace, pod } = await params;
  return <PodView namespace={decodeURIComponent(namespace)} pod={decodeURIComponent(pod)} />;
}
