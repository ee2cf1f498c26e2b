import { describe, expect, type TestContext, test } from 'vitest';
import { judgeReadiness, readinessText } from '../../agent/observe/readiness.ts';
import { statusOf } from '../../agent/observe/status.ts';
import { statusSchema } from '../../agent/observe/status-schema.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { INSIDE_KINDS, type InsideKind, startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';

/** A broker that refuses `secret/#` until it is told to allow it. */
async function startGuarded(scope: TestContext, kind: InsideKind) {
  if (kind === 'embedded') {
    let allowed = false;
    const onSubscribe = ({ filter }: { readonly filter: string }) =>
      allowed || filter !== 'secret/#' ? undefined : { reasonCode: 0x87 };
    const { port } = await startEmbedded(scope, { hooks: { onSubscribe } });
    return { side: port, allow: () => void (allowed = true) };
  }
  const identities: string[] = [];
  const topicSpaces = [
    { name: 'all', templates: ['open/#'] },
    { name: 'guarded', templates: ['secret/#'] },
  ];
  const permissions = [
    { topicSpace: 'all', role: 'Publisher' },
    { topicSpace: 'guarded', role: 'Subscriber', identities },
  ] as const;
  const remote = await startInside(scope, kind, { permissions: { topicSpaces, permissions } });
  const allow = () => {
    identities.push('agent-secret');
    // What a client may do is looked up when it connects.
    remote.broker.cut('agent-secret');
  };
  return { side: remote.side(), allow };
}

describe('a subscription that the source refuses', () => {
  test.for(INSIDE_KINDS)(
    'as %s is named in status and readyz, leaves other routes alone, and is granted when it is allowed',
    async (kind, scope) => {
      const local = await startEmbedded(scope);
      const { side, allow } = await startGuarded(scope, kind);
      const routes = [inward('secret', 'secret/#'), outward('open', 'open/#')];
      const config = { local: local.port, remote: side, routes };
      const bridge = await startBridge(scope, config, { unready: true });

      const fault = await eventually(() => bridge.snapshot().routes.find(({ route }) => route === 'secret')?.fault);
      expect(fault).toMatchObject({ reason: 'NotAuthorized', reasonCode: 0x87 });
      await eventually(() => bridge.route('open').lanes.ready === 1);
      const status = statusOf(bridge.snapshot());
      expect(statusSchema.parse(structuredClone(status))).toEqual(status);
      expect(readinessText(judgeReadiness(bridge.snapshot()))).toMatch(
        /\[-\]route routes\/secret failed: .*NotAuthorized/,
      );

      allow();
      await bridge.allReady();
      expect(bridge.route('secret').fault).toBeUndefined();
    },
  );
});
