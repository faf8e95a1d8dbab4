import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { beside } from './build/beside.js';
import { installable, offline } from './build/offline.js';
import { contentSecurityPolicy } from './build/policy.js';

const dist = (path: string) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

export default defineConfig({
  // Every address is relative: the page works from any folder of any static server.
  base: './',
  resolve: {
    // The page uses the library as any other program does: what the package exports, nothing else.
    alias: [
      { find: /^float-webgpu\/browser$/, replacement: dist('browser/index.js') },
      { find: /^float-webgpu$/, replacement: dist('index.js') },
    ],
  },
  plugins: [contentSecurityPolicy(), beside(), installable(), offline()],
  // No data: addresses for small pictures, and no polyfill: browsers with WebGPU know module preloading.
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: 'es' },
});
