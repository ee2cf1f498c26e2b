import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../../agent/session/admission.ts';
import { createConnectSpacing } from '../../../../agent/session/connect-spacing.ts';
import { GENERIC_PROFILE } from '../../../../shared/remote-profile.ts';
import { eventually } from '../../../support/eventually.ts';

const plan = { key: 'remote/a', side: 'remote', clientId: 'a', slot: 0, namedBy: 'route' } as const;

function prepare(connectSpacingMs = 0) {
  const state = { now: 0, cleared: true, wanted: true, asked: 0, granted: false };
  const spacing = createConnectSpacing(() => state.now);
  const cleared = () => {
    state.asked++;
    return state.cleared;
  };
  const admission = createAdmission({ plan, profile: { ...GENERIC_PROFILE, connectSpacingMs }, spacing, cleared });
  const grant = () => admission.granted(() => state.wanted).then(() => (state.granted = true));
  const askedAgain = (from = state.asked) => eventually(() => state.asked > from + 2);
  return { state, spacing, admission, grant, askedAgain };
}

describe('admission', () => {
  it('is granted at once where nothing stands against it', async () => {
    await expect(prepare().grant()).resolves.toBe(true);
  });

  it('waits until no other instance can have the session', async () => {
    const { state, grant, askedAgain } = prepare();
    state.cleared = false;
    const granted = grant();
    await askedAgain();
    expect(state.granted).toBe(false);
    state.cleared = true;
    await granted;
  });

  it('asks again after the broker made it wait', async () => {
    const { state, spacing, admission, grant, askedAgain } = prepare(30);
    spacing.connected(plan.key);
    expect(admission.spacingMs).toBe(30);
    const granted = grant();
    state.cleared = false;
    state.now = 30;
    await askedAgain();
    expect(state.granted).toBe(false);
    state.cleared = true;
    await granted;
  });

  it('ends when nobody wants it any more', async () => {
    const { state, grant, askedAgain } = prepare();
    state.cleared = false;
    const granted = grant();
    await askedAgain();
    state.wanted = false;
    await granted;
  });
});
