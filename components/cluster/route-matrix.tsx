import type { NodeTile } from '#model/topology/topology.ts';
import { ROUTE_WORDS, RouteCell, type RouteClaim } from './route-cell.tsx';

const WORDED_COLUMNS = 5;
/** Beyond this nobody reads a matrix; what is wrong is listed instead. */
const MATRIX_NODES = 24;

type RouteMatrixProps = { readonly tiles: readonly NodeTile[] };

function findRoute(tile: NodeTile, to: NodeTile): RouteClaim {
  const route = tile.routes.find(({ toNode }) => toNode === to.name);
  const podCidr = to.podCidrs[0] ?? 'no podCIDR';
  return route ?? { toNode: to.name, podCidr, state: to.name === tile.name ? 'own' : 'unknown' };
}

/** Which node can send to which podCIDR, as the main tables of the nodes say. */
export function RouteMatrix({ tiles }: RouteMatrixProps) {
  const broken = tiles.flatMap((tile) => tile.routes.filter(({ state }) => state === 'missing'));
  return (
    <section aria-labelledby="routes-between-nodes" className="mt-8">
      <div className="mb-2.5 flex items-baseline gap-3">
        <h2 id="routes-between-nodes" className="heading">
          Routes between nodes
        </h2>
        <p className="text-text-2 text-xs">
          {broken.length === 0 ? 'none missing' : ''}
          {broken.length > 0 && <span className="font-semibold text-bad">{broken.length} missing</span>}
        </p>
      </div>
      {tiles.length > MATRIX_NODES ? <BrokenRoutes tiles={tiles} /> : <MatrixTable tiles={tiles} />}
    </section>
  );
}

function MatrixTable({ tiles }: RouteMatrixProps) {
  const isCompact = tiles.length > WORDED_COLUMNS;
  return (
    <div className="w-fit max-w-full overflow-x-auto rounded-xl border border-line bg-panel">
      <table className="text-xs">
        <caption className="sr-only">Route from each node (row) to the pods of each node (column)</caption>
        <thead>
          <tr>
            <th scope="col" className="border-line border-r border-b px-4 py-2 text-left font-normal text-text-3">
              from ↓ to pods of →
            </th>
            {tiles.map((tile) => (
              <th
                key={tile.name}
                scope="col"
                className={`border-line border-b px-3 py-2 text-left font-semibold ${isCompact ? '' : 'min-w-52'}`}
              >
                <span className="block max-w-44 truncate">{tile.name}</span>
                <span className="block font-mono font-normal text-text-3">{tile.podCidrs.join(' ') || 'none'}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tiles.map((tile) => (
            <tr key={tile.name} className="border-line border-b last:border-b-0">
              <th scope="row" className="border-line border-r px-4 py-2 text-left font-semibold">
                {tile.name}
              </th>
              {tiles.map((to) => (
                <td key={to.name} className="max-w-72 p-0">
                  <RouteCell
                    from={tile.name}
                    route={findRoute(tile, to)}
                    oldSince={tile.agent.state === 'stale' ? tile.agent.lastSeen : undefined}
                    isCompact={isCompact}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Of many nodes only what is not as it should be; the rest is counted. */
function BrokenRoutes({ tiles }: RouteMatrixProps) {
  const claims = tiles.flatMap((tile) => tile.routes.map((route) => ({ from: tile.name, route })));
  const notable = claims.filter(({ route }) => route.state !== 'own' && route.state !== 'routed');
  return (
    <div className="rounded-xl border border-line bg-panel px-4 py-3 text-xs">
      <p className="text-text-2">
        {claims.length - notable.length} of {claims.length} are routed.
      </p>
      <ul className="mt-1 columns-1 gap-8 lg:columns-2">
        {notable.slice(0, 200).map(({ from, route }) => (
          <li key={`${from} ${route.toNode}`} className="py-0.5">
            {from} → {route.toNode} <span className="font-mono">{route.podCidr}</span>:{' '}
            <span className={route.state === 'missing' ? 'font-semibold text-bad' : 'text-warning'}>
              {ROUTE_WORDS[route.state]}
            </span>
          </li>
        ))}
      </ul>
      {notable.length > 200 && <p className="mt-1 text-text-3">and {notable.length - 200} more</p>}
    </div>
  );
}
