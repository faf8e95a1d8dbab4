import { printTable } from '../table.mjs';

const percent = (value) => `${(100 * value).toFixed(0)} %`;
const micro = (us) => (us >= 100 ? us.toFixed(0) : us.toPrecision(3));
const change = (now, was) =>
  was === undefined ? 'new' : `${now >= was ? '+' : '−'}${percent(Math.abs(now / was - 1))}`;
const ifAny = (was) => (was === undefined ? '–' : micro(was));
const doubtsOf = (doubts) => (doubts.length ? `!! ${[...new Set(doubts)].join('; ')}` : '');
const sum = (values) => values.reduce((total, value) => total + value, 0);

function groupBy(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

/** Of stage `decode, a frame`: `decode`. Cases of the comparison are stages of their own, with one operator. */
const shortStage = (stage) => stage.split(',')[0];
const isStage = ({ stage }) => !/^(conv|up|matmul) /.test(stage);

/** A launch shorter than this is over before the next could have been prepared: an assumption. */
const gap = 5e-6;

/** Tables of a card: stages, kernels, launches. `before`: rows of the checked-in table, by key. */
export function printCard(card, all, before, most) {
  const rows = all.filter(isStage);
  const beforeOf = (some) => {
    const known = some.map(({ key }) => before[key]?.us);
    return known.every((us) => us === undefined) ? undefined : sum(known.map((us) => us ?? 0));
  };
  // What is no longer launched was in the stage's time as well.
  const beforeOfAll = (belongs) => {
    const known = Object.entries(before).filter(([key]) => belongs(key));
    return known.length ? sum(known.map(([, { us }]) => us)) : undefined;
  };
  const stageTotal = (stage) => sum(rows.filter((row) => row.stage === stage).map(({ us }) => us));
  console.log(`\n# ${card.title} (${card.family}): every time is an estimate\n`);
  printTable(
    'Stages',
    [...groupBy(rows, ({ stage }) => stage)].map(([stage, some]) => {
      const us = stageTotal(stage);
      const was = beforeOfAll((key) => key.startsWith(`${stage} | `));
      const launches = sum(some.map(({ times }) => times));
      const short = sum(some.filter(({ shortest }) => shortest < gap).map(({ times }) => times));
      return {
        stage,
        launches,
        'of them < 5 µs': short,
        ms: (us / 1000).toFixed(2),
        was: was === undefined ? '–' : (was / 1000).toFixed(2),
        change: change(us, was),
      };
    }),
  );
  printTable(
    'Kernels',
    [...groupBy(rows, ({ stage, kernel }) => `${stage} | ${kernel}`)]
      .map(([key, some]) => [key, some, sum(some.map((row) => row.us))])
      .sort(([, , a], [, , b]) => b - a)
      .map(([key, some, us]) => {
        const [stage, kernel] = key.split(' | ');
        const was = beforeOfAll((other) => other.startsWith(`${stage} | ${kernel} `));
        return {
          stage: shortStage(stage),
          kernel,
          launches: sum(some.map(({ times }) => times)),
          µs: micro(us),
          was: ifAny(was),
          change: change(us, was),
          'of stage': percent(us / stageTotal(stage)),
          'of peak': percent(sum(some.map((row) => row.share * row.us)) / us),
        };
      }),
  );
  printTable(
    'Launches, the longest',
    rows
      .toSorted((a, b) => b.us - a.us)
      .slice(0, most)
      .map((row) => ({
        stage: shortStage(row.stage),
        launch: row.label,
        times: row.times,
        registers: row.made.registers,
        spills: row.made.spills,
        'LDS, KB': (row.made.lds / 1024).toFixed(1),
        'waves/SIMD': Math.round(row.made.occupancy),
        waves: row.waves,
        'cycles alone': row.latency.toFixed(0),
        'bound by': row.bound,
        µs: micro(row.us),
        was: ifAny(beforeOf([row])),
        change: change(row.us, beforeOf([row])),
        'of stage': percent(row.us / stageTotal(row.stage)),
        'of peak': percent(row.share),
        doubts: doubtsOf(row.doubts),
      })),
  );
}

/** Ours beside ONNX Runtime Web, by the same estimate. */
export function printBeside(card, rows, peers) {
  const cases = [
    ...groupBy(
      rows.filter((row) => !isStage(row)),
      ({ stage }) => stage,
    ),
  ];
  if (!cases.some(([name]) => name in peers)) return;
  const compared = cases.map(([name, some]) => {
    const us = sum(some.map((row) => row.us));
    const theirs = peers[name];
    return {
      operator: name,
      'ours, µs': micro(us),
      'of peak': percent(sum(some.map((row) => row.share * row.us)) / us),
      'bound by': some[0].bound,
      'theirs, µs': ifAny(theirs?.us),
      as: theirs?.as ?? '–',
      'times as fast': theirs ? theirs.us / us : '–',
      doubts: doubtsOf(some.flatMap((row) => row.doubts)),
    };
  });
  printTable(`Beside ONNX Runtime Web’s kernels on ${card.title}, estimates both`, compared);
  const ratios = compared.map((row) => row['times as fast']).filter(Number.isFinite);
  const mean = Math.exp(sum(ratios.map(Math.log)) / ratios.length);
  console.log(`geometric mean ${mean.toFixed(2)}, least ${Math.min(...ratios).toFixed(2)}\n`);
}
