import { type Case } from './case.ts';

export const TEXT_CASES: readonly Case[] = [
  { rule: 'YA001', at: '', map: [['routes:', 'routes: [']] },
  { rule: 'YA002', at: '', extra: `# ${'x'.repeat(1_048_576)}` },
  { rule: 'YA003', at: '', map: [['name: up', 'name: up\n      name: up2']] },
  { rule: 'YA004', at: '', extra: `a: &a [1,1]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]` },
  { rule: 'YA004', at: '', extra: 'a: &a\n  b: [1, *a]' },
  { rule: 'YA005', at: '', map: [['name: up', 'name: !x up']] },
  { rule: 'YA006', at: '', extra: '['.repeat(100) },
  { rule: 'YA007', at: '', extra: 'a: {__proto__: {}}' },
  { rule: 'YA008', at: 'metadata.labels.x', map: [['name: map', 'name: map\n  labels: {x: on}']], severity: 'warning' },
  { rule: 'YA009', at: '', extra: 'name: nothing' },
  { rule: 'YA010', at: 'kind', extra: 'apiVersion: v1\nkind: ConfigMap\n', severity: 'warning' },
  { rule: 'YA011', at: 'kind', extra: 'apiVersion: mq.iotoperations.azure.com/v1beta1\nkind: MqttBridgeTopicmap\n' },
  { rule: 'YA011', at: 'apiVersion', extra: 'apiVersion: az-edge.com/v1alpha4\nkind: MqttBridgeTopicMap\n' },
];
