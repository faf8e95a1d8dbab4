import type { Plugin } from 'vite';

const rules = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  'img-src': "'self' blob: data:",
  'media-src': "'self' blob:",
  'connect-src': "'self' blob:",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

const written = (all: Record<string, string>) =>
  Object.entries(all)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');

/**
 * What the page may load and whom it may talk to: its own origin. Vite's development server puts styles into the page
 * and reloads over a socket, so that there these two are allowed as well.
 */
export const policy = {
  build: written(rules),
  serve: written({ ...rules, 'style-src': "'self' 'unsafe-inline'", 'connect-src': "'self' blob: ws:" }),
};

/** Writes the policy into the page, before anything that it governs. */
export function contentSecurityPolicy(): Plugin {
  let command: 'build' | 'serve' = 'build';
  return {
    name: 'content-security-policy',
    configResolved: (config) => {
      command = config.command;
    },
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy[command] },
        injectTo: 'head-prepend',
      },
    ],
  };
}
