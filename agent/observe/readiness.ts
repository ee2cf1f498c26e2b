import type { Side } from '../../shared/plan/types.ts';
import { redactText } from './redact.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import type {
  AgentSnapshot,
  ApiServerSnapshot,
  ControlPlaneSnapshot,
  FaultSnapshot,
  RouteSnapshot,
  SessionSnapshot,
} from './snapshot.ts';

/** One line of `/readyz?verbose`. */
interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Why not, or a remark; one line. */
  readonly detail?: string;
}

/** Whether the agent is ready, and what each of its parts says. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly Check[];
}

const MAX_ROUTE_LINES = 200;
const MAX_FAULTS = 3;

/** Ready means: a configuration is applied and at least one route runs. A failed check alone does not make it unready. */
export function judgeReadiness(snapshot: AgentSnapshot): Readiness {
  const running = snapshot.routes.filter(isRunning);
  return {
    ready: snapshot.config.revision !== undefined && (running.length > 0 || isSpare(snapshot)),
    checks: [
      checkConfig(snapshot),
      ...checkControlPlane(snapshot),
      ...checkApiServer(snapshot),
      ...checkInstances(snapshot),
      checkSide(snapshot, 'local'),
      checkSide(snapshot, 'remote'),
      ...checkCertificates(snapshot),
      ...conditionsOf(snapshot).map(checkCondition),
      ...checkRoutes(snapshot.routes),
    ],
  };
}

/** The text that kube-apiserver's `/readyz?verbose` made familiar: one `[+]` or `[-]` line per check, then the verdict. */
export function readinessText(readiness: Readiness): string {
  const lines = readiness.checks.map(({ name, ok, detail }) => {
    const remark = detail === undefined ? '' : `: ${detail}`;
    return ok ? `[+]${name} ok${remark}` : `[-]${name} failed${remark}`;
  });
  return [...lines, `readyz check ${readiness.ready ? 'passed' : 'failed'}`, ''].join('\n');
}

/** An instance without work of its own, there for when another one dies. */
export function isSpare({ instances, routes, sessions }: AgentSnapshot): boolean {
  const others = instances?.peers.some(({ alive }) => alive);
  return instances?.standing === 'joined' && others === true && routes.length === 0 && sessions.length === 0;
}

function isRunning(route: RouteSnapshot): boolean {
  return route.lanes.ready > 0;
}

function checkConfig({ config }: AgentSnapshot): Check {
  if (config.rejected !== undefined) {
    const inForce = config.revision === undefined ? 'none is in force' : `${config.revision} stays in force`;
    const [first] = config.rejected.problems;
    const why = first === undefined ? '' : `; ${first.rule} ${first.path}: ${first.message}`;
    return failed('config', `revision ${config.rejected.revision} was refused, ${inForce}${why}`);
  }
  return config.revision === undefined ? failed('config', 'no configuration yet') : { name: 'config', ok: true };
}

/** Never a reason to be unready: what runs does not need the control plane. */
function checkControlPlane({ controlPlane }: AgentSnapshot): Check[] {
  if (!controlPlane) return [];
  return [checkOrigin('control-plane', controlPlane, [`last answer: ${controlPlane.answeredAt ?? 'never'}`])];
}

/** As the control plane. */
function checkApiServer({ apiServer }: AgentSnapshot): Check[] {
  return apiServer ? [checkOrigin('api-server', apiServer, [`since ${apiServer.since}`])] : [];
}

function checkOrigin(
  name: string,
  { fault, up, documentFrom }: ControlPlaneSnapshot | ApiServerSnapshot,
  remarks: readonly string[],
): Check {
  const source = documentFrom === 'disk' ? ['the document in force is the last good one on disk'] : [];
  if (fault) return failed(name, faultText(fault), ...remarks, ...source);
  return up ? { name, ok: true } : failed(name, 'no answer yet', ...source);
}

function checkInstances({ instances }: AgentSnapshot): Check[] {
  if (!instances) return [];
  const { standing, slots, total, peers, fault } = instances;
  const others = peers.filter(({ alive }) => alive).length;
  const detail = `slots ${slots.length > 0 ? slots.join(', ') : 'none'} of ${total}, ${others} other instances heard`;
  if (standing === 'joined') return [{ name: 'instances', ok: true, detail }];
  const why = fault ? `${fault.reason}: ${fault.message}` : UNHEARD[standing];
  return [failed('instances', `${detail}; ${why}`)];
}

const UNHEARD = {
  apart: 'the local broker has not passed on a heartbeat of this instance; nothing connects anew until it does',
  blind:
    'the local broker takes no heartbeats or passes none on: allow this client to publish and subscribe to mqttbridge/+/instances/#; until then nobody takes over for an instance that dies',
} as const;

function checkSide(snapshot: AgentSnapshot, side: Side): Check {
  const sessions = snapshot.sessions.filter((session) => session.side === side);
  if (isSpare(snapshot)) return { name: side, ok: true, detail: 'other instances run all routes' };
  if (sessions.length === 0) return failed(side, 'no sessions');
  const connected = sessions.filter((session) => session.state === 'connected').length;
  if (connected === sessions.length) return { name: side, ok: true };
  const faults = faultTexts(sessions);
  return failed(side, `${connected} of ${sessions.length} sessions connected`, ...faults);
}

function faultTexts(sessions: readonly SessionSnapshot[]): string[] {
  const texts = new Set<string>();
  for (const { fault } of sessions) {
    if (fault !== undefined && texts.size < MAX_FAULTS) texts.add(faultText(fault));
  }
  return [...texts];
}

/** The words after `try:` are a command or a setting, as `validate` prints them. */
function faultText({ reason, message, fix }: FaultSnapshot): string {
  const known = `${reason}: ${redactText(message)}`;
  return fix === undefined ? known : `${known} try: ${redactText(fix)}`;
}

function checkCondition({ type, fault, sessions }: Condition): Check {
  return failed(type, sessions.slice(0, MAX_FAULTS).join(', '), faultText(fault));
}

function checkCertificates({ certificates }: AgentSnapshot): Check[] {
  return certificates
    .filter((certificate) => certificate.rejected !== undefined)
    .map(({ side, secret, rejected }) =>
      failed(`certificate ${side}/${secret}`, `newest pair not in use: ${rejected}`),
    );
}

function checkRoutes(routes: readonly RouteSnapshot[]): Check[] {
  const shown = routes.slice(0, MAX_ROUTE_LINES).map(checkRoute);
  const hidden = routes.slice(MAX_ROUTE_LINES);
  if (hidden.length === 0) return shown;
  const running = hidden.filter(isRunning).length;
  const name = `${hidden.length} more routes`;
  return [...shown, running === hidden.length ? { name, ok: true } : failed(name, `${running} of them running`)];
}

function checkRoute(route: RouteSnapshot): Check {
  const name = `route ${route.topicMap}/${route.route}`;
  const { ready, total } = route.lanes;
  const { fault, refusal } = route;
  if (ready === total && refusal === undefined) return { name, ok: true };
  const why = [
    ...(fault === undefined ? [] : [`subscription refused: ${faultText(fault)}`]),
    ...(refusal === undefined ? [] : [`messages refused: ${faultText(refusal)}`]),
  ];
  return failed(name, `${ready} of ${total} lanes ready`, ...why);
}

/** Details are redacted one by one: a text is cut at a length, and a command must stay whole. */
function failed(name: string, ...details: readonly string[]): Check {
  return {
    name,
    ok: false,
    detail: details
      .map((detail) => redactText(detail))
      .join('; ')
      .replace(/\s+/g, ' '),
  };
}
