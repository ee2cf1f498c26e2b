import { describe, expect, test } from 'vitest';
import { type WireProgress, describeFault, faultOf } from '../../../../agent/session/wire/fault.ts';
import type { WireTarget } from '../../../../agent/session/wire/wire.ts';

const TARGET: WireTarget = {
  side: 'remote',
  host: 'broker.example',
  port: 8883,
  transport: 'tcp',
  tlsEnabled: true,
  maxPacketBytes: 1024,
};
const coded = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });
const at = (stage: WireProgress['stage'], receivedAny = false): WireProgress => ({ stage, receivedAny });
const alert = (number: number, code = 'EPROTO'): Error =>
  coded(
    code,
    `write EPROTO 40ED:error:0A${(1000 + number).toString(16).toUpperCase().padStart(6, '0')}:SSL routines:f:t:x.c:1:`,
  );

describe('a fault of a wire', () => {
  test.for([
    ['ENOTFOUND', 'connecting', 'DnsFailed'],
    ['EAI_AGAIN', 'connecting', 'DnsFailed'],
    ['ECONNREFUSED', 'connecting', 'ConnectionRefused'],
    ['ETIMEDOUT', 'connecting', 'ConnectTimeout'],
    ['ETIMEDOUT', 'open', 'ConnectionLost'],
    ['ECONNRESET', 'securing', 'TlsHandshakeFailed'],
    ['EPIPE', 'securing', 'TlsHandshakeFailed'],
    ['ECONNRESET', 'open', 'ConnectionReset'],
    ['EPIPE', 'open', 'ConnectionReset'],
    ['EHOSTUNREACH', 'connecting', 'NetworkUnreachable'],
    ['ENETUNREACH', 'open', 'NetworkUnreachable'],
    ['EMFILE', 'connecting', 'TooManyOpenFiles'],
    ['CERT_HAS_EXPIRED', 'securing', 'TlsExpired'],
    ['CERT_NOT_YET_VALID', 'securing', 'TlsExpired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'securing', 'TlsNameMismatch'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'securing', 'TlsVerifyFailed'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'securing', 'TlsVerifyFailed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'securing', 'TlsVerifyFailed'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'securing', 'TlsVerifyFailed'],
    ['INVALID_PURPOSE', 'securing', 'TlsVerifyFailed'],
    ['CERT_REVOKED', 'securing', 'TlsVerifyFailed'],
    ['EE_KEY_TOO_SMALL', 'securing', 'TlsVerifyFailed'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'securing', 'TlsHandshakeFailed'],
    ['EPROTO', 'securing', 'TlsHandshakeFailed'],
    ['WS_ERR_INVALID_OPCODE', 'open', 'WebSocketProtocol'],
    ['HPE_INVALID_CONSTANT', 'upgrading', 'WebSocketRefused'],
    ['ESOMETHING', 'open', 'ConnectionFailed'],
  ] as const)('with code %s while %s is %s', ([code, stage, reason]) => {
    const fault = faultOf(coded(code), TARGET, at(stage));
    expect(fault.reason).toBe(reason);
    expect(fault.message).toContain('broker.example:8883');
    expect(fault.message).toContain(`(${code})`);
    expect(fault.message).toMatch(/^[^\n]+\.$/);
  });

  test.for([
    [42, 'TlsClientCertificateRejected'],
    [45, 'TlsClientCertificateRejected'],
    [48, 'TlsClientCertificateRejected'],
    [116, 'TlsClientCertificateRejected'],
    [70, 'TlsVersionRefused'],
    [40, 'TlsHandshakeFailed'],
    [80, 'TlsHandshakeFailed'],
  ] as const)('is read from TLS alert %i, whichever call met it', ([number, reason]) => {
    for (const code of ['EPROTO', 'ERR_SSL_TLSV1_ALERT_SOMETHING']) {
      expect(faultOf(alert(number, code), TARGET, at('open')).reason).toBe(reason);
    }
  });

  test('takes the first of the errors of several addresses', () => {
    const error = new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]);
    expect(faultOf(error, TARGET, at('connecting')).reason).toBe('ConnectionRefused');
  });

  test('repeats no text of the peer', () => {
    const fault = faultOf(new Error('c4n4ry'), TARGET, at('upgrading'));
    expect(JSON.stringify(fault)).not.toContain('c4n4ry');
  });

  test('says that a silent end after a TLS handshake may be about the client certificate', () => {
    expect(describeFault('ConnectionReset', TARGET, at('open')).message).toContain('client certificate');
    expect(describeFault('ConnectionReset', TARGET, at('open', true)).message).not.toContain('client certificate');
    expect(describeFault('ConnectionReset', { ...TARGET, tlsEnabled: false }, at('open')).message).not.toContain(
      'certificate',
    );
  });

  test('writes an IPv6 address in brackets', () => {
    expect(describeFault('ConnectionRefused', { ...TARGET, host: '::1' }, at('connecting')).message).toContain(
      '[::1]:8883',
    );
  });
});
