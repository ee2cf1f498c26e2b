import { z } from 'zod';
import { objectName } from '../resources/metadata.ts';

/** Collections of a site, as paths name them. */
export const COLLECTIONS = ['connectors', 'topicmaps'] as const;

/** A collection of a site. */
export type Collection = (typeof COLLECTIONS)[number];

/** Kinds of resources. */
export type ResourceKind = 'MqttBridgeConnector' | 'MqttBridgeTopicMap';

/** What a collection holds. */
export const KIND_OF: Readonly<Record<Collection, ResourceKind>> = {
  connectors: 'MqttBridgeConnector',
  topicmaps: 'MqttBridgeTopicMap',
};

/** A cluster or location: one DNS label, so that it can be a part of paths, table keys and host names. */
export const siteName = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label: 1 to 63 of a-z, 0-9 and "-"')
  .meta({ description: 'Name of the site: one cluster or location.' });

/** Name of a connector or topic map. */
export const resourceName = objectName().meta({ description: 'Name of the resource, as in its metadata.' });

/** Which agent of a connector reports: the number of its slot, or `all` for one process that runs all slots. */
export const instanceName = z
  .string()
  .regex(/^(?:all|0|[1-9]\d{0,4})$/, 'must be "all" or a number from 0 to 99999')
  .meta({ description: 'Number of the instance, or "all" for one process that runs all slots.' });
