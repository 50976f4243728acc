/**
 * Sets `data-theme` before the first paint, so that nobody sees the other theme flash by. The stored choice wins; without
 * one the system's preference does.
 */
const SOURCE = `try{var t=localStorage.getItem('podwire-theme');var d=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: light)').matches?'light':'dark';document.documentElement.dataset.theme=d}catch(e){document.documentElement.dataset.theme='dark'}`;

/** `nonce`: of the page's content policy. The browser hides it from scripts, so React must not compare it. */
export function ThemeScript({ nonce }: { readonly nonce: string | undefined }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of our own that has to run before React does.
  return <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: SOURCE }} />;
}
