import { MAP_YAML } from '../../sample.ts';
import { EVENT_GRID, IN, OUT, V3, addRoute, route, type Case } from './case.ts';

export const CROSS_CASES: readonly Case[] = [
  { rule: 'XR001', at: 'spec.mqttBridgeConnectorRef', map: [['Ref: bridge', 'Ref: other']] },
  {
    rule: 'XR001',
    at: 'spec.mqttBridgeConnectorRef',
    map: [['name: map', 'name: map\n  namespace: elsewhere']],
    advice: /in namespace default: put both into one/,
  },
  { rule: 'XR002', at: 'metadata.name', map: [['Ref: bridge', 'Ref: other']], severity: 'warning' },
  { rule: 'XR003', at: 'metadata.name', extra: MAP_YAML },
  { rule: 'XR004', at: 'spec.routes[2].name', map: [addRoute(`${OUT}, source: x`, 'up')], message: /1\.yaml:8/ },
  {
    rule: 'XR005',
    at: 'spec.routes[3].name',
    map: [
      addRoute(`${OUT}, source: x, sharedSubscription: {groupMinimumShareNumber: 2, groupName: g}`, 'a'),
      addRoute(`${OUT}, source: y`, 'a-1'),
    ],
  },
  {
    rule: 'XR006',
    at: 'spec.routes[0].name',
    connector: [['clientIdPrefix: site', `clientIdPrefix: ${'p'.repeat(100)}`]],
    map: [['name: up', `name: ${'r'.repeat(50)}`]],
    severity: 'warning',
  },
  {
    rule: 'XR007',
    at: 'spec.routes[0].sharedSubscription',
    connector: [V3],
    map: [['name: up', 'name: up\n      sharedSubscription: {groupMinimumShareNumber: 2, groupName: g}']],
  },
  {
    rule: 'XR008',
    at: 'spec.routes[2]',
    map: [addRoute(`${IN}, source: telemetry/x`)],
    severity: 'warning',
    message: /up → extra → up; maxHops ends it/,
  },
  {
    rule: 'XR008',
    at: 'spec.routes[2]',
    connector: [V3],
    map: [addRoute(`${IN}, source: telemetry/x`)],
    severity: 'error',
    message: /nothing ends it/,
  },
  {
    rule: 'XR008',
    at: 'spec.routes[2]',
    connector: [['protocol: v5', 'protocol: v5\n  maxHops: 0']],
    map: [addRoute(`${IN}, source: telemetry/x`)],
    severity: 'error',
  },
  {
    rule: 'XR009',
    at: 'spec.routes[2].source',
    map: [addRoute(`${OUT}, source: telemetry/+/x, target: z`)],
    severity: 'warning',
    message: /"telemetry\/\+\/x" are also forwarded by route "up" \(1\.yaml:8\)/,
  },
  {
    rule: 'XR010',
    at: 'spec.routes[0].qos',
    connector: [EVENT_GRID],
    map: [['name: up', 'name: up\n      qos: 2']],
    severity: 'warning',
  },
  {
    rule: 'XR011',
    at: 'spec.routes[2].target',
    connector: [EVENT_GRID],
    map: [addRoute(`${OUT}, source: x, target: ${'a/'.repeat(15)}b`)],
    severity: 'warning',
  },
  {
    rule: 'XR011',
    at: 'spec.routes[2].source',
    connector: [EVENT_GRID],
    map: [addRoute(`${OUT}, source: ${'ü'.repeat(129)}`)],
    severity: 'warning',
  },
  {
    rule: 'XR012',
    at: 'metadata.name',
    map: [
      [
        / {4}- [^]*/,
        Array.from({ length: 40 }, (_, at) =>
          route(`r${at}`, `${OUT}, source: t${at}, sharedSubscription: {groupMinimumShareNumber: 255, groupName: g}`),
        ).join(''),
      ],
    ],
  },
];
