/** A configuration for one nginx process in the foreground that writes below /tmp only. */
export function renderNginxConfiguration(
  servers = 'server { listen 80; location / { root /html; index index.html; } }',
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path /tmp/${name};`)
    .join('\n');
  return `daemon off;
master_process off;
user root root;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  access_log off;
  default_type text/html;
${temporary}
  ${servers}
}
`;
}

/** The page a pod serves: it says who answered, so that one sees which pod was reached. */
export function renderPage(pod: {
  readonly podName: string;
  readonly namespace: string;
  readonly node: string;
  readonly podIp: string;
}): string {
  return `<!doctype html>
<title>${pod.podName}</title>
<h1>${pod.podName}</h1>
<p>Pod ${pod.namespace}/${pod.podName} on node ${pod.node} answers at ${pod.podIp}.</p>
`;
}
