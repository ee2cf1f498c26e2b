import { isRedactedField, redactText } from '../../agent/observe/redact.ts';
import type { Path } from '../../shared/config/position.ts';
import { fieldsAt } from '../../shared/config/renamed.ts';

const CENSOR = '[redacted]';
const MAX_DEPTH = 32;
const PEM = /-----BEGIN [A-Z ]{1,40}-----[^-]*(?:-----END [A-Z ]{1,40}-----|$)/g;
/** What the shape of a text does not give away by itself. */
const ANNOUNCED =
  /(?<=\b(?:payload|body|passphrase|authorization|apikey|privatekey)["']?\s?[=:]\s?["']?(?:Bearer )?)[^\s"',;&]+/gi;
const USER_INFO = /(?<![\w/])[^\s/@:'"]+:[^\s/@'"]+@(?=[\w[])/g;

/** Takes what must not leave the machine out of texts and data, and the given values wherever they stand. */
export interface Cleaner {
  readonly text: (text: string) => string;
  /** A text line by line; lines that are JSON are cleaned by their fields. */
  readonly lines: (text: string) => string;
  readonly data: (value: unknown) => unknown;
  /** Of a connector or topic map only fields that the schema knows: nobody knows what else people write. */
  readonly resource: (value: Readonly<Record<string, unknown>>) => unknown;
}

/** A cleaner that also knows some secrets by heart. */
export function createCleaner(secrets: readonly string[]): Cleaner {
  const known = secrets.filter((secret) => secret.length >= 4);
  const text = (dirty: string): string => {
    const unsecret = known.reduce((left, secret) => left.replaceAll(secret, CENSOR), dirty);
    return redactText(unsecret).replace(ANNOUNCED, CENSOR).replace(USER_INFO, `${CENSOR}@`);
  };
  const data = (value: unknown): unknown => cleaned(value, text, 0);
  return {
    text,
    data,
    lines: (dirty) => cleanLines(dirty.replace(PEM, CENSOR), { text, data }),
    resource: (value) => resourceOf(value, text),
  };
}

/** A key whose end is missing leaves lines of base64 behind. */
function cleanLines(dirty: string, how: Pick<Cleaner, 'text' | 'data'>): string {
  let inKey = false;
  const lines = dirty.split('\n').map((line) => {
    const word = /^\s*[A-Za-z0-9+/=]+\s*$/.test(line);
    inKey = word && (inKey || line.length >= 40);
    return inKey ? CENSOR : cleanLine(line, how);
  });
  return lines.join('\n');
}

function cleanLine(line: string, { text, data }: Pick<Cleaner, 'text' | 'data'>): string {
  if (!line.trimStart().startsWith('{')) return text(line);
  try {
    return JSON.stringify(data(JSON.parse(line)));
  } catch {
    return text(line);
  }
}

function cleaned(value: unknown, text: Cleaner['text'], depth: number): unknown {
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= MAX_DEPTH) return CENSOR;
  if (Array.isArray(value)) return value.map((entry) => cleaned(entry, text, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      text(name),
      // A number cannot be told to be harmless by its looks either.
      isRedactedField(name) ? CENSOR : cleaned(entry, text, depth + 1),
    ]),
  );
}

const METADATA = ['name', 'namespace', 'labels', 'generation', 'resourceVersion', 'creationTimestamp'];

function resourceOf(value: Readonly<Record<string, unknown>>, text: Cleaner['text']): unknown {
  const { apiVersion, kind, metadata, spec } = value;
  const prefix = kind === 'MqttBridgeTopicMap' ? 'TM' : 'BC';
  const kept = Object.entries(typeof metadata === 'object' ? (metadata ?? {}) : {}).filter(([name]) =>
    METADATA.includes(name),
  );
  return {
    apiVersion: cleaned(apiVersion, text, 0),
    kind,
    metadata: cleaned(Object.fromEntries(kept), text, 0),
    spec: knownFields(spec, { prefix, path: ['spec'], text }),
  };
}

interface At {
  readonly prefix: 'BC' | 'TM';
  readonly path: Path;
  readonly text: Cleaner['text'];
}

function knownFields(value: unknown, { prefix, path, text }: At): unknown {
  if (path.length > MAX_DEPTH) return CENSOR;
  if (Array.isArray(value)) {
    return value.map((entry, index) => knownFields(entry, { prefix, path: [...path, index], text }));
  }
  if (value === null || typeof value !== 'object') return cleaned(value, text, 0);
  const known = fieldsAt(prefix, path);
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) =>
      known.includes(name) ? [name, knownFields(entry, { prefix, path: [...path, name], text })] : [text(name), CENSOR],
    ),
  );
}
