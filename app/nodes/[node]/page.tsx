import type { Metadata } from 'next';
import { NodeView } from '#components/node/node-view.tsx';

type NodePageProps = { readonly params: Promise<{ readonly node: string }> };

export async function generateMetadata({ params }: NodePageProps): Promise<Metadata> {
  return { title: decodeURIComponent((await params).node) };
}

export default async function NodePage({ params }: NodePageProps) {
  return <NodeView node={decodeURIComponent((await params).node)} />;
}
