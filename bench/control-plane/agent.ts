import { randomUUID } from 'node:crypto';
import { type Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { AgentReport, ReportAnswer } from '../../shared/api/report.ts';
import type { Place } from './sites.ts';

/** An agent that reports and runs nothing. */
export interface SimulatedAgent {
  /** Sends one report; rejects unless it is answered well. */
  report(): Promise<void>;
}

/** Remembers what an agent has to; nothing of it changes but the counters once the document is applied. */
export function createSimulatedAgent(origin: string, place: Place, connections: Agent): SimulatedAgent {
  const run = randomUUID();
  const startedAt = new Date().toISOString();
  let sequence = 0;
  let tag: string | undefined;
  let revision: string | undefined;
  let fresh = true;
  return {
    async report() {
      sequence++;
      const head = { run, startedAt, sequence, changed: fresh, ...(tag === undefined ? {} : { tag }) };
      const body = reportOf({ ...head, document: revision === undefined ? {} : { revision } });
      const answer = await send(origin, place, connections, body);
      fresh = answer.desired.kind === 'document';
      tag = answer.tag;
      if (answer.desired.kind === 'document') revision = answer.desired.revision;
    },
  };
}

type Varying = Pick<AgentReport, 'run' | 'startedAt' | 'sequence' | 'changed' | 'document'> & { readonly tag?: string };

function reportOf(varying: Varying): AgentReport {
  const since = varying.startedAt;
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'AgentReport',
    ...varying,
    version: '0.1.0',
    intervalSeconds: 30,
    ready: true,
    sessions: (['local', 'remote'] as const).map((side) => ({
      key: `${side}/slot-0`,
      side,
      clientId: `factory-gateway-${side}-${varying.run}`,
      endpoint: 'broker.example:8883',
      state: 'connected',
      since,
    })),
    routes: Array.from({ length: 5 }, (_, route) => ({
      topicMap: 'map',
      route: `route-${route}`,
      direction: 'local-to-remote',
      lanes: { total: 1, ready: 1 },
      received: varying.sequence * 1000,
      forwarded: varying.sequence * 1000,
      dropped: {},
      inflight: 0,
    })),
    credentials: [],
    instances: { standing: 'joined', slots: [0], total: 2 },
  };
}

function send(origin: string, place: Place, agent: Agent, report: AgentReport): Promise<ReportAnswer> {
  const headers = {
    authorization: `Bearer ${place.key}`,
    'content-type': 'application/json',
    'content-encoding': 'gzip',
  };
  return new Promise((resolve, reject) => {
    const sent = request(origin + place.path, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as ReportAnswer);
        else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    sent.on('error', reject);
    sent.end(gzipSync(JSON.stringify(report)));
  });
}
