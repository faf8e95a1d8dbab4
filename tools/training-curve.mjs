// The curve of a training run, from its logs: the loss of each step, and Pearson's r of held-out clips.
//   node tools/training-curve.mjs RUN OUT.svg [TITLE]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [run, out, title = run] = process.argv.slice(2);
if (!run || !out) throw new Error('expected RUN OUT.svg');

/** Rows of a CSV by the names of its first line. */
function read(name) {
  const [head, ...lines] = readFileSync(join(run, name), 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i], value])));
}
const losses = read('log.csv').map(({ step, loss }) => [Number(step), Number(loss)]);
const scores = read('held-out.csv');
const last = losses.at(-1)?.[0] ?? 1;
const [width, height, left, top, gap] = [720, 300, 56, 40, 56];
const inner = (width - left - gap - 24) / 2;
const x = (step, panel) => left + panel * (inner + gap) + (step / last) * inner;
const y = (value, most) => height - 40 - (value / most) * (height - 40 - top);
const most = Math.max(...losses.map(([, loss]) => loss));
const line = (points, colour, name) =>
  `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points.join(' ')}"><title>${name}</title></polyline>`;
const text = (at, to, value, anchor = 'middle') =>
  `<text x="${at}" y="${to}" text-anchor="${anchor}">${value}</text>`;
const axes = (panel, top2, name) => {
  const from = x(0, panel);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top2);
  return [
    ...ticks.map((value) => `<path d="M${from} ${y(value, top2)}h${inner}" stroke="#ddd"/>${text(from - 6, y(value, top2) + 4, value.toFixed(2), 'end')}`), // prettier-ignore
    ...[0, 0.5, 1].map((share) => text(x(share * last, panel), height - 22, Math.round(share * last))),
    text(from + inner / 2, top - 10, name),
    text(from + inner / 2, height - 6, 'step'),
  ];
};
const curve = (name, colour) => {
  const points = scores.map(
    (row) => `${x(Number(row.step), 1).toFixed(1)},${y(Math.max(0, Number(row[name])), 1).toFixed(1)}`,
  );
  const marks = points.map((point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="3" fill="${colour}"/>`); // prettier-ignore
  return line(points, colour, name) + marks.join('');
};
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="#fff"/>
${text(width / 2, 16, title)}
${axes(0, Math.ceil(most * 2) / 2, 'loss of the batch').join('\n')}
${line(
  losses.map(([step, loss]) => `${x(step, 0).toFixed(1)},${y(loss, Math.ceil(most * 2) / 2).toFixed(1)}`),
  '#36c',
  'loss',
)}
${axes(1, 1, `held out: r of the ${scores[0]?.what ?? 'motion'}; orange: of another utterance`).join('\n')}
${curve('own', '#36c')}
${curve('other', '#e80')}
</svg>
`;
writeFileSync(out, svg);
