import type { ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import type { StatusReason } from '../../../../operator/status/reasons.ts';
import type { ConnectorStatus } from '../../../../shared/resources/status.ts';
import { connectorObject, settled, situationOf, stored, topicMapObject } from './sample.ts';

type Level = ConnectorStatus['configStatusLevel'];

/** What is to be said of a condition, and in which situation. */
export interface Row {
  readonly reason: StatusReason;
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly situation: ConnectorSituation;
  /** What the message must name. */
  readonly names?: readonly string[];
  readonly level: Level;
}

export const badMap = stored({
  ...topicMapObject('broken'),
  spec: {
    mqttBridgeConnectorRef: 'edge',
    routes: [{ direction: 'local-to-remote', name: 'down', source: 'a/#', target: 'b/#' }],
  },
});
export const withInstances = (situation: ConnectorSituation, instances: ConnectorStatus['instances']) => ({
  ...situation,
  former: { ...situation.former, instances },
});
export const good = settled(situationOf());
export const two = settled(situationOf([connectorObject({ bridgeInstances: 2 }), topicMapObject()]));
export const unready = (reason: string) => ({
  routes: { total: 1, ready: 0 },
  unready: [{ topicMap: 'telemetry', route: 'telemetry-out', reason, message: 'The broker says no.' }],
});
