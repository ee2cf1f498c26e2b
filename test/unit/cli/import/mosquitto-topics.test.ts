import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planConnector } from '../../../../shared/plan/plan.ts';
import { matchesFilter } from '../../../../shared/topic/filter.ts';
import { compileMapping } from '../../../../shared/topic/mapping.ts';
import { importOne, importText } from './import-text.ts';

const HEAD = 'connection b\naddress r:1883\nbridge_protocol_version mqttv50\nnotifications false\n';

type Row = readonly [line: string, routes: readonly (readonly [source: string, target?: string])[]];

// The table of mosquitto.conf(5), its examples, and where a prefix ends inside a level.
const ROWS: readonly Row[] = [
  ['pattern out 0 L/ R/', [['L/pattern', 'R/pattern']]],
  ['pattern out 0 L/ ""', [['L/pattern', 'pattern']]],
  ['pattern out 0 "" R/', [['pattern', 'R/${inputTopic}']]],
  ['pattern out 0 "" ""', [['pattern']]],
  ['pattern', [['pattern']]],
  ['"" out 0 local remote', [['local', 'remote']]],
  ['"" in 0 local remote', [['remote', 'local']]],
  [
    'clients/total in 0 test/mosquitto/org/ $SYS/broker/',
    [['$SYS/broker/clients/total', 'test/mosquitto/org/clients/total']],
  ],
  ['# out 2 a/ a/', [['a/#']]],
  ['# out 2 factory/ site/factory/', [['factory/#', 'site/${inputTopic}']]],
  ['+/set in 1 c/ plant/1/', [['plant/1/+/set', 'c/${inputTopic.3}/set']]],
  ['ab/+ out 0 pre post-', [['preab/+', 'post-ab/${inputTopic.2}']]],
  ['x/+ OUT', [['x/+']]],
];

describe('topic lines', () => {
  test.each(ROWS)('topic %s', (line, routes) => {
    const found = importOne(`${HEAD}topic ${line}\n`).routes;
    expect(found.map(({ source, target }) => (target === undefined ? [source] : [source, target]))).toEqual(routes);
  });

  test.each([
    ['"" out 0 local ""', 'both prefixes'],
    ['"" out 0 "" remote', 'both prefixes'],
    ['', 'there is no topic'],
    ['a sideways', 'not out, in or both'],
    ['a out 3', 'not a QoS'],
    ['a/#/b', 'not a topic filter'],
    ['# out 0 pre R/', 'not a topic filter'],
    ['a out 0 +/ R/', 'is not a topic'],
    ['$share/g/a in 0', 'shared subscription'],
    ['a out 0 "" ${x}/', 'cannot hold'],
  ])('topic %s is an error at its line, and nothing is imported', (line, why) => {
    const { documents, notes } = importText(`${HEAD}topic ok\ntopic ${line}\n`);
    expect(documents).toEqual([]);
    expect(notes).toContainEqual(
      expect.objectContaining({ kind: 'error', line: 6, why: expect.stringContaining(why) }),
    );
  });

  test('a prefix cut off in front of # becomes one route for each depth, which is said', () => {
    const { routes, notes } = importOne(`${HEAD}topic # out 1 local/ remote/\n`, { levels: 2 });
    expect(routes.map(({ source, target }) => [source, target])).toEqual([
      ['local/+', 'remote/${inputTopic.2}'],
      ['local/+/+', 'remote/${inputTopic.2}/${inputTopic.3}'],
    ]);
    expect(notes).toContainEqual(
      expect.objectContaining({ kind: 'changed', line: 5, why: expect.stringContaining('more than 2 levels') }),
    );
  });

  test('bridge_outgoing_retain false concerns outgoing routes only', () => {
    const { routes } = importOne(`${HEAD}bridge_outgoing_retain false\ntopic a both 1 l/ r/\n`);
    expect(routes.map(({ direction, retain }) => [direction, retain])).toEqual([
      ['local-to-remote', 'Never'],
      ['remote-to-local', 'Keep'],
    ]);
  });
});

interface Line {
  readonly pattern: string;
  readonly direction: 'in' | 'out' | 'both';
  readonly local: string;
  readonly remote: string;
}

const word = fc.constantFrom('a', 'b', 'c');
const level = fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: fc.constant('+') });
const pattern = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '/#'))
  .map(([levels, end]) => levels.join('/') + end);
const prefix = fc.oneof(
  fc.constant(''),
  fc.array(word, { minLength: 1, maxLength: 2 }).map((levels) => `${levels.join('/')}/`),
);
const line: fc.Arbitrary<Line> = fc.record({
  pattern: fc.oneof({ weight: 4, arbitrary: pattern }, { weight: 1, arbitrary: fc.constant('#') }),
  direction: fc.constantFrom('in', 'out', 'both'),
  local: prefix,
  remote: prefix,
});
const topic = fc.array(word, { minLength: 1, maxLength: 6 }).map((levels) => levels.join('/'));

/** Mosquitto's rule in words of its own: undefined when nothing is carried, null where its answer is an accident. */
function mosquitto(lines: readonly Line[], out: boolean, name: string): string | undefined | null {
  const matching = lines.filter((one) => {
    if (one.direction !== 'both' && (one.direction === 'out') !== out) return false;
    return mqttRegExp((out ? one.local : one.remote) + one.pattern).test(name);
  });
  if (matching.length === 0) return undefined;
  const remapped = matching.find(({ local, remote }) => local !== '' || remote !== '');
  if (remapped === undefined) return name;
  const [cut, put] = out ? [remapped.local, remapped.remote] : [remapped.remote, remapped.local];
  // "p/#" also matches "p", which does not begin with "p/": it keeps its prefix and gets the other one.
  return name.startsWith(cut) ? put + name.slice(cut.length) : null;
}

function mqttRegExp(filter: string): RegExp {
  const body = filter.replace(/(^|\/)#$/, '$1\0').replaceAll('+', '[^/]*');
  return new RegExp(`^${body.replace(/^\0$/, '.*').replace(/\/\0$/, '(?:/.*)?')}$`);
}

test('a random section maps every topic as the bridge of Mosquitto does, once', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 5 }),
      fc.array(topic, { minLength: 5, maxLength: 20 }),
      (lines, topics) => {
        const text = lines.map(
          (one) => `topic ${one.pattern} ${one.direction} 1 ${one.local || '""'} ${one.remote || '""'}\n`,
        );
        const { document } = importOne(HEAD + text.join(''));
        const { lanes } = planConnector(document);
        for (const name of topics) {
          for (const out of [true, false]) {
            const expected = mosquitto(lines, out, name);
            if (expected === null) continue;
            const found = lanes
              .filter(({ route }) => (route.direction === 'local-to-remote') === out)
              .filter(
                ({ route, subscription }) =>
                  matchesFilter(subscription, name) && !route.excludes.some((one) => matchesFilter(one, name)),
              )
              .map(({ route }) => compileMapping(route)(name));
            expect([name, out, found]).toEqual([
              name,
              out,
              expected === undefined ? [] : [{ ok: true, topic: expected }],
            ]);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
