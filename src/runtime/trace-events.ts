import type { Trace } from './trace.js';

/**
 * A trace in the Trace Event format (JSON), which https://ui.perfetto.dev and chrome://tracing open: one track for the
 * GPU, a launch an event with its shapes and grid; one for the host.
 */
export function traceEvents({ launches, spans }: Trace): string {
  // Long runs have more launches than a call takes arguments.
  const origin = [...launches, ...spans].reduce((least, { start }) => Math.min(least, start), Infinity);
  const event = (tid: number, name: string, start: number, end: number, args: object) => ({
    name,
    ph: 'X',
    pid: 1,
    tid,
    ts: (start - origin) * 1000,
    dur: (end - start) * 1000,
    args,
  });
  const track = (tid: number, name: string) => ({
    name: 'thread_name',
    ph: 'M',
    pid: 1,
    tid,
    args: { name },
  });
  const traceEvents = [
    track(1, 'host'),
    track(2, 'GPU'),
    ...spans.map(({ name, start, end }) => event(1, name, start, end, {})),
    ...launches.map(({ plan, label, launch, start, end }) =>
      event(2, launch.kernel, start, end, { plan, label, workgroups: launch.workgroups.join('×') }),
    ),
  ];
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents });
}
