import { AGENT, type AlertCase, remoteSeries } from './alert-case.ts';

const certificate = remoteSeries('mqttbridge_certificate_expiry_timestamp_seconds');
const refused = remoteSeries('mqttbridge_certificate_renewal_failing');
const tokenEnd = remoteSeries('mqttbridge_token_expiry_timestamp_seconds');
const tokenFails = remoteSeries('mqttbridge_token_renewal_failing');
const remote = { ...AGENT, side: 'remote' };
const DAY = 86_400;

/** The end of a certificate, seen from a clock that starts at zero. */
const endsIn = (days: number) => ({ [certificate]: `${days * DAY}x20` });

export const CREDENTIAL_CASES: readonly AlertCase[] = [
  {
    alert: 'MqttBridgeCertificateEndsSoon',
    when: 'ten days are left',
    series: endsIn(10),
    atMinute: 10,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeCertificateEndsSoon',
    when: 'fifteen days are left',
    series: endsIn(15),
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeCertificateEndsSoon',
    when: 'two days are left, which is for another alert to say',
    series: endsIn(2),
    atMinute: 10,
    fires: [],
  },
  { alert: 'MqttBridgeCertificateEnds', when: 'two days are left', series: endsIn(2), atMinute: 10, fires: [remote] },
  {
    alert: 'MqttBridgeCertificateEnds',
    when: 'it has ended',
    series: { [certificate]: '60x20' },
    atMinute: 10,
    fires: [remote],
  },
  { alert: 'MqttBridgeCertificateEnds', when: 'four days are left', series: endsIn(4), atMinute: 10, fires: [] },
  {
    alert: 'MqttBridgeCertificateEnds',
    when: 'there is no certificate',
    series: { [tokenFails]: '0x20' },
    atMinute: 10,
    fires: [],
  },
  {
    alert: 'MqttBridgeCertificateRefused',
    when: 'a newer pair cannot be used',
    series: { [refused]: '0x4 1x30' },
    atMinute: 20,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeCertificateRefused',
    when: 'its key comes a moment after it',
    series: { [refused]: '0x4 1x2 0x30' },
    atMinute: 20,
    fires: [],
  },
  {
    alert: 'MqttBridgeTokenRenewalFailing',
    when: 'tokens are asked for in vain',
    series: { [tokenFails]: '0x4 1x20', [tokenEnd]: '7200x30' },
    atMinute: 10,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeTokenRenewalFailing',
    when: 'the token has ended and nobody renewed it',
    series: { [tokenFails]: '0x30', [tokenEnd]: '60x30' },
    atMinute: 10,
    fires: [remote],
  },
  {
    alert: 'MqttBridgeTokenRenewalFailing',
    when: 'one attempt fails and the next succeeds',
    series: { [tokenFails]: '0x4 1x2 0x20', [tokenEnd]: '420x6 7200x20' },
    atMinute: 10,
    fires: [],
  },
];
