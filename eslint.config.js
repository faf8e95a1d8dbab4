import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const nodeModules = { group: ['node:*'], message: 'Only src/node, src/cli and tests may use Node.' };

/** Node's recursive mkdir spins for ever where a folder that exists says ENOENT (/proc, a stale mount). */
const recursiveMkdir = ['callee.name', 'callee.property.name'].map((callee) => ({
  selector: `CallExpression[${callee}=/^mkdir(Sync)?$/] Property[key.name="recursive"]`,
  message: 'Use makeFolders of src/node/make-folders.ts.',
}));

const names = [
  'console',
  'process',
  'URL',
  'Buffer',
  'performance',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'GPUBufferUsage',
  'GPUMapMode',
];
const nodeGlobals = Object.fromEntries(names.map((name) => [name, 'readonly']));

export default tseslint.config(
  { ignores: ['**/dist', 'types', 'src/runtime/shaders.generated.ts'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['tools/*.mjs'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...recursiveMkdir],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/node/**', 'src/cli/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [nodeModules] }] },
  },
  { files: ['**/*.mjs', 'eslint.config.js'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.mjs'], languageOptions: { globals: nodeGlobals } },
);
