import { expect, test } from 'vitest';
import { cloudEventOf } from '../../../../local/emulator/cloud-events.ts';

const session = { sequenceNumber: 7, clientAuthenticationName: 'ann', clientSessionName: 's1' };
const source = '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/namespaces/plant';
const parts = { source, newId: () => 'id-1', wallClock: () => 1_700_000_000_000 };
const envelope = {
  specversion: '1.0',
  id: 'id-1',
  time: '2023-11-14T22:13:20.000Z',
  source,
  subject: 'clients/ann/sessions/s1',
};

test('a connection becomes a CloudEvent of the namespace', () => {
  expect(cloudEventOf({ kind: 'connected', ...session }, parts)).toEqual({
    ...envelope,
    type: 'Microsoft.EventGrid.MQTTClientSessionConnected',
    data: { namespaceName: 'plant', ...session },
  });
});

test('a disconnection becomes a CloudEvent with its reason and the sequence number of its connection', () => {
  const event = { kind: 'disconnected', ...session, disconnectionReason: 'SessionTakenOver' } as const;
  expect(cloudEventOf(event, parts)).toEqual({
    ...envelope,
    type: 'Microsoft.EventGrid.MQTTClientSessionDisconnected',
    data: { namespaceName: 'plant', ...session, disconnectionReason: 'SessionTakenOver' },
  });
});

test('everything else becomes none', () => {
  const throttled = { kind: 'throttled', clientSessionName: 's', throttleType: 'ConnectPacketsPerNamespace' } as const;
  expect(cloudEventOf(throttled, parts)).toBeUndefined();
  expect(cloudEventOf({ kind: 'sessionDropped', ...session, dropReason: 'SessionExpiry' }, parts)).toBeUndefined();
});
