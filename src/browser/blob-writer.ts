/**
 * A stream that writes at positions, into a Blob: browsers move large ones to disk. Blobs are immutable, so writing
 * over what is there makes a new one of slices, without copying them.
 */
export function createBlobWriter(): {
  readonly stream: WritableStream<{ readonly data: Uint8Array<ArrayBuffer>; readonly position: number }>;
  /** All that was written. */
  readonly blob: (type: string) => Blob;
} {
  let whole = new Blob([]);
  const stream = new WritableStream<{ data: Uint8Array<ArrayBuffer>; position: number }>({
    write({ data, position }) {
      const gap = new Uint8Array(Math.max(0, position - whole.size));
      const after = whole.slice(Math.min(whole.size, position + data.length));
      whole = new Blob([whole.slice(0, position), gap, data, after]);
    },
  });
  return { stream, blob: (type) => new Blob([whole], { type }) };
}
