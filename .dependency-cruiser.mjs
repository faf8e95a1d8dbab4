// Which folder of src may import which: the arrows of docs/architecture.md. `npm run lint` checks them, and that there
// are no circles of files.
const arrows = {
  base: [],
  cartoon: ['base', 'sampling', 'media'],
  runtime: ['base'],
  ops: ['base', 'runtime'],
  sampling: ['base'],
  weights: ['base'],
  media: ['base'],
  models: ['base', 'runtime', 'ops', 'sampling', 'weights', 'media'],
  pipeline: ['base', 'runtime', 'ops', 'sampling', 'weights', 'media', 'models'],
  train: ['base', 'runtime', 'ops', 'sampling', 'weights', 'media', 'models', 'cartoon'],
  verify: ['base', 'runtime', 'sampling', 'weights', 'media', 'models', 'pipeline', 'train'],
  browser: ['base', 'weights', 'media'],
  node: ['base', 'weights', 'media', 'verify', 'cartoon', 'train'],
  cli: [
    'base',
    'runtime',
    'sampling',
    'weights',
    'media',
    'models',
    'pipeline',
    'verify',
    'node',
    'cartoon',
    'train',
  ],
};
const parts = ['autoencoder', 'transformer', 'speech', 'face'];

const folder = (name) => `^src/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no circles', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    ...Object.entries(arrows).map(([name, allowed]) => ({
      name: `${name} may import ${allowed.join(', ') || 'nothing'} only`,
      severity: 'error',
      from: { path: folder(name) },
      to: { path: '^src/', pathNot: [name, ...allowed].map(folder) },
    })),
    ...parts.map((part) => ({
      name: `models/${part} stands beside the other parts`,
      severity: 'error',
      from: { path: folder(`models/${part}`) },
      to: { path: '^src/models/[^/]+/', pathNot: folder(`models/${part}`) },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
