/**
 * Draw calls that are submitted before their pictures are asked for: enough for the GPU not to wait for the host
 * between two.
 */
export const drawsAhead = 3;

export interface DrawAhead<Picture> {
  /** Samples the windows' motion `[frames, d]`, one when it is asked for; ends soon after the signal is aborted. */
  readonly sample: (stopped: AbortSignal) => AsyncGenerator<Float32Array, void>;
  /** d, the width of a motion latent. */
  readonly width: number;
  /** Frames in a call of `draw`. */
  readonly batch: number;
  /** Draws up to `batch` frames of motion `[frames, d]`. */
  readonly draw: (motion: Float32Array) => Promise<readonly Picture[]>;
  /** Given each window before its first picture. */
  readonly onWindow: (motion: Float32Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Draws windows of motion, `drawsAhead` calls ahead of the reader. The next window is asked for as soon as the first
 * calls of this one are submitted: the GPU works in the order of submission, so no frame waits for more than one
 * evaluation of the next window's ODE, and sampling takes turns with drawing and with what the reader does. A window
 * that comes late holds no frame before it up.
 *
 * Memory is bounded: the window being drawn, the next one, and `drawsAhead` calls.
 *
 * @yields the pictures, in order.
 * @throws what `sample` and `draw` throw, when the pictures before are given; the signal's reason.
 */
export async function* drawAhead<Picture>(
  options: DrawAhead<Picture>,
): AsyncGenerator<Picture, void, undefined> {
  const { sample, width, batch, draw, onWindow, signal } = options;
  const stop = new AbortController();
  const windows = sample(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  const drawing: { readonly pictures: Promise<readonly Picture[]>; readonly begins?: Float32Array }[] = [];
  let window = new Float32Array();
  let submitted = 0;
  let next: Asked | undefined;

  const submit = () => {
    const motion = window.subarray(submitted, submitted + batch * width);
    const pictures = draw(motion);
    // Who reads this far is told of a failure; it may be that nobody does.
    pictures.catch(() => undefined);
    drawing.push({ pictures, ...(submitted === 0 && { begins: window }) });
    submitted += motion.length;
  };
  const fill = (): Asked => {
    while (drawing.length < drawsAhead) {
      if (submitted < window.length) {
        submit();
      } else if (next?.result && !next.result.done) {
        window = Float32Array.from(next.result.value);
        submitted = 0;
        next = undefined;
      } else break;
    }
    return (next ??= askFor(windows));
  };

  try {
    for (;;) {
      signal?.throwIfAborted();
      const { coming } = fill();
      const first = drawing.shift();
      if (first) {
        const pictures = await first.pictures;
        fill();
        if (first.begins) onWindow(first.begins);
        for (const picture of pictures) {
          signal?.throwIfAborted();
          yield picture;
        }
      } else if ((await coming).done) return;
    }
  } finally {
    stop.abort();
    await Promise.allSettled([...drawing.map(({ pictures }) => pictures), next?.coming]);
    await windows.return();
  }
}

interface Asked {
  readonly coming: Promise<IteratorResult<Float32Array, void>>;
  /** Set once it has come. */
  result: IteratorResult<Float32Array, void> | undefined;
}

function askFor(windows: AsyncGenerator<Float32Array, void>): Asked {
  const asked: Asked = { coming: windows.next(), result: undefined };
  asked.coming.then(
    (result) => (asked.result = result),
    () => undefined,
  );
  return asked;
}
