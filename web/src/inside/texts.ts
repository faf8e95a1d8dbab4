import type { SolverName } from 'float-webgpu';
import { coefficient, number, percent } from './numbers.js';

const times = (seconds: number) => `${number(seconds)} s`;

const solverNames: Record<SolverName, string> = {
  euler: 'Euler’s method',
  midpoint: 'the midpoint method',
  heun: 'Heun’s method',
  rk4: 'the fourth-order Runge–Kutta method',
  dopri5: 'Dormand and Prince’s method',
};

/** Everything that looking inside says, in one place. */
export const texts = {
  panels: 'Panels',
  frame: 'Frame',
  frameAt: (index: number, count: number, seconds: number) =>
    `${index + 1} of ${count}, at ${seconds.toFixed(2)} s`,
  computing: 'Computing …',
  retry: 'Try again',
  cancelled: 'This stopped because a new video is being made.',
  newTab: 'Opens in a new tab',
  model: 'In the model’s description',
  kernel: (name: string) => `Kernel ${name}`,
  /** Directions that nobody has named are called by their λ. */
  direction: (name: string | undefined, index: number) => name ?? `λ${subscript(index + 1)}`,

  motion: {
    tab: 'Motion λ',
    intro:
      'The motion of every frame is a short list of numbers: how far it goes along each of the orthogonal directions that the model has learnt. These are those numbers over the video. Click to go to a frame.',
    equation: 'r = Σₘ λₘ vₘ,\u2003so\u2003λ = Qᵀ r',
    xTitle: 'seconds',
    yTitle: 'λ',
    choose: 'Directions',
    most: 'The liveliest',
    all: 'All',
    none: 'None',
    value: coefficient,
    ranges: (name: string, least: number, leastAt: number, most: number, mostAt: number) =>
      `${name} lies between ${coefficient(least)} (at ${times(leastAt)}) and ${coefficient(most)} (at ${times(mostAt)})`,
    empty: 'No direction is chosen.',
    portrait: 'The marks at the left are the portrait’s own λ.',
  },

  directions: {
    tab: 'Directions',
    intro:
      'Each direction is one way in which this face can move, and who it is is kept apart from all of them. With every λ at 0 the decoder draws that identity alone, without the portrait’s pose and expression. Move the sliders, or let one sweep.',
    equation: 'picture = decoder(sᵣ + Σₘ λₘ vₘ)',
    start: 'Start from',
    portrait: 'Portrait',
    fromFrame: 'This frame',
    identity: 'Identity only',
    portraitShown: 'The portrait’s own λ',
    identityShown: 'Identity only, λ = 0',
    yours: 'Your λ',
    sweep: (name: string) => `Sweep ${name} to and fro`,
    stop: (name: string) => `Stop sweeping ${name}`,
    beyond: (part: number) =>
      part < 0.005
        ? 'The directions span all of this video’s motion.'
        : `${percent(part)} of this video’s motion (in norm) lies along none of the directions: a frame drawn from its λ can differ a little from the video’s.`,
    changed: (changes: readonly string[]) =>
      changes.length === 0 ? 'As in the portrait.' : `Against the portrait: ${changes.join(', ')}.`,
    change: (name: string, by: number) => `${name} ${by > 0 ? '+' : ''}${coefficient(by)}`,
  },

  flow: {
    tab: 'Flow & mask',
    intro:
      'At every resolution the decoder fetches features of the portrait from other places (flow) and decides how much of them to use (mask); the rest it makes up. The picture is made from the warped features alone.',
    equation:
      'warped = m · sample(feature, identity + tanh o₁₂),\u2003m = σ(o₃),\u2003h ← warped + (1 − m) · h',
    columns: {
      flow: 'Flow',
      mask: 'Mask',
      feature: 'Portrait’s feature',
      warped: 'Warped feature',
    },
    level: (side: number) => `${side} × ${side}`,
    picture: (index: number) => `Frame ${index + 1}`,
    full: (pixels: number) => `full colour: ${number(pixels)} pixels`,
    legend:
      'Colour of the flow: the direction that a pixel is fetched from, fuller where that is further away',
    legendNote:
      'The colour tells from which direction a pixel is fetched, and its strength how far. Masks are white where all is fetched; features are the mean of |x| over channels, before and after on one scale. Even at rest the published model’s grid is up to half a pixel off towards the borders.',
    summary: (side: number, mean: number, most: number, mask: number) =>
      `At ${side} × ${side}, features are fetched from ${number(mean)} pixels away on average and ${number(most)} at most; the mask lets through ${percent(mask)}.`,
    columnOf: (column: string, side: number) => `${column} at ${side} × ${side}`,
  },

  attention: {
    tab: 'Attention',
    intro: (reach: number) =>
      `In the transformer each frame attends to its ${reach} nearest neighbours on either side and to nobody else, so all that is not on the band is zero. Rows are frames that look, columns the frames looked at; the first ones are the end of the window before.`,
    equation: 'A = softmax(q kᵀ / √d) within |i − j| ≤ T,\u2003zero outside',
    block: 'Block',
    blockAt: (index: number) => `Block ${index + 1}`,
    head: (index: number) => `Head ${index + 1}`,
    band: 'The band alone: one column for each frame, earlier neighbours above',
    window: (index: number, start: number, end: number, preceding: number) =>
      `Window ${index + 1}: frames ${start + 1} to ${end}, and the ${preceding} before them (shaded${
        index === 0 ? '; before the first window they are zeros' : ''
      }), in the last evaluation of the field. Stronger colour is more attention; the frame chosen above is outlined. Below each matrix is its band alone: one column for each frame, earlier neighbours above.`,
    summary: (head: number, own: number, earlier: number, later: number) =>
      `Head ${head + 1}: on average a frame attends ${percent(own)} to itself, ${percent(earlier)} to earlier and ${percent(later)} to later ones.`,
  },

  ode: {
    tab: 'Guidance & ODE',
    intro:
      'Motion begins as noise and is carried along a vector field for one unit of time. The field is a sum: what moves without hearing anything, what the speech adds, and what the emotion adds.',
    equation: 'dφ/dt = v,\u2003v = u + γₐ (a − u) + γₑ (all − a)',
    terms: 'Sizes of the guidance’s terms',
    termNames: {
      u: 'u, unconditioned',
      audio: 'γₐ(a − u), speech',
      emotion: 'γₑ(all − a), emotion',
      v: 'v, their sum',
    },
    termsTitle: 'norm per frame',
    time: 't',
    path: 'From noise to motion',
    pathOf: 'Direction',
    pathNote: 'Each line is a frame of this window; the thick one is the frame chosen above.',
    termsSummary: (u: number, audio: number, emotion: number, end: string) =>
      `At the start u is ${number(u)}, the speech’s term ${number(audio)} and the emotion’s ${number(emotion)}; ${end}.`,
    termsEnd: (u: number, audio: number, emotion: number) =>
      `in the last step ${number(u)}, ${number(audio)} and ${number(emotion)}`,
    pathSummary: (name: string, from: number, to: number, spreadFrom: number, spreadTo: number) =>
      `In this frame ${name} goes from ${coefficient(from)} in the noise to ${coefficient(to)}; over the window’s frames its standard deviation goes from ${coefficient(spreadFrom)} to ${coefficient(spreadTo)}.`,
    solver: (name: SolverName, steps: number) =>
      `${
        name === 'dopri5'
          ? `The run used ${solverNames[name]}, which chooses its own steps; shown is Euler’s`
          : `Solved by ${solverNames[name]}`
      } in ${steps} ${steps === 1 ? 'step' : 'steps'} from the run’s own noise, before the head motion setting.`,
  },

  kernels: {
    tab: 'Kernels',
    intro:
      'Everything runs as small programs on the GPU. These are the times of each, for one frame’s decoding and for one evaluation of the vector field under three conditions.',
    equation: 'time of a launch = timestamp after − timestamp before',
    missing:
      'This browser’s GPU tells no times: it has no “timestamp-query”. Chrome and Edge on most desktop computers have it.',
    plans: { decoder: 'Decoding one frame', field: 'One evaluation of the field' },
    caption: (plan: string, milliseconds: number, launches: number) =>
      `${plan}: ${number(milliseconds)} ms in ${launches} launches`,
    kernel: 'Kernel',
    launches: 'Launches',
    time: 'ms',
    share: 'Share',
    each: 'Every launch',
    launch: 'Launch and shapes',
    again: 'Measure again',
    rounded: 'Browsers round such times to 0.1 ms, so these are means over several runs.',
  },
} as const;

function subscript(value: number): string {
  return [...String(value)].map((digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)]).join('');
}
