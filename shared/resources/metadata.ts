import { z } from 'zod';

/** The API group and version both resources are written in. */
export const API_VERSION = 'mq.iotoperations.azure.com/v1beta1';

const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const DNS_SUBDOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const NAME_ERROR =
  'must be a DNS-1123 name: lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit';

/** Name of a Kubernetes object; cannot leave a folder, since every label begins with a letter or digit. */
export function objectName(): z.ZodString {
  return z.string().max(253).regex(DNS_SUBDOMAIN, NAME_ERROR);
}

/** Kubernetes object metadata; only name and namespace mean something to the bridge. */
function metadataSchema() {
  return z
    .strictObject({
      name: objectName().meta({ description: 'Name of the resource.' }),
      namespace: objectName()
        .optional()
        .meta({ description: 'Namespace of the resource; a topic map finds its connector in its own namespace.' }),
      labels: annotations('Labels, ignored.'),
      annotations: annotations('Annotations, ignored.'),
      ...tolerated,
    })
    .meta({ description: 'Kubernetes object metadata.' });
}

function annotations(description: string) {
  return z.record(z.string(), z.string()).optional().meta({ description });
}

function ignored() {
  return z.unknown().optional().meta({ description: 'Written by the cluster, ignored.' });
}

const tolerated = {
  generateName: ignored(),
  uid: ignored(),
  resourceVersion: ignored(),
  generation: ignored(),
  creationTimestamp: ignored(),
  deletionTimestamp: ignored(),
  deletionGracePeriodSeconds: ignored(),
  ownerReferences: ignored(),
  finalizers: ignored(),
  managedFields: ignored(),
  selfLink: ignored(),
};

/** The fields around `spec` that every resource has. */
export function envelope<K extends string>(kind: K) {
  return {
    apiVersion: z.literal(API_VERSION).meta({ description: 'API group and version.' }),
    kind: z.literal(kind).meta({ description: 'Kind of the resource.' }),
    metadata: metadataSchema(),
    status: z.unknown().optional().meta({ description: 'Written by the operator, ignored.' }),
  };
}
