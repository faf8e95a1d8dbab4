import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { policy } from './policy.js';

const source = fileURLToPath(new URL('../sw/sw.ts', import.meta.url));

/** Address → digest of what lies there, for every file below a folder. */
function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
  return Object.fromEntries(
    files.map((path) => [
      relative(folder, path).split(sep).join('/'),
      createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16),
    ]),
  );
}

const link = (rel: string, href: string) => ({
  tag: 'link',
  attrs: { rel, href },
  injectTo: 'head' as const,
});

/** Names the manifest and the icons, by which the page can be installed like a program. */
export function installable(): Plugin {
  return {
    name: 'installable',
    transformIndexHtml: () => [
      link('manifest', './manifest.webmanifest'),
      link('icon', './icon.png'),
      link('apple-touch-icon', './examples/portraits/portrait1_512.png'),
    ],
  };
}

/** After everything is written, adds `sw.js`: the service worker together with the list of all files it keeps. */
export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    transformIndexHtml: {
      order: 'pre',
      handler: () => [
        { tag: 'script', attrs: { type: 'module', src: './src/offline.ts' }, injectTo: 'head' },
      ],
    },
    async writeBundle({ dir }) {
      if (dir === undefined) throw new Error('the page is built into a folder');
      await build({
        configFile: false,
        logLevel: 'warn',
        define: { FILES: JSON.stringify(digests(dir)), POLICY: JSON.stringify(policy.build) },
        build: {
          outDir: dir,
          emptyOutDir: false,
          copyPublicDir: false,
          target: 'es2023',
          rolldownOptions: { input: source, output: { entryFileNames: 'sw.js', format: 'iife' } },
        },
      });
    },
  };
}
