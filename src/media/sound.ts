/** A recording: one array of samples a channel, all of one length, nominally in −1…1. */
export interface Sound {
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: readonly Float32Array[];
}

/** Mono sound that is still arriving. */
export interface ArrivingSound {
  readonly sampleRate: number;
  /** To be read once; what is read from it, the listener hears too. */
  readonly pieces: AsyncIterable<Float32Array>;
  listen(listener: (piece: Float32Array) => void): void;
  /** Stops reading, so that the process can end. */
  close(): void;
}

/** The mean of the channels. One channel is returned as it is. */
export function toMono(sound: Sound): Float32Array {
  const [first, ...rest] = sound.channels;
  if (first === undefined) throw new RangeError('toMono: a sound without channels');
  if (rest.length === 0) return first;
  return first.map((value, i) => {
    let sum = value;
    for (const channel of rest) sum += channel[i] as number;
    return sum / sound.channels.length;
  });
}
