import type { KeyVault } from '../../../../shared/resources/authentication.ts';
import { createAlarm } from '../alarm.ts';
import type { ClientCertificate } from '../client-certificate.ts';
import type { CredentialError } from '../credential-error.ts';
import { inTime } from '../in-time.ts';
import type { LastGood } from '../last-good.ts';
import { createVaultNewest } from './vault-newest.ts';
import { nextLookAt, type VaultPace } from './vault-schedule.ts';
import type { VaultSourceParts } from './vault-source.ts';

/** A client certificate from a key vault; the last good one survives whatever the vault says, or that it says nothing. */
export interface VaultCertificate extends LastGood<ClientCertificate> {
  /** Ends looking at the vault in between; `load` goes on to answer. */
  close(): void;
}

/** What a certificate is got from a key vault with, and renewed. */
export interface VaultCertificateParts extends VaultSourceParts {
  readonly pace: VaultPace;
  /** In [0, 1). */
  readonly random: () => number;
  /** Called when the newest certificate cannot be had or used, once per reason. */
  readonly onRejected: (error: CredentialError) => void;
}

/** Those who ask within this after a failure get the same answer: many sessions share one vault. */
const HOLD_MS = 1_000;

/** Remembers where the certificate is; asks nobody before `load`, and from the first good one on at the pace. */
export function createVaultCertificate(keyVault: KeyVault, parts: VaultCertificateParts): VaultCertificate {
  const { clock, pace, random, onRejected } = parts;
  const newest = createVaultNewest(keyVault, parts);
  const alarm = createAlarm(clock, () => void look());
  let fault: CredentialError | undefined;
  let failed = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let closed = false;

  const lookedWithin = (ms: number): boolean => Math.abs(clock.now() - lookedAt) < ms;

  function failedWith(error: CredentialError): void {
    if (error.message !== fault?.message) onRejected(error);
    fault = error;
    failed++;
  }

  /** Those who look at the same time share one look; it never rejects. */
  function look(): Promise<void> {
    if (looking !== undefined) return looking;
    lookedAt = clock.now();
    const succeeded = (): void => {
      fault = undefined;
      failed = 0;
    };
    looking = newest.update().then(succeeded, failedWith).then(plan);
    return looking;
  }

  function plan(): void {
    looking = undefined;
    const good = newest.good();
    if (closed || good === undefined || (newest.fixed && failed === 0)) return;
    const [now, endsAt, notBefore] = [clock.now(), good.notAfter * 1_000, newest.notBefore()];
    alarm.set(nextLookAt({ now, endsAt, failed, notBefore, random: random() }, pace));
  }

  /** With a certificate at hand nobody waits long for a vault that is away. */
  async function freshen(): Promise<void> {
    if (newest.fixed || failed > 0 || lookedWithin(pace.freshMs)) return;
    await inTime(look(), { clock, ms: pace.waitMs, late: () => new Error('late') }).catch(() => undefined);
  }

  const isHeld = (): boolean => fault !== undefined && (lookedWithin(HOLD_MS) || clock.now() < newest.notBefore());

  return {
    async load() {
      if (newest.valid() !== undefined) await freshen();
      else if (looking !== undefined || !isHeld()) await look();
      const valid = newest.valid();
      if (valid === undefined) throw fault ?? new Error('the vault was not asked');
      return valid;
    },
    current: newest.good,
    rejected: () => fault?.message,
    close() {
      closed = true;
      alarm.stop();
    },
  };
}
