import type { Recorder } from './recorder.js';
import { scratch } from './recorder.js';
import type { Gradients, TapeNote, Tape, TapeOperators } from './tape-notes.js';
import type { Tensor } from './tensor.js';
import { describe, extent, reshape, sizeOf } from './tensor.js';

/**
 * Reverse-mode differentiation of a recording. With a tape on the recorder operators note what they do; `backward`
 * walks the notes in reverse and records their adjoints into the same plan. What needs no gradient costs nothing.
 *
 * @param wanted tensors whose gradients are wanted, each with the memory to write it to (a view of a flat buffer), or
 *   undefined for scratch memory.
 */
export function openTape(
  rec: Recorder,
  operators: TapeOperators,
  wanted: Iterable<readonly [Tensor, Tensor | undefined]>,
): Tape {
  if (rec.tape) throw new Error(`plan ${rec.label} has a tape already`);
  const entries = [...wanted].map(([x, target]) => [memoryKey(x), { x, target }] as const);
  const tape: Tape = {
    notes: [],
    wanted: new Map(entries),
    reached: new Set(entries.map(([key]) => key)),
    operators,
  };
  rec.tape = tape;
  return tape;
}

/** Notes an operator, if there is a tape and a path from what is wanted through one of its inputs. */
export function note(rec: Recorder, entry: TapeNote): void {
  const { tape } = rec;
  if (!tape || !entry.inputs.some((x) => tape.reached.has(memoryKey(x)))) return;
  tape.notes.push(entry);
  if (entry.output) tape.reached.add(memoryKey(entry.output));
}

/** Whether a gradient is to go through one of these: there is a tape, and a path to it from what is wanted. */
export function reaches({ tape }: Recorder, tensors: readonly (Tensor | undefined)[]): boolean {
  return tape !== undefined && tensors.some((x) => x !== undefined && tape.reached.has(memoryKey(x)));
}

/**
 * Records the adjoints of all that was noted, in reverse, and takes the tape off the recorder.
 *
 * @param seeds gradients to begin with, beside the losses that were noted.
 * @returns the gradient of a wanted tensor; undefined if no path led there.
 */
export function backward(
  rec: Recorder,
  seeds: Iterable<readonly [Tensor, Tensor]> = [],
): (x: Tensor) => Tensor | undefined {
  const { tape } = rec;
  if (!tape) throw new Error(`plan ${rec.label} has no tape`);
  rec.tape = undefined;
  const found = walk(rec, tape, seeds);
  for (const [key, { target }] of tape.wanted) {
    const dx = found.get(key);
    if (target && dx && memoryKey(dx) !== memoryKey(target)) tape.operators.copy(dx, target);
  }
  return (x) => found.get(memoryKey(x));
}

/**
 * What `record` makes of x, without keeping its inner tensors for `backward`: they are made again there.
 *
 * @param x all that `record` reads beside constants and wanted tensors.
 */
export function checkpoint(rec: Recorder, x: Tensor, record: (rec: Recorder, x: Tensor) => Tensor): Tensor {
  const { tape } = rec;
  if (!tape) return record(rec, x);
  rec.tape = undefined;
  const y = record(rec, x);
  rec.tape = tape;
  const adjoint = ({ dy, wants, target, give }: Gradients) => {
    const free = [...tape.wanted].map(([key, { x: w }]) => [key, { x: w, target: target(w) }] as const);
    const inner: Tape = {
      ...tape,
      notes: [],
      wanted: new Map([...free, [memoryKey(x), { x, target: undefined }]]),
      reached: new Set([...tape.wanted.keys(), ...(wants(x) ? [memoryKey(x)] : [])]),
    };
    rec.tape = inner;
    const again = record(rec, x);
    rec.tape = undefined;
    for (const [key, dx] of walk(rec, inner, [[again, dy]])) {
      const entry = inner.wanted.get(key);
      if (entry) give(entry.x, dx);
    }
  };
  // Wanted tensors may lie inside, where no input tells of them.
  tape.notes.push({ operator: 'checkpoint', inputs: [x], output: y, adjoint });
  tape.reached.add(memoryKey(y));
  return y;
}

type Columns = Map<
  string,
  { readonly gradient: Tensor; readonly label: string; readonly written: boolean[] }
>;

function walk(rec: Recorder, tape: Tape, seeds: Iterable<readonly [Tensor, Tensor]>): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const columns: Columns = new Map();
  const wants = (x: Tensor | undefined) => x !== undefined && tape.reached.has(memoryKey(x));
  const give = (x: Tensor, dx: Tensor) => {
    if (!wants(x)) return;
    const key = memoryKey(x);
    if (columns.has(key)) throw new Error(`backward: ${describe(x)} is read whole and by columns`);
    const before = found.get(key);
    const own = reshape(dx, x.shape);
    found.set(key, before ? tape.operators.sum(reshape(before, x.shape), own) : own);
  };
  const target = (x: Tensor) => {
    const key = memoryKey(x);
    return found.has(key) ? undefined : tape.wanted.get(key)?.target;
  };
  const into = (x: Tensor, label: string) => {
    const place = target(x);
    return place ? reshape(place, x.shape) : scratch(rec, label, x.shape);
  };
  for (const [x, dx] of seeds) give(x, dx);
  for (const { operator, output, adjoint } of tape.notes.toReversed()) {
    const gradient = output && found.get(memoryKey(output));
    if (output && !gradient) continue;
    const dy = gradient && output ? reshape(gradient, output.shape) : undefined;
    adjoint({
      get dy() {
        if (!dy) throw new Error(`${operator} is a loss: it has no gradient of its output`);
        return dy;
      },
      wants,
      target,
      into,
      give,
      columns: (packed, offset, width) => columnsOf(rec, columns, found, packed, offset, width),
    });
  }
  for (const { label, written } of columns.values()) {
    if (written.includes(false))
      throw new Error(`backward: nobody writes column ${written.indexOf(false)} of ${label}`);
  }
  return found;
}

function columnsOf(
  rec: Recorder,
  columns: Columns,
  found: Map<string, Tensor>,
  packed: Tensor,
  offset: number,
  width: number,
): Tensor {
  const key = memoryKey(packed);
  const total = extent(packed, packed.shape.length - 1);
  let entry = columns.get(key);
  if (!entry) {
    const gradient = scratch(rec, `d ${packed.label}`, packed.shape);
    entry = { gradient, label: describe(packed), written: Array.from({ length: total }, () => false) };
    if (found.has(key)) throw new Error(`backward: ${describe(packed)} is read whole and by columns`);
    found.set(key, gradient);
    columns.set(key, entry);
  }
  for (let c = offset; c < offset + width; c++) {
    if (entry.written[c]) throw new Error(`backward: column ${c} of ${entry.label} is written twice`);
    entry.written[c] = true;
  }
  return entry.gradient;
}

const buffers = new WeakMap<GPUBuffer, number>();
let buffersSeen = 0;

/** A name for a tensor's memory: reshaped tensors share it. */
function memoryKey({ memory, shape }: Tensor): string {
  if (memory.kind === 'scratch') return `scratch ${memory.id}`;
  let id = buffers.get(memory.buffer);
  if (id === undefined) buffers.set(memory.buffer, (id = buffersSeen++));
  return `buffer ${id} ${memory.offset ?? 0} ${sizeOf(shape)}`;
}
