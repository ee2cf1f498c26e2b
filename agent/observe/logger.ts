import { pino } from 'pino';
import { redact, redactText } from './redact.ts';
import { createRepeatLimiter, type RepeatLimiter } from './repeat-limiter.ts';

/** Levels of the original (`debug`, `info`) and the usual rest, from chatty to quiet. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of one log line; `evt` names the event in CamelCase and is what people search for. */
interface LogFields {
  readonly evt: string;
  readonly [field: string]: unknown;
}

/** Writes one JSON line per call; values are redacted and bounded on the way. */
export interface Logger {
  trace(fields: LogFields, message?: string): void;
  debug(fields: LogFields, message?: string): void;
  info(fields: LogFields, message?: string): void;
  warn(fields: LogFields, message?: string): void;
  error(fields: LogFields, message?: string): void;
  /** A logger that adds `bindings` to every line; level and repeat limit stay shared with its parent. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

/** The logger that a process makes once; its children are handed out. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
  readonly level: LogLevel;
  /** Writes what the repeat limiter still holds; call it before the process ends. */
  flush(): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Receives whole lines, each with its line break. */
  readonly destination: { write(line: string): void };
  /** Monotonic milliseconds, for the repeat limiter. */
  readonly now: () => number;
  /** Wall clock, for the `time` field. */
  readonly wallClock: () => Date;
  /** How long equal warnings and errors are held back, in milliseconds. */
  readonly repeatIntervalMs?: number;
}

interface Line {
  readonly level: LogLevel;
  readonly fields: Record<string, unknown>;
  readonly message: string | undefined;
}

interface Shared {
  level: LogLevel;
  readonly limiter: RepeatLimiter<Line>;
  readonly write: (line: Line) => void;
}

/** Reads a `logLevel` of the configuration: any case; an unknown one means `info`, as in the original. */
export function parseLogLevel(text: string | undefined): LogLevel {
  const lower = text?.toLowerCase();
  return LOG_LEVELS.find((level) => level === lower) ?? 'info';
}

/** The process's logger: JSON lines by pino, level changeable at run time, repeated warnings and errors counted instead of printed. */
export function createLogger(options: LoggerOptions): RootLogger {
  const sink = pino(
    {
      level: 'trace',
      base: null,
      timestamp: () => `,"time":"${options.wallClock().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination,
  );
  const shared: Shared = {
    level: options.level,
    limiter: createRepeatLimiter({
      now: options.now,
      ...(options.repeatIntervalMs === undefined ? {} : { intervalMs: options.repeatIntervalMs }),
    }),
    write: (line) => sink[line.level](line.fields, line.message),
  };
  return {
    ...createChild(shared, {}),
    setLevel: (level) => {
      shared.level = level;
    },
    get level() {
      return shared.level;
    },
    flush: () => writeRepeated(shared, true),
  };
}

function createChild(shared: Shared, bindings: Record<string, unknown>): Logger {
  const at = (level: LogLevel) => (fields: LogFields, message?: string) =>
    log(shared, bindings, level, fields, message);
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => createChild(shared, { ...bindings, ...(redact(more) as Record<string, unknown>) }),
  };
}

function log(shared: Shared, bindings: object, level: LogLevel, fields: LogFields, message?: string): void {
  if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(shared.level)) admit(shared, bindings, level, fields, message);
  writeRepeated(shared, false);
}

function admit(shared: Shared, bindings: object, level: LogLevel, fields: LogFields, message?: string): void {
  const line: Line = {
    level,
    fields: { ...bindings, ...(redact(fields) as Record<string, unknown>) },
    message: message === undefined ? undefined : redactText(message),
  };
  if (level !== 'warn' && level !== 'error') return shared.write(line);
  const verdict = shared.limiter.see(repeatKey(line), line);
  if (verdict.kind === 'print') shared.write(verdict.repeated === 0 ? line : repeatedLine(line, verdict.repeated));
}

function writeRepeated(shared: Shared, everything: boolean): void {
  for (const { latest, repeated } of shared.limiter.due(everything)) shared.write(repeatedLine(latest, repeated));
}

function repeatedLine(line: Line, repeated: number): Line {
  const suffix = `repeated ${repeated} ${repeated === 1 ? 'time' : 'times'}`;
  return {
    ...line,
    fields: { ...line.fields, repeated },
    message: line.message === undefined ? suffix : `${line.message} (${suffix})`,
  };
}

// Attempt numbers, delays and times differ from line to line of the same trouble, so they are no part of its identity.
const IDENTITY = [
  'evt',
  'namespace',
  'connector',
  'topicMap',
  'route',
  'side',
  'kind',
  'name',
  'reason',
  'reasonCode',
  'file',
];

function repeatKey(line: Line): string {
  return JSON.stringify([line.level, ...IDENTITY.map((field) => line.fields[field] ?? null)]);
}
