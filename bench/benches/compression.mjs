import { KINDS } from '../payloads.mjs';
import { startWorker } from '../start-worker.mjs';
import { median, round, table } from '../summarize.mjs';

const SIZES = [1_024, 4_096, 32_768, 262_144];
const NO_REDIS = 0;
const KIND_LABELS = { product: 'product', article: 'article', rows: 'rows', noise: 'base64 of noise' };

/** What node:zlib offers, on payloads that look real: what it saves, and what it takes. No hold: the figures are for choosing. */
export async function compression({ rounds, tell }) {
  const worker = await startWorker({ readers: ['bare'], port: NO_REDIS });
  try {
    const runs = [];
    for (let turn = 0; turn <= rounds; turn += 1) {
      for (const bytes of SIZES) {
        for (const kind of Object.keys(KINDS)) {
          const timed = await worker.run('timeFolding', { reader: 'bare', kind, bytes, turn });
          // The first is for the compiler.
          if (turn > 0) runs.push(...timed.map((one) => ({ round: turn, ...one })));
        }
      }
      if (turn > 0) tell(`round ${turn}`);
    }
    return { runs, ...conclude(runs) };
  } finally {
    await worker.stop();
  }
}

function conclude(runs) {
  const candidates = [...new Set(runs.map((run) => run.candidate))].sort();
  const summary = SIZES.flatMap((bytes) =>
    candidates.flatMap((candidate) =>
      Object.keys(KINDS).map((kind) => {
        const own = runs.filter((run) => run.bytes === bytes && run.candidate === candidate && run.kind === kind);
        const middle = (figure) => median(own.map((run) => run[figure]));
        return {
          bytes,
          candidate,
          kind,
          ratio: middle('ratio'),
          foldUs: round(middle('foldUs'), 1),
          unfoldUs: round(middle('unfoldUs'), 1),
        };
      }),
    ),
  );
  const tables = SIZES.map((bytes) => {
    const rows = candidates.map((candidate) => [
      candidate === 'deflate-raw 1' ? `**${candidate}**` : candidate,
      ...Object.keys(KINDS).map((kind) => {
        const { ratio, foldUs, unfoldUs } = summary.find((row) => row.bytes === bytes && row.candidate === candidate && row.kind === kind);
        return `${ratio.toFixed(2)}, ${Math.round(foldUs)}, ${Math.round(unfoldUs)}`;
      }),
    ]);
    return `${bytes / 1_024} KB; in each place: share that is left, us to compress, us to decompress:\n\n${table(['', ...Object.keys(KINDS).map((kind) => KIND_LABELS[kind])], rows)}`;
  });
  return { summary, holds: [], markdown: tables.join('\n\n') };
}
