import type { ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import type { TopicMapStatus } from '../../../../shared/resources/status.ts';
import {
  condition,
  connectorObject,
  entryOf,
  judge,
  settled,
  situationOf,
  stored,
  topicMapObject,
  withConditions,
} from './sample.ts';
import { badMap, good, type Row, two, unready, withInstances } from './situations.ts';

interface MapRow extends Omit<Row, 'situation'> {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly of?: string;
  readonly situation?: ConnectorSituation;
  readonly judgement?: ReturnType<typeof judge>;
  readonly former?: TopicMapStatus;
}

const programmed: TopicMapStatus = {
  configStatusLevel: 'Running',
  conditions: [{ ...condition('Programmed'), observedGeneration: 1 }],
};
const held = settled(situationOf([connectorObject(), topicMapObject(), badMap]));
const empty = stored({ ...topicMapObject('empty'), spec: { mqttBridgeConnectorRef: 'edge', routes: [] } });

/** Conditions of topic maps, every reason at least once. */
export const MAP_ROWS: readonly MapRow[] = [
  { reason: 'Accepted', type: 'Accepted', status: 'True', situation: good, level: 'Running' },
  { reason: 'ConnectorFound', type: 'ConnectorResolved', status: 'True', situation: good, level: 'Running' },
  { reason: 'Programmed', type: 'Programmed', status: 'True', situation: good, level: 'Running' },
  { reason: 'Ready', type: 'Ready', status: 'True', situation: good, level: 'Running' },
  {
    reason: 'Invalid',
    type: 'Ready',
    status: 'False',
    of: 'broken',
    situation: held,
    names: ['TM004 spec.routes[0].target'],
    level: 'Failed',
  },
  {
    reason: 'ConnectorNotFound',
    type: 'ConnectorResolved',
    status: 'False',
    judgement: judge([topicMapObject()]),
    names: ['no MqttBridgeConnector edge in namespace plant'],
    level: 'Error',
  },
  {
    reason: 'ConnectorNotFound',
    type: 'Ready',
    status: 'False',
    judgement: judge([topicMapObject(), stored({ ...connectorObject() }, { namespace: 'office', uid: 'other' })]),
    names: ['There is one in namespace office'],
    level: 'Error',
  },
  {
    reason: 'ConnectorInvalid',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf([connectorObject({ maxHops: 99 }), topicMapObject()])),
    names: ['MqttBridgeConnector edge', 'BC003 spec.maxHops'],
    level: 'Error',
  },
  {
    reason: 'TopicMapInvalid',
    type: 'Programmed',
    status: 'False',
    situation: held,
    names: ['topic map broken', 'TM004'],
    level: 'Error',
  },
  {
    reason: 'Programmed',
    type: 'Programmed',
    status: 'True',
    situation: held,
    former: programmed,
    level: 'Running',
  },
  {
    reason: 'Programmed',
    type: 'Programmed',
    status: 'True',
    situation: settled(situationOf(), { revision: 'older' }),
    former: programmed,
    level: 'Running',
  },
  {
    reason: 'RevisionPending',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf(), { revision: 'older' }),
    former: { conditions: [{ ...condition('Programmed'), observedGeneration: 0 }] },
    names: ['instance 0'],
    level: 'Starting',
  },
  {
    reason: 'NotReported',
    type: 'Programmed',
    status: 'Unknown',
    situation: withInstances(good, []),
    level: 'Starting',
  },
  {
    reason: 'NoInstances',
    type: 'Programmed',
    status: 'False',
    situation: settled(situationOf([connectorObject({ bridgeInstances: 0 }), topicMapObject()])),
    level: 'N/A',
  },
  {
    reason: 'NoRoutes',
    type: 'Ready',
    status: 'False',
    of: 'empty',
    situation: settled(situationOf([connectorObject(), topicMapObject(), empty])),
    level: 'N/A',
  },
  {
    reason: 'ReportedElsewhere',
    type: 'Ready',
    status: 'Unknown',
    situation: { ...good, reporting: 'elsewhere' },
    names: ['control plane'],
    level: 'N/A',
  },
  {
    reason: 'RoutesNotReady',
    type: 'Ready',
    status: 'False',
    situation: settled(situationOf(), unready('NotAuthorized')),
    names: ['telemetry/telemetry-out NotAuthorized'],
    level: 'Starting',
  },
  {
    reason: 'RoutesNotReady',
    type: 'Ready',
    status: 'Unknown',
    situation: settled(situationOf(), { routes: { total: 1, ready: 0 } }),
    names: ['not named: 1.'],
    level: 'Starting',
  },
  {
    reason: 'InstancesNotReady',
    type: 'Ready',
    status: 'False',
    situation: withInstances({ ...two, workload: { wanted: 2, ready: 1, settled: true } }, [
      entryOf(0, { revision: two.judgement.connector.document?.revision }),
      entryOf(1, {
        revision: two.judgement.connector.document?.revision,
        ...withConditions({ Ready: ['False', 'Stopping', ''] }),
      }),
    ]),
    names: ['1 of 2 pods'],
    level: 'Starting',
  },
];
