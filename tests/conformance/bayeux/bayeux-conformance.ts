/** Runs the cases against a server and compares with what is known of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import './cases/index.ts';
import { differences, type Difference } from './differences.ts';
import { cases, Context, type Case, type Server } from './lib/case.ts';
import { probe } from './lib/probe.ts';

const USAGE = `Usage: tests/conformance/bayeux/run --url URL [option…] [case…]

  --url URL             the server's Bayeux address
  --quick-url URL       the same server with short time-outs, for the cases that wait for them
  --max-interval MS     how long the server (the quick one, if there is one) keeps a silent session; without it cases of expiry are left out
  --max-message BYTES   the largest transport message that the server takes; without it cases at that limit are left out
  --profile NAME        twinpane (default): every case must pass; cometd, faye: those that differences.ts lists must fail, all others pass
  --features LIST       what the server has and nobody can see from outside: notices-break (it notices at once that a client went away)
  --require LIST        features that must be found
  --parallel N          cases at a time (default 12)
  --verbose             name every case
  --list                only name the cases
  --readme              only write the table of differences into README.md; with --check, only compare
  case                  run these only: parts of names`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' }, 'quick-url': { type: 'string' }, 'max-interval': { type: 'string' }, 'max-message': { type: 'string' },
    profile: { type: 'string', default: 'twinpane' }, features: { type: 'string', default: '' }, require: { type: 'string', default: '' },
    parallel: { type: 'string', default: '12' }, verbose: { type: 'boolean' }, list: { type: 'boolean' }, readme: { type: 'boolean' }, check: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

function fail(text: string): never {
  console.error(text);
  process.exit(2);
}

const words = (text: string): string[] => text.split(',').filter(Boolean);
const matches = ({ cases: pattern }: Difference, { name }: Case): boolean => {
  const [before = '', after] = pattern.split('*');
  return after === undefined ? name === pattern : name.startsWith(before) && name.endsWith(after);
};

/** The least share of the cases that CometD must pass as they are written: else they would be rules of our own. */
const COMETD_SHARE = 0.95;
/** A case that takes this long hangs. One that is known to fail may do so sooner; to pass late would be failing too. */
const CASE_PATIENCE = { unknown: 90_000, differs: 5_000 };

async function runCase(one: Case, server: Server, patience: number): Promise<string | undefined> {
  const context = new Context(server);
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      one.run(context),
      new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('the case hangs')), patience); }),
    ]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    context.cleanUp();
  }
}

async function main(): Promise<number> {
  if (options.help) { console.log(USAGE); return 0; }
  if (options.list) { for (const { name } of cases) console.log(name); return 0; }
  if (options.readme) return readme(options.check ?? false);
  if (!options.url) fail(USAGE);
  const known = options.profile === 'twinpane' ? [] : differences[options.profile as keyof typeof differences] ?? fail(`no such profile: ${options.profile}`);
  const stale = known.filter((difference) => !cases.some((one) => matches(difference, one)));
  if (stale.length) fail(`differences.ts lists cases that do not exist: ${stale.map((difference) => difference.cases).join('; ')}`);

  const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  const limits = { maxInterval: number(options['max-interval']), maxMessage: number(options['max-message']) };
  const server = await probe(new URL(options.url), words(options.features), limits);
  const quick = options['quick-url'] ? await probe(new URL(options['quick-url']), words(options.features), limits) : server;
  const missing = words(options.require).filter((feature) => !server.features.has(feature));
  if (missing.length) fail(`the server does not offer ${missing.join(', ')}`);

  const chosen = cases.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  if (chosen.length === 0) fail('no such case');
  const serverOf = (one: Case): Server => (one.clock ? quick : server);
  const offered = chosen.filter((one) => one.needs.every((feature) => serverOf(one).features.has(feature)));
  const left = new Map<string, number>();
  for (const one of chosen) for (const feature of one.needs) if (!serverOf(one).features.has(feature)) left.set(feature, (left.get(feature) ?? 0) + 1);

  const differenceOf = (one: Case): Difference | undefined => known.find((listed) => matches(listed, one));
  const failures = new Map<Case, string>();
  const run = async (some: Case[], parallel: number): Promise<void> => {
    const waiting = [...some];
    await Promise.all(Array.from({ length: parallel }, async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const error = await runCase(one, serverOf(one), differenceOf(one) ? CASE_PATIENCE.differs : CASE_PATIENCE.unknown);
        if (error !== undefined) failures.set(one, error);
        if (options.verbose) console.log(`${error === undefined ? 'ok    ' : 'FAILED'} ${one.name}${error === undefined ? '' : `\n       ${error}`}`);
      }
    }));
  };
  // Those that are known to fail may do so by waiting in vain: the others run meanwhile.
  const differs = (one: Case): number => Number(differenceOf(one) !== undefined);
  await run(offered.filter((one) => !one.clock).sort((a, b) => differs(b) - differs(a)), Number(options.parallel));
  // They only wait, so all may wait together.
  const clocked = offered.filter((one) => one.clock);
  await run(clocked, Math.max(1, clocked.length));

  let unexpected = 0;
  let differ = 0;
  for (const one of offered) {
    const difference = differenceOf(one);
    const error = failures.get(one);
    if (error !== undefined && difference) differ += 1;
    else if (error !== undefined) console.log(`FAILED: ${one.name}\n        ${error.replaceAll('\n', '\n        ')}`);
    else if (difference && !difference.sometimes) console.log(`PASSED, though listed as a difference of ${options.profile}: ${one.name}`);
    if (!difference?.sometimes && (error !== undefined) !== (difference !== undefined)) unexpected += 1;
  }
  const asWritten = offered.length - failures.size;
  const share = asWritten / offered.length;
  if (left.size) console.log(`left out, as the server does not offer it: ${[...left].map(([feature, count]) => `${feature} (${count})`).join(', ')}`);
  if (known.length) console.log(`${asWritten} of ${offered.length} cases pass as they are written (${(share * 100).toFixed(1)} %); ${differ} differ as listed`);
  if (options.profile === 'cometd' && positionals.length === 0 && share < COMETD_SHARE) {
    console.log(`FAILED: fewer than ${COMETD_SHARE * 100} % of the cases pass on CometD`);
    unexpected += 1;
  }
  console.log(`${offered.length - Math.min(unexpected, offered.length)} passed, ${unexpected} failed, 0 skipped`);
  return unexpected ? 1 : 0;
}

async function readme(check: boolean): Promise<number> {
  const file = new URL('README.md', import.meta.url);
  const text = await readFile(file, 'utf8');
  const cell = (content: string): string => content.replaceAll('|', '\\|');
  const table = (['cometd', 'faye'] as const).map((name) => {
    const rows = differences[name].map(({ cases: which, does, why }) => {
      const count = cases.filter((one) => matches({ cases: which, does, why }, one)).length;
      return `| ${cell(which)}${count > 1 ? ` (${count})` : ''} | ${cell(does)} | ${cell(why)} |`;
    });
    return `### ${name === 'cometd' ? 'CometD 9.0.0' : 'Faye 1.4.3'}\n\n| case | what it does | why ours does otherwise |\n|---|---|---|\n${rows.join('\n')}\n`;
  }).join('\n');
  const wanted = text.replace(/(<!-- differences -->\n)[^]*(<!-- end -->)/, (_, start: string, end: string) => `${start}${table}${end}`);
  if (wanted === text) return 0;
  if (check) {
    console.log('README.md is not what differences.ts says: tests/conformance/bayeux/run --readme');
    return 1;
  }
  await writeFile(file, wanted);
  return 0;
}

// A case that has failed, or ended with a connect still held, leaves requests behind that its clean-up cuts off.
process.on('unhandledRejection', () => undefined);
process.exit(await main());
