import { ClusterView } from '#components/cluster/cluster-view.tsx';

export default function ClusterPage() {
  return <ClusterView />;
}
