// Tables in Markdown, so that they can be pasted into docs/performance.md.

const format = (value) => {
  if (typeof value !== 'number') return String(value);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
};

const cell = (name, value) => (name === 'of ceiling' ? `${(100 * value).toFixed(0)} %` : format(value));

export function printTable(title, rows) {
  const names = Object.keys(rows[0] ?? {});
  const table = [names, ...rows.map((row) => names.map((name) => cell(name, row[name])))];
  const widths = names.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = table;
  console.log(
    `${title}\n\n${[line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')}\n`,
  );
}

/** Kernel, first operand's and result's shapes: `conv2d 1×64×256² → 1×64×256²`. */
export function shortLabel({ launch: { kernel, bindings, params } }) {
  const shape = (tensor) => tensor.shape.join('×');
  const tensors = Object.values(bindings);
  const kind =
    params.kernel === undefined ? '' : params.phases === 4 ? ' up' : ` ${params.kernel}×${params.kernel}`;
  return `${kernel}${kind} ${shape(tensors[0])} → ${shape(tensors[tensors.length - 1])}`;
}
