import { z } from 'zod';
import { resourceName } from './names.ts';

const apiVersion = z.literal('mqttbridge/v1');

/** Most grants of one site: authentication reads all of them at once. */
export const MAX_GRANTS = 1000;

const role = z
  .enum(['Bridge.Read', 'Bridge.Write', 'Bridge.Agent', 'Bridge.Admin'])
  .meta({ description: 'What the bearer may do at the site.' });
const connector = resourceName.optional().meta({
  description: 'Only with Bridge.Agent: the one connector that the agent acts for; any of the site when absent.',
});
const grantId = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label: 1 to 63 of a-z, 0-9 and "-"')
  .meta({ description: 'Name of the grant, unique within the site.' });
const objectId = z
  .guid()
  .toLowerCase()
  .meta({ description: 'Object ID of a managed identity, service principal or user; groups are not looked at.' });

const ONLY_AGENTS = { message: 'a connector can be named for Bridge.Agent only', path: ['connector'] };

/** The same for whoever reads the JSON Schema. */
const dependentSchemas = { connector: { properties: { role: { const: 'Bridge.Agent' } } } };

function onlyAgentsNameConnectors(grant: { readonly role: string; readonly connector?: string | undefined }): boolean {
  return grant.connector === undefined || grant.role === 'Bridge.Agent';
}

/** Body that asks for a key. */
export const newKeySchema = z
  .strictObject({ id: grantId.optional(), role, connector })
  .refine(onlyAgentsNameConnectors, ONLY_AGENTS)
  .meta({ id: 'NewKey', dependentSchemas });

/** Body that grants a role to a principal of Microsoft Entra. */
export const entraGrantSchema = z
  .strictObject({ objectId, role, connector })
  .refine(onlyAgentsNameConnectors, ONLY_AGENTS)
  .meta({ id: 'EntraGrant', dependentSchemas });

/** A grant as it is shown: never with a secret or its hash. */
export const grantSchema = z
  .object({
    apiVersion,
    kind: z.literal('Grant'),
    id: grantId,
    principal: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('key') }),
      z.object({ kind: z.literal('entra'), objectId: z.string() }),
    ]),
    role,
    connector,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Grant', description: 'Who may do what at a site.' });

/** All grants of a site, by id. */
export const grantListSchema = z
  .object({ apiVersion, kind: z.literal('GrantList'), items: z.array(grantSchema) })
  .meta({ id: 'GrantList' });

/** Answer to the making of a key: the only time that it is shown. */
export const createdKeySchema = z
  .object({
    apiVersion,
    kind: z.literal('CreatedKey'),
    key: z
      .string()
      .meta({ description: 'To be sent as `Authorization: Bearer KEY`. It is not kept and cannot be shown again.' }),
    grant: grantSchema,
  })
  .meta({ id: 'CreatedKey' });

export type NewKey = z.infer<typeof newKeySchema>;
export type GrantView = z.infer<typeof grantSchema>;
export type GrantList = z.infer<typeof grantListSchema>;
export type CreatedKey = z.infer<typeof createdKeySchema>;
