import { estimate } from './estimate.mjs';

/**
 * Launches that are alike in one row: [{ key, stage, label, kernel, times, made, …estimate, kept }]; `kept` is what the
 * tables of bench/isa/results remember of it.
 */
export function rowsOf(launches, modules, index, machineCode, card) {
  const groups = new Map();
  for (const launch of launches) {
    const { stage, label, module, params } = launch;
    // Two convolutions of one shape may differ in what follows the sum, which their parameters say.
    const alike = JSON.stringify([stage, label, module, params]);
    const group = groups.get(alike) ?? { launch, times: 0 };
    group.times++;
    groups.set(alike, group);
  }
  const rows = [...groups.values()].map(({ launch, times }) => {
    const { stage, label, module } = launch;
    const made = machineCode.get(module);
    const { threads } = index.find(({ name }) => name === module);
    const { kernel } = modules[module];
    return {
      stage,
      label,
      kernel,
      times,
      made,
      ...estimate(made, card, launch, { ...modules[module] }, threads),
    };
  });
  return merged(rows);
}

/** Rows of one stage and label together, their times added up: what a table and its next version have in common. */
function merged(rows) {
  const byKey = new Map();
  for (const row of rows) {
    const key = `${row.stage} | ${row.label}`;
    const us = 1e6 * row.seconds * row.times;
    const known = byKey.get(key);
    if (known) {
      known.share = (known.share * known.us + row.share * us) / (known.us + us);
      known.us += us;
      known.times += row.times;
      known.doubts.push(...row.doubts);
    } else byKey.set(key, { ...row, key, us, shortest: row.seconds });
  }
  return [...byKey.values()].map((row) => ({
    ...row,
    kept: {
      registers: row.made.registers,
      spills: row.made.spills,
      us: Number(row.us.toPrecision(4)),
    },
  }));
}
