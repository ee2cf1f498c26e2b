import { describe, expect, test } from 'vitest';
import { judgeReadiness, readinessText } from '../../agent/observe/readiness.ts';
import { statusOf } from '../../agent/observe/status.ts';
import { statusSchema } from '../../agent/observe/status-schema.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { startEmbedded } from '../support/test-broker.ts';

describe('a subscription that the source refuses', () => {
  test('is named in status and readyz, leaves other routes alone, and is granted when it is allowed', async (scope) => {
    let allowed = false;
    const local = await startEmbedded(scope);
    const remote = await startEmbedded(scope, {
      hooks: { onSubscribe: ({ filter }) => (allowed || filter !== 'secret/#' ? undefined : { reasonCode: 0x87 }) },
    });
    const routes = [inward('secret', 'secret/#'), outward('open', 'open/#')];
    const config = { local: local.port, remote: remote.port, routes };
    const bridge = await startBridge(scope, config, { unready: true });

    const fault = await eventually(() => bridge.snapshot().routes.find(({ route }) => route === 'secret')?.fault);
    expect(fault).toMatchObject({ reason: 'NotAuthorized', reasonCode: 0x87 });
    await eventually(() => bridge.route('open').lanes.ready === 1);
    const status = statusOf(bridge.snapshot());
    expect(statusSchema.parse(structuredClone(status))).toEqual(status);
    expect(readinessText(judgeReadiness(bridge.snapshot()))).toMatch(
      /\[-\]route routes\/secret failed: .*NotAuthorized/,
    );

    allowed = true;
    await bridge.allReady();
    expect(bridge.route('secret').fault).toBeUndefined();
  });
});
