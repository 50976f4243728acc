/** Written into every journal line and every batch. The same as in package.json; a test compares them. */
export const PLUGIN_VERSION = '0.1.0';
