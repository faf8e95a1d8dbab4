/**
 * Memory over time as SVG.
 * @param notes `{ at, [kind]: bytes }`, `at` in seconds.
 * @param kinds at most four.
 */
export function drawCurves(notes, kinds) {
  const [width, height, left, bottom] = [900, 320, 60, 30];
  const colours = ['#3366cc', '#dc3912', '#109618', '#990099'];
  const time = notes.reduce((most, { at }) => Math.max(most, at), 1);
  const bytes = notes.reduce((most, one) => Math.max(most, ...kinds.map((kind) => one[kind])), 1);
  const x = (at) => (left + (at / time) * (width - left - 10)).toFixed(1);
  const y = (value) => (height - bottom - (value / bytes) * (height - bottom - 20)).toFixed(1);
  // A pixel shows the most of what falls on it.
  const curve = (kind) => {
    const columns = new Map();
    for (const one of notes) {
      const at = Math.round(x(one.at));
      columns.set(at, Math.max(columns.get(at) ?? 0, one[kind]));
    }
    return [...columns].map(([at, value]) => `${at},${y(value)}`).join(' ');
  };
  const lines = kinds.map(
    (kind, i) => `<polyline fill="none" stroke="${colours[i]}" points="${curve(kind)}"/>`,
  );
  const legend = kinds.map(
    (kind, i) => `<text x="${left + 10 + 90 * i}" y="14" fill="${colours[i]}">${kind}</text>`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<text x="${left - 5}" y="${y(share * bytes)}" text-anchor="end">${((share * bytes) / 2 ** 20).toFixed(0)}</text>`,
    `<text x="${x(share * time)}" y="${height - 10}" text-anchor="middle">${(share * time).toFixed(0)} s</text>`,
    `<line x1="${left}" x2="${width - 10}" y1="${y(share * bytes)}" y2="${y(share * bytes)}" stroke="#ddd"/>`,
  ]);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...ticks,
    ...lines,
    ...legend,
    '<text x="5" y="14">MiB</text>',
    '</svg>',
    '',
  ].join('\n');
}
