import { describe, expect, test } from 'vitest';
import { connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import { transitionsOf } from '../../../../operator/status/transitions.ts';
import type { StatusCondition } from '../../../../shared/resources/status.ts';
import { NOW, settled, situationOf } from './sample.ts';

const summary = (status: { readonly conditions?: readonly StatusCondition[] | undefined }) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]));

describe('status of a connector', () => {
  test('is Running once all instances run the newest revision and all routes pass messages', () => {
    const status = connectorStatusOf(settled(situationOf()));
    expect(status.configStatusLevel).toBe('Running');
    expect(status.routes).toEqual({ total: 1, ready: 1 });
    expect(summary(status)).toEqual({
      Accepted: 'True Accepted',
      LocalConnected: 'True Connected',
      RemoteConnected: 'True Connected',
      CredentialsValid: 'True CredentialsValid',
      Ready: 'True Ready',
    });
  });

  test('says that nobody knows before anybody has said anything', () => {
    const status = connectorStatusOf(situationOf());
    expect(status.configStatusLevel).toBe('Starting');
    expect(summary(status)).toMatchObject({ LocalConnected: 'Unknown NotReported', Ready: 'Unknown WorkloadPending' });
    expect(transitionsOf(undefined, status)).toEqual([]);
  });
});

describe('status of a topic map', () => {
  test('is Ready with its connector', () => {
    const connector = settled(situationOf());
    const { judgement } = connector;
    const status = topicMapStatusOf({
      judgement,
      name: 'telemetry',
      former: undefined,
      connector,
      now: NOW,
    });
    expect(summary(status ?? {})).toEqual({
      Accepted: 'True Accepted',
      ConnectorResolved: 'True ConnectorFound',
      Programmed: 'True Programmed',
      Ready: 'True Ready',
    });
  });
});
