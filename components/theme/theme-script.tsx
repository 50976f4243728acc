/**
 * Sets `data-theme` before the first paint, so that nobody sees the other theme flash by. The stored choice wins; without
 * one the system's preference does.
 */
const SOURCE = `try{var t=localStorage.getItem('podwire-theme');var d=t==='dark'||t==='light'?t:matchMedia('(prefers-color-scheme: light)').matches?'light':'dark';document.documentElement.dataset.theme=d}catch(e){document.documentElement.dataset.theme='dark'}`;

export function ThemeScript() {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of our own that has to run before React does.
  return <script dangerouslySetInnerHTML={{ __html: SOURCE }} />;
}
