import type { MetricDefinition } from './metric-table.ts';
import type { AgentSnapshot, CertificateSnapshot, TokenSnapshot } from './snapshot.ts';

interface Expiry {
  readonly side: CertificateSnapshot['side'];
  readonly value: number;
}

interface ExpiryRow extends Pick<MetricDefinition, 'name' | 'help' | 'unit'> {
  readonly of: (snapshot: AgentSnapshot) => readonly Expiry[];
}

/** One value per side: the first to end is the one that needs a person. */
function firstOf(row: ExpiryRow): MetricDefinition {
  return perSide(row, (values) => Math.min(...values));
}

/** One value per side: 1 when it is so of any. */
function anyOf(row: ExpiryRow): MetricDefinition {
  return perSide(row, (values) => Math.max(...values));
}

function perSide({ of, ...shape }: ExpiryRow, merge: (values: readonly number[]) => number): MetricDefinition {
  return {
    ...shape,
    type: 'gauge',
    labels: ['connector', 'side'],
    read: ({ snapshot }) =>
      (['local', 'remote'] as const).flatMap((side) => {
        const values = of(snapshot).flatMap((one) => (one.side === side ? [one.value] : []));
        return values.length === 0 ? [] : [{ labels: { connector: snapshot.connector, side }, value: merge(values) }];
      }),
  };
}

const certificates =
  (value: (certificate: CertificateSnapshot) => number): ExpiryRow['of'] =>
  (snapshot) =>
    snapshot.certificates.map((certificate) => ({ side: certificate.side, value: value(certificate) }));

const tokens =
  (value: (token: TokenSnapshot) => number): ExpiryRow['of'] =>
  (snapshot) =>
    snapshot.tokens.map((token) => ({ side: token.side, value: value(token) }));

/** Metrics of what ends by date. What is left is by the clock of the agent's machine; the dates are for Prometheus' own. */
export const EXPIRY_METRICS: readonly MetricDefinition[] = [
  firstOf({
    name: 'mqttbridge_certificate_expiry_timestamp_seconds',
    help: 'When the first client certificate of this side ends, as seconds since 1970.',
    unit: 'seconds',
    of: certificates(({ notAfter }) => notAfter),
  }),
  firstOf({
    name: 'mqttbridge_certificate_days_left',
    help: 'Days until the first client certificate of this side ends.',
    unit: 'days',
    of: certificates(({ daysLeft }) => daysLeft),
  }),
  anyOf({
    name: 'mqttbridge_certificate_renewal_failing',
    help: '1 while a newer client certificate of this side is there and cannot be used, otherwise 0.',
    unit: '0 or 1',
    of: certificates(({ rejected }) => Number(rejected !== undefined)),
  }),
  firstOf({
    name: 'mqttbridge_token_expiry_timestamp_seconds',
    help: 'When the token in use on this side ends, as seconds since 1970.',
    unit: 'seconds',
    of: tokens(({ expiresAt }) => expiresAt),
  }),
  firstOf({
    name: 'mqttbridge_token_minutes_left',
    help: 'Minutes until the token in use on this side ends.',
    unit: 'minutes',
    of: tokens(({ minutesLeft }) => minutesLeft),
  }),
  anyOf({
    name: 'mqttbridge_token_renewal_failing',
    help: '1 while a newer token for this side was asked for in vain, otherwise 0.',
    unit: '0 or 1',
    of: tokens(({ rejected }) => Number(rejected !== undefined)),
  }),
];
