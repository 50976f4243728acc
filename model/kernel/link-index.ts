import { z } from 'zod';

/** Interface index, unique inside one network namespace. */
export const LinkIndex = z.int().nonnegative().brand<'LinkIndex'>();
export type LinkIndex = z.infer<typeof LinkIndex>;
