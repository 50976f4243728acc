/** Whose address it is: CNI_CONTAINERID and CNI_IFNAME. */
export type ReservationOwner = { readonly containerId: string; readonly ifName: string };

/** What the file of a reserved address says. All addresses of one attachment are names of one file. */
export type Reservation = ReservationOwner & {
  readonly addresses: readonly string[];
  /** `namespace/name`, where the runtime told it; for the operator. */
  readonly pod?: string | undefined;
  /** Of the pod, where the runtime asked for it; else it is made from the first address. */
  readonly mac?: string | undefined;
  /** RFC 3339 */
  readonly reservedAt: string;
  /** Boot (and root namespace) in which it was made; of an earlier one, no pod is left that could use it. */
  readonly bootId: string;
  /** Directory of the host-local store that it was taken over from. */
  readonly importedFrom?: string | undefined;
};

/** Whether other pods may remember its addresses with another MAC than the one that is made from them. */
export function hadOtherMac({ mac, importedFrom }: Reservation): boolean {
  return mac !== undefined || importedFrom !== undefined;
}

export function formatReservation(reservation: Reservation): string {
  return `${JSON.stringify(reservation, undefined, 2)}\n`;
}

/** @returns undefined for an empty or torn file */
export function parseReservation(text: string): Reservation | undefined {
  try {
    const value = JSON.parse(text) as Partial<Reservation> | null;
    return Array.isArray(value?.addresses) ? (value as Reservation) : undefined;
  } catch {
    return undefined;
  }
}
