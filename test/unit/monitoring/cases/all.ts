import { AGENT_CASES } from './agents.ts';
import type { AlertCase } from './alert-case.ts';
import { CONNECTION_CASES } from './connections.ts';
import { CREDENTIAL_CASES } from './credentials.ts';
import { OPERATOR_CASES } from './operator.ts';
import { ROUTE_CASES } from './routes.ts';

/** Every case of every alert. */
export const ALERT_CASES: readonly AlertCase[] = [
  ...CONNECTION_CASES,
  ...ROUTE_CASES,
  ...CREDENTIAL_CASES,
  ...AGENT_CASES,
  ...OPERATOR_CASES,
];
