import { readFileSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { quarterSize, recompressed } from './portraits.js';
import { builtShader, kernelFiles } from '../../tools/embed-shaders.mjs';
import { kernelPage, modelPage } from './reading.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const faceDetection = 'node_modules/@mediapipe/face_detection';

/** A file that lies beside the page: copied from the repository, or made from one of its files. */
interface BesideFile {
  /** Address, relative to the page. */
  readonly path: string;
  readonly content: () => string | Uint8Array;
}

const copied = (path: string, from = path): BesideFile => ({
  path,
  content: () => readFileSync(root + from),
});
const written = (path: string, content: () => string): BesideFile => ({ path, content });
const text = (path: string) => readFileSync(root + path, 'utf8');
const namesIn = (folder: string, end: string) =>
  readdirSync(root + folder).filter((name) => name.endsWith(end));

function faceModelNotice(): string {
  const { name, version } = JSON.parse(text(`${faceDetection}/package.json`)) as Record<string, string>;
  return (
    `face_detection_short_range.tflite is BlazeFace, short range (Bazarevsky et al. 2019, arXiv:1907.05047), by Google,\n` +
    `unchanged from the npm package ${name} ${version}. Apache License 2.0: https://www.apache.org/licenses/LICENSE-2.0\n`
  );
}

/** All that the page fetches or links to and Vite does not know of. */
function besideFiles(): BesideFile[] {
  return [
    copied('weights/demo/config.json'),
    copied('weights/demo/weights.safetensors'),
    ...namesIn('examples/portraits', '_512.png').flatMap((name) => {
      const original = () => readFileSync(`${root}examples/portraits/${name}`);
      return [
        { path: `examples/portraits/${name}`, content: () => recompressed(original()) },
        {
          path: `examples/portraits/${name.replace('_512', '_128')}`,
          content: () => quarterSize(original()),
        },
      ];
    }),
    ...namesIn('examples/speech', '.wav').map((name) => copied(`examples/speech/${name}`)),
    copied('models/face_detection_short_range.tflite', `${faceDetection}/face_detection_short_range.tflite`),
    written('models/NOTICE.txt', faceModelNotice),
    copied('LICENSE.txt', 'LICENSE'),
    copied('icon.png', 'examples/portraits/portrait1.png'),
    copied('manifest.webmanifest', 'web/build/manifest.json'),
    copied('reading.css', 'web/build/reading.css'),
    written('docs/model.html', () => modelPage(text('docs/model.md'))),
    ...namesIn('docs/images', '.svg').map((name) => copied(`docs/images/${name}`)),
    ...[...kernelFiles()].map(([name, file]) =>
      written(`shaders/${name}.wgsl.html`, () => kernelPage(file, builtShader(file))),
    ),
  ];
}

const mimeTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wav': 'audio/wav',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** Puts these files beside the page: answered by the development server, emitted by the build. */
export function beside(): Plugin {
  return {
    name: 'beside',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = new URL(request.url ?? '/', 'http://page').pathname.slice(1);
        const file = besideFiles().find((candidate) => candidate.path === path);
        if (!file) return next();
        const type = mimeTypes[extname(path)] ?? 'application/octet-stream';
        response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' }).end(file.content());
      });
    },
    generateBundle() {
      for (const { path, content } of besideFiles()) {
        this.emitFile({ type: 'asset', fileName: path, source: content() });
      }
    },
  };
}
