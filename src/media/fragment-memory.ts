import type { Output } from 'mediabunny';

/**
 * What we touch of mediabunny's inside; its version is pinned in package.json, and a test fails if this has changed.
 */
interface FragmentedMuxer {
  readonly finalizedChunks: readonly { readonly samples: unknown[] }[];
}

/**
 * mediabunny remembers every packet of a fragmented MP4, 1 kB a frame with its sound, though of a fragment only the
 * first goes into the index at the file's end. The function returned forgets the others of what has been written since
 * it was last called, so that memory does not grow with the length of the video.
 */
export function forgetterOf(output: Output): () => void {
  const { _muxer: muxer } = output as unknown as { readonly _muxer: FragmentedMuxer };
  let seen = 0;
  return () => {
    for (; seen < muxer.finalizedChunks.length; seen++) muxer.finalizedChunks[seen]?.samples.splice(1);
  };
}
