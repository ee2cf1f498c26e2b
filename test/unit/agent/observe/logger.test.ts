import { describe, expect, test } from 'vitest';
import { createLogger, LOG_LEVELS, type LogLevel, parseLogLevel } from '../../../../agent/observe/logger.ts';

function logger(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  let time = 0;
  const root = createLogger({
    level,
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    now: () => time,
    wallClock: () => new Date('2026-01-02T03:04:05.678Z'),
    repeatIntervalMs: 1_000,
  });
  return { root, lines, advance: (ms: number) => (time += ms) };
}

describe('logger', () => {
  test('writes one JSON line with level, time, event and fields', () => {
    const { root, lines } = logger();
    root.child({ connector: 'bridge' }).child({ side: 'remote' }).info({ evt: 'Connected', epoch: 3 }, 'connected');
    expect(lines).toEqual([
      {
        level: 'info',
        time: '2026-01-02T03:04:05.678Z',
        connector: 'bridge',
        side: 'remote',
        evt: 'Connected',
        epoch: 3,
        msg: 'connected',
      },
    ]);
  });

  test.each(LOG_LEVELS)('prints at level %s what is as important or more', (level) => {
    const { root, lines } = logger(level);
    for (const each of LOG_LEVELS) root[each]({ evt: each });
    expect(lines.map((line) => line['evt'])).toEqual(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)));
  });

  test('changes the level of children too', () => {
    const { root, lines } = logger('info');
    const child = root.child({ side: 'local' });
    root.setLevel('debug');
    child.debug({ evt: 'Now' });
    expect(root.level).toBe('debug');
    expect(lines).toHaveLength(1);
  });

  test('counts a repeated error instead of printing it', () => {
    const { root, lines, advance } = logger();
    for (let attempt = 0; attempt < 313; attempt++) {
      root.error({ evt: 'ConnectFailed', side: 'remote', reason: 'ConnectionRefused', attempt }, 'cannot connect');
    }
    expect(lines).toHaveLength(1);
    advance(1_000);
    root.error({ evt: 'ConnectFailed', side: 'remote', reason: 'ConnectionRefused', attempt: 313 }, 'cannot connect');
    expect(lines[1]).toMatchObject({ repeated: 312, attempt: 313, msg: 'cannot connect (repeated 312 times)' });
  });

  test('keeps apart errors of different routes', () => {
    const { root, lines } = logger();
    for (const route of ['a', 'b']) root.warn({ evt: 'Refused', route, reason: 'QuotaExceeded' });
    expect(lines).toHaveLength(2);
  });

  test('keeps apart warnings about different namespaces', () => {
    const { root, lines } = logger();
    for (const namespace of ['a', 'b']) root.warn({ evt: 'NeedForbidden', kind: 'Secret', namespace });
    expect(lines).toHaveLength(2);
  });

  test('never holds back what is no trouble', () => {
    const { root, lines } = logger();
    for (let n = 0; n < 3; n++) root.info({ evt: 'Tick' });
    expect(lines).toHaveLength(3);
  });

  test('writes what it still holds when it is flushed', () => {
    const { root, lines } = logger();
    root.error({ evt: 'Failed' });
    root.error({ evt: 'Failed' });
    root.flush();
    expect(lines[1]).toMatchObject({ evt: 'Failed', repeated: 1, msg: 'repeated 1 time' });
  });

  test('lets no secret through at any level, in fields, bindings or text', () => {
    const { root, lines } = logger('trace');
    const canary = 'c4n4ry-secret';
    for (const level of LOG_LEVELS) {
      const child = root.child({ password: canary });
      child[level]({ evt: level, token: canary, error: new Error(`password=${canary}`) }, `token=${canary}`);
    }
    expect(lines).toHaveLength(5);
    expect(JSON.stringify(lines)).not.toContain(canary);
  });
});

describe('logLevel of the configuration', () => {
  test.each([
    ['debug', 'debug'],
    ['Info', 'info'],
    ['WARN', 'warn'],
    ['verbose', 'info'],
    [undefined, 'info'],
  ])('%s means %s', (text, level) => {
    expect(parseLogLevel(text)).toBe(level);
  });
});
