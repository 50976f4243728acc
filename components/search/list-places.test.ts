import { describe, expect, test } from 'vitest';
import { readLabNode } from '../node/read-fixture.ts';
import { listPlaces } from './list-places.ts';

const pods = Object.values(readLabNode().pods);

describe('the places a search leads to', () => {
  test('a pod on a node is shown on its wire', () => {
    const nginx = pods.filter(({ name }) => name === 'nginx1');
    expect(listPlaces('nginx1', [], nginx).map(({ href }) => href)).toEqual([
      '/nodes/k8s-node01?select=pod%3Adefault%2Fnginx1',
    ]);
  });

  test('a pod that no node has been given has its own page', () => {
    const waiting = pods.slice(0, 1).map(({ nodeName: _, ...pod }) => pod);
    expect(listPlaces('', [], waiting)[0]?.href).toMatch(/^\/pods\/default\//);
  });
});
