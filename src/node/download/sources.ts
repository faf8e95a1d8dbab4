import type { RemoteFile } from './part.js';

/** A repository of Hugging Face's and which of its files are meant; all that make a checkpoint unless said. */
export interface HubSource {
  readonly hub: string;
  /** The version these hashes are of. */
  readonly revision?: string;
  readonly paths?: readonly string[];
  /** What is known of files from elsewhere than the server itself, by path. */
  readonly known?: Readonly<Record<string, Omit<RemoteFile, 'url'>>>;
}

/**
 * Where the published model is, in the order in which they are tried: complete copies. Of neither we know sizes or
 * hashes other than those that Hugging Face states.
 */
export const publishedSources: readonly HubSource[] = [
  { hub: 'set-soft/float', paths: ['FLOAT.safetensors'] },
  { hub: 'yuvraj108c/float' },
];

/**
 * The two wav2vec2 that the authors' own float.pth does without. Sizes and hashes of the first are as many public
 * programs pin them; of the second only the server's own are known.
 */
export const originalEncoders: Readonly<Record<'wav2vec2' | 'emotion', HubSource>> = {
  wav2vec2: {
    hub: 'facebook/wav2vec2-base-960h',
    revision: '22aad52d435eb6dbaf354bdad9b0da84ce7d6156',
    paths: ['model.safetensors'],
    known: {
      'model.safetensors': {
        size: 377_607_901,
        sha256: '8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a',
      },
      'config.json': {
        size: 1596,
        sha256: 'd3ec255c063d9f95057b553b19c20135b259875834a4fe9deb218a6be25b4cf3',
      },
    },
  },
  emotion: { hub: 'r-f/wav2vec-english-speech-emotion-recognition' },
};

/** Where the authors themselves offer float.pth: a page, not a file. */
export const authorsLink = 'https://drive.google.com/file/d/1rvWuM12cyvNvBQNCLmG4Fr2L1rpjQBF0';

export interface Licence {
  readonly what: string;
  readonly terms: string;
  readonly url: string;
}

export const publishedLicences: readonly Licence[] = [
  {
    what: 'FLOAT’s own weights (Ki, Min, Chae)',
    terms: 'CC BY-NC-ND 4.0: name the authors; not for commercial use; pass on no changed copy',
    url: 'https://creativecommons.org/licenses/by-nc-nd/4.0/',
  },
  {
    what: 'wav2vec2-base-960h (Meta)',
    terms: 'Apache-2.0',
    url: 'https://huggingface.co/facebook/wav2vec2-base-960h',
  },
  {
    what: 'wav2vec-english-speech-emotion-recognition (r-f)',
    terms: 'see its page',
    url: 'https://huggingface.co/r-f/wav2vec-english-speech-emotion-recognition',
  },
];
