import { z } from 'zod';
import { LinkIndex } from './link-index.ts';

/** `wg show`, without what is secret: neither the private key nor a preshared one is ever in a record. */
export const WireguardPeer = z.object({
  /** Base64, as `wg` prints it. */
  publicKey: z.string(),
  /** `192.168.31.162:51820`, `[fd00::1]:51820` */
  endpoint: z.string().optional(),
  /** Prefixes whose packets go to this peer, and come from it. */
  allowedIps: z.array(z.string()),
  keepaliveSeconds: z.int().optional(),
  /** RFC 3339; absent where there was none. It moves by itself. */
  lastHandshakeAt: z.string().optional(),
});
export type WireguardPeer = z.infer<typeof WireguardPeer>;

export const WireguardDevice = z.object({
  linkIndex: LinkIndex,
  /** Absent where no private key is set. */
  publicKey: z.string().optional(),
  listenPort: z.int().optional(),
  /** `0xca6c`, on packets that are encrypted already. */
  mark: z.string().optional(),
  peers: z.array(WireguardPeer),
});
export type WireguardDevice = z.infer<typeof WireguardDevice>;
