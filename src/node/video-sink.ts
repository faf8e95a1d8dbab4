import { stat } from 'node:fs/promises';
import { AppendOnlyStreamTarget, FilePathSource, type MetadataTags, type Target } from 'mediabunny';
import { joinFragments } from '../media/remux.js';
import { openByteStream, type PipeOptions } from './byte-stream.js';
import { destinationOf, type Destination } from './destination.js';
import { openFileTarget, type FileTarget } from './file-target.js';
import { cannotWrite } from './files.js';
import { createPartial, type PartialFile } from './partial-file.js';

/** Where the fragments of a video go. */
export interface VideoSink {
  readonly target: Target;
  /**
   * Once all fragments are there: gives the video its form and its name.
   * @returns its size in bytes.
   */
  finish(fps: number, tags: MetadataTags): Promise<number>;
  /** Gives up, or gives back what `finish` left. Every step is tried. */
  discard(): Promise<void>;
}

/** Throws InputError, at once, when `path` cannot be written. */
export async function openVideoSink(path: string, options: PipeOptions): Promise<VideoSink> {
  const destination = await destinationOf(path);
  return destination.kind === 'file' ? fileSink(path) : streamSink(path, destination, options);
}

/** The fragments in a temporary file; in the end they are joined into another, which has one index. */
async function fileSink(path: string): Promise<VideoSink> {
  const partial = await createPartial(path);
  const file = await openFileTarget(partial.path, { chunked: false }).catch(async (error: unknown) => {
    await partial.discard();
    throw cannotWrite(path, error);
  });
  let joined: PartialFile | undefined;
  let joinedFile: FileTarget | undefined;
  return {
    target: file.target,
    async finish(fps, tags) {
      await file.close();
      joined = await createPartial(path);
      joinedFile = await openFileTarget(joined.path, { chunked: true });
      await joinFragments(new FilePathSource(partial.path), joinedFile.target, fps, tags);
      await joinedFile.close();
      const { size } = await stat(joined.path);
      await joined.publish();
      return size;
    },
    async discard() {
      for (const opened of [file, joinedFile]) await opened?.close().catch(() => undefined);
      for (const unfinished of [partial, joined]) await unfinished?.discard().catch(() => undefined);
    },
  };
}

/** The fragments as they come: whoever reads a pipe plays them while the rest is made. */
async function streamSink(path: string, destination: Destination, options: PipeOptions): Promise<VideoSink> {
  const stream = await openByteStream(destination, path, options);
  let size = 0;
  const writable = new WritableStream<Uint8Array>({
    async write(bytes) {
      await stream.write(bytes);
      size += bytes.length;
    },
  });
  return {
    target: new AppendOnlyStreamTarget(writable),
    async finish() {
      await stream.close();
      return size;
    },
    discard: () => Promise.resolve(stream.destroy()),
  };
}
