/** Speech as the encoders take it, mono at 16 kHz, read forwards: a whole recording, or one that is still arriving. */
export interface SpeechSource {
  /** Samples in all, where that is known beforehand. */
  readonly length: number | undefined;
  /**
   * Waits until the samples up to `end` are there, or the speech has ended.
   *
   * @returns how many of them there are, and whether there will be no more.
   */
  arrive(end: number): Promise<{ available: number; ended: boolean }>;
  /** Samples start … end − 1, which have arrived and have not been released. */
  slice(start: number, end: number): Float32Array;
  /** Says that nothing before this sample will be asked for again. */
  release(before: number): void;
}

/** A recording in memory. */
export function wholeSpeech(samples: Float32Array): SpeechSource {
  return {
    length: samples.length,
    arrive: (end) =>
      Promise.resolve({ available: Math.min(end, samples.length), ended: end >= samples.length }),
    slice: (start, end) => samples.subarray(start, end),
    release: () => undefined,
  };
}

/** Speech that arrives in pieces of any lengths; no more of it is taken from the iterator than is waited for. */
export function arrivingSpeech(pieces: AsyncIterable<Float32Array>): SpeechSource {
  const iterator = pieces[Symbol.asyncIterator]();
  let kept = new Float32Array(2 ** 16);
  let first = 0;
  let total = 0;
  let done = false;
  const append = (piece: Float32Array) => {
    const length = total - first;
    if (length + piece.length > kept.length) {
      const larger = new Float32Array(2 * (length + piece.length));
      larger.set(kept.subarray(0, length));
      kept = larger;
    }
    kept.set(piece, length);
    total += piece.length;
  };
  return {
    length: undefined,
    async arrive(end) {
      while (!done && total < end) {
        const next = await iterator.next();
        if (next.done) done = true;
        else append(next.value);
      }
      return { available: Math.min(end, total), ended: done && total <= end };
    },
    slice(start, end) {
      if (start < first) throw new RangeError(`speech: sample ${start} was released before ${first}`);
      return kept.subarray(start - first, end - first);
    },
    release(before) {
      const drop = Math.min(before, total) - first;
      if (drop <= 0) return;
      kept.copyWithin(0, drop, total - first);
      first += drop;
    },
  };
}

/** The same speech, which is not waited for any longer once the signal is aborted: `arrive` then throws its reason. */
export function untilAborted(speech: SpeechSource, signal: AbortSignal | undefined): SpeechSource {
  if (!signal) return speech;
  const arrive = (end: number) =>
    new Promise<{ available: number; ended: boolean }>((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      speech
        .arrive(end)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', stop));
    });
  return { ...speech, arrive };
}
