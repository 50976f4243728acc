import type * as NodeFs from 'node:fs';

/** node:fs for what happens once per node, or only when something is wrong: a static import would cost every pod 1 ms. */
export const nodeFs = (): typeof NodeFs => process.getBuiltinModule('node:fs') as typeof NodeFs;
