import { decodeJwt, type JWTPayload } from 'jose';
import { EVENT_GRID_AUDIENCE } from '../../shared/event-grid.ts';
import type { Connector } from '../../shared/resources/connector.ts';
import type { ConnectionMaterial } from '../../agent/session/credentials/credentials.ts';
import { type CheckContext, isEventGrid } from './context.ts';
import { lifeOf } from './life.ts';
import { finding, type Outcome, type Statement } from './outcome.ts';
import type { Side } from '../../shared/plan/types.ts';

/** Tokens with fewer minutes than this are renewed by the agent, if they can be. */
const FEW_MINUTES = 5;

/** What a token says of itself: for whom it is, whose it is, and how long it lasts. Verifies nothing. */
export function checkToken(
  side: Side,
  material: ConnectionMaterial,
  context: Pick<CheckContext, 'document' | 'wallClock'>,
): Outcome<ConnectionMaterial> {
  const claims = material.enhanced && claimsOf(material.enhanced.data);
  if (claims === undefined) return { findings: [], value: material };
  const { connector } = context.document;
  const judged = judgeToken(claims, { atEventGrid: isEventGrid(side, context), connector, now: context.wallClock() });
  const findings = [finding({ check: 'token', side }, judged.status, judged.statement)];
  return judged.status === 'error' ? { findings } : { findings, value: material };
}

/** What a token is judged by. */
interface Surroundings {
  readonly atEventGrid: boolean;
  readonly connector: Connector;
  readonly now: Date;
}

interface Verdict {
  readonly status: 'ok' | 'warning' | 'error';
  readonly statement: Statement;
}

/** Whether the broker can be expected to take it. */
export function judgeToken(claims: JWTPayload, { atEventGrid, connector, now }: Surroundings): Verdict {
  const audiences = [claims.aud ?? []].flat();
  const audience = audiences.join(' ');
  const { oid } = claims;
  const details = { audience, ...(typeof oid === 'string' && { oid }), ...expiryDetails(claims, now) };
  const whose = typeof oid === 'string' ? ` and object ID ${oid}` : '';
  if (atEventGrid && !audiences.some((one) => one.replace(/\/$/, '') === EVENT_GRID_AUDIENCE)) {
    const message = `The token is for the audience "${audience}", and Event Grid takes ${EVENT_GRID_AUDIENCE}, with or without a slash behind it`;
    const advice = `set systemAssignedManagedIdentity.audience of ${connector.metadata.name} to ${EVENT_GRID_AUDIENCE}`;
    return { status: 'error', statement: { message, advice, reason: 'TokenAudienceWrong', details } };
  }
  const life = claims.exp === undefined ? undefined : lifeOf(claims.exp * 1000, now);
  if (life !== undefined && life.minutes < 0) {
    const message = `The token for the audience "${audience}" has ended`;
    const advice = 'check the clock of this machine, and that the token is renewed where it comes from';
    return { status: 'error', statement: { message, advice, reason: 'TokenExpired', details } };
  }
  const message = `The token has audience "${audience}"${whose}${life === undefined ? '' : ` and is valid for ${life.text}`}`;
  if (life === undefined || life.minutes >= FEW_MINUTES) return { status: 'ok', statement: { message, details } };
  const advice = 'look whether it is renewed: a token of a managed identity lasts for an hour or more';
  return { status: 'warning', statement: { message, advice, reason: 'TokenEndsSoon', details } };
}

function expiryDetails({ exp }: JWTPayload, now: Date) {
  return exp === undefined
    ? {}
    : { validTo: new Date(exp * 1000).toISOString(), minutes: lifeOf(exp * 1000, now).minutes };
}

/** Claims of a JSON Web Token; undefined for anything else. */
export function claimsOf(token: Buffer): JWTPayload | undefined {
  try {
    return decodeJwt(token.toString('latin1'));
  } catch {
    return undefined;
  }
}
