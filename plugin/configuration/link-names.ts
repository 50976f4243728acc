/** The bridge of a network that names none. */
export const DEFAULT_BRIDGE_NAME = 'cni0';

/** Of the overlay. Ours by its name; a name stays for ever, as an older Podwire's link has to be recognised. */
export const OVERLAY_LINK = 'podwire-vxlan';
