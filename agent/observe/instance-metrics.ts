import type { MetricDefinition } from './metric-table.ts';
import type { InstancesSnapshot } from './snapshot.ts';

interface InstanceRow extends Pick<MetricDefinition, 'name' | 'type' | 'help' | 'unit'> {
  readonly value: (instances: InstancesSnapshot) => number;
}

/** A metric of one instance among others; without a series where one process runs all slots. */
function ofInstance({ value, ...shape }: InstanceRow): MetricDefinition {
  return {
    ...shape,
    labels: ['connector'],
    read: ({ snapshot: { connector, instances } }) =>
      instances === undefined ? [] : [{ labels: { connector }, value: value(instances) }],
  };
}

/** Metrics of how instances share the slots. */
export const INSTANCE_METRICS: readonly MetricDefinition[] = [
  ofInstance({
    name: 'mqttbridge_instances_wanted',
    type: 'gauge',
    help: 'Instances, and slots, that the connector asks for (`bridgeInstances`).',
    unit: 'instances',
    value: ({ total }) => total,
  }),
  ofInstance({
    name: 'mqttbridge_instance_joined',
    type: 'gauge',
    help: '1 while this instance and the others can hear each other over the local broker, otherwise 0.',
    unit: '0 or 1',
    value: ({ standing }) => Number(standing === 'joined'),
  }),
  ofInstance({
    name: 'mqttbridge_instance_peers',
    type: 'gauge',
    help: 'Other instances that are heard.',
    unit: 'instances',
    value: ({ peers }) => peers.filter(({ alive }) => alive).length,
  }),
  ofInstance({
    name: 'mqttbridge_instance_slots',
    type: 'gauge',
    help: 'Slots that this instance runs, adopted ones included.',
    unit: 'slots',
    value: ({ slots }) => slots.length,
  }),
  ofInstance({
    name: 'mqttbridge_instance_slots_adopted',
    type: 'gauge',
    help: 'Slots among them that are meant for another instance.',
    unit: 'slots',
    value: ({ slots, instance }) => slots.filter((slot) => slot !== instance).length,
  }),
  ofInstance({
    name: 'mqttbridge_slot_adoptions_total',
    type: 'counter',
    help: 'Slots of other instances that this one took over.',
    unit: 'slots',
    value: ({ adoptions }) => adoptions,
  }),
];
