/**
 * Sets `data-theme` before the first paint, so that nobody sees the other theme flash by. The stored choice wins; without
 * one the system's preference does.
 */
const THEME = `try{var t=localStorage.getItem('podwire-theme');var d=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: light)').matches?'light':'dark';document.documentElement.dataset.theme=d}catch(e){document.documentElement.dataset.theme='dark'}`;

/**
 * The nonce for libraries that add style sheets to the page: an open window's, which keeps what is behind from scrolling. They look
 * for it under the name that webpack gave it (get-nonce). A script sees its own nonce only while it runs.
 */
const NONCE = 'window.__webpack_nonce__=document.currentScript.nonce';

/**
 * zod would try whether it may compile its checks from text, which the content policy forbids and reports. It asks when the first schema
 * is made, so this has to be known before any module runs (zod/v4/core/core.js, globalConfig).
 */
const NO_COMPILING = 'window.__zod_globalConfig={jitless:true}';

const SOURCE = [THEME, NONCE, NO_COMPILING].join(';');

/** What runs before React does. `nonce`: of the page's content policy; the browser hides it from scripts, so React must not compare it. */
export function StartScript({ nonce }: { readonly nonce: string | undefined }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: constants of our own that have to run before React does.
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: SOURCE }} />;
}
