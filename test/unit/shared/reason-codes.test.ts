import { describe, expect, it } from 'vitest';
import {
  REASON_CODES,
  reasonOf,
  reasonOfReturnCode,
  type ReasonPacket,
  sentenceOf,
  type Verdict,
  verdictOf,
} from '../../../shared/reason-codes.ts';

describe('reason codes', () => {
  it.each<[ReasonPacket, number, Verdict]>([
    ['connack', 0x00, 'accepted'],
    ['connack', 0x81, 'slow'],
    ['connack', 0x84, 'slow'],
    ['connack', 0x86, 'refresh'],
    ['connack', 0x87, 'refresh'],
    ['connack', 0x88, 'retry'],
    ['connack', 0x89, 'retry'],
    ['connack', 0x97, 'slow'],
    ['connack', 0x9d, 'slow'],
    ['connack', 0x9f, 'retry'],
    ['disconnect', 0x00, 'retry'],
    ['disconnect', 0x87, 'refresh'],
    ['disconnect', 0x8b, 'retry'],
    ['disconnect', 0x8d, 'retry'],
    ['disconnect', 0x8e, 'takenOver'],
    ['disconnect', 0x93, 'retry'],
    ['disconnect', 0x97, 'retry'],
    ['puback', 0x00, 'accepted'],
    ['puback', 0x10, 'accepted'],
    ['puback', 0x80, 'retry'],
    ['puback', 0x83, 'retry'],
    ['puback', 0x97, 'retry'],
    ['puback', 0x87, 'refused'],
    ['puback', 0x90, 'refused'],
    ['puback', 0x95, 'refused'],
    ['puback', 0x99, 'refused'],
    ['suback', 0x02, 'accepted'],
    ['suback', 0x87, 'slow'],
    ['suback', 0x9e, 'slow'],
    ['connack', 0xfe, 'retry'],
    ['puback', 0x7f, 'accepted'],
    ['puback', 0x8e, 'retry'],
  ])('%s with %d: %s', (packet, code, verdict) => expect(verdictOf(packet, code)).toBe(verdict));

  it('are listed once each, ascending, under names that can be metric labels', () => {
    const codes = REASON_CODES.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
    expect(new Set(REASON_CODES.map(({ name }) => name)).size).toBe(codes.length);
    for (const { name, description } of REASON_CODES) {
      expect(name).toMatch(/^[A-Z][A-Za-z0-9]+$/);
      expect(description).toMatch(/\.$/);
    }
  });

  it('name the setting of Event Grid that a used-up quota means', () => {
    expect(sentenceOf(0x97)).toContain('Maximum client sessions per authentication name');
    expect(sentenceOf(0x97)).toContain('(0x97)');
  });

  it('have a row for unknown codes too', () => {
    expect(reasonOf(0xfe)).toMatchObject({ code: 0xfe, name: 'Unknown' });
  });

  it.each([
    [0, 'Success'],
    [1, 'UnsupportedProtocolVersion'],
    [2, 'ClientIdentifierNotValid'],
    [3, 'ServerUnavailable'],
    [4, 'BadUserNameOrPassword'],
    [5, 'NotAuthorized'],
    [6, 'UnspecifiedError'],
  ])('return code %d of MQTT 3.1.1 means %s', (code, name) => expect(reasonOfReturnCode(code).name).toBe(name));
});
