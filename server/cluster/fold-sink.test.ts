import { expect, test } from 'vitest';
import { TopologyFold } from '../topology/topology-fold.ts';
import { sinkToFold } from './fold-sink.ts';

test('the topology holds what the watch sees, and forgets what a relist does not name', () => {
  const fold = new TopologyFold(() => new Date(), { source: 'kubernetes' });
  const sink = sinkToFold(fold);
  const facts = (name: string) => ({ name, uid: name, internalIps: [], podCidrs: [], roles: [] });
  sink.replace('node', [facts('n1'), facts('n2')]);
  sink.replace('node', [facts('n2')]);
  sink.setBlindSpots(['services: not allowed']);
  expect(Object.keys(fold.cluster().nodes)).toEqual(['n2']);
  expect(fold.cluster().cluster.cluster?.blindSpots).toEqual(['services: not allowed']);
  fold.close();
});
