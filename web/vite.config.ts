import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const dist = (path: string) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

export default defineConfig({
  base: './',
  resolve: {
    // The page uses the library as any other program does: what the package exports, nothing else.
    alias: [
      { find: /^float-webgpu\/browser$/, replacement: dist('browser/index.js') },
      { find: /^float-webgpu$/, replacement: dist('index.js') },
    ],
  },
  build: { target: 'es2023' },
  worker: { format: 'es' },
});
