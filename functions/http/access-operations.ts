import {
  createdKeySchema,
  entraGrantSchema,
  grantListSchema,
  grantSchema,
  newKeySchema,
} from '../../shared/api/grants.ts';
import { problemSchema } from '../../shared/api/problem.ts';
import type { Operation, ResponseDoc } from './contract.ts';
import { lazily } from './operation-parts.ts';

const PATH = 'sites/{site}/grants';
const role = 'Bridge.Admin';
const mediaTypes = ['application/json'];
const notFound: ResponseDoc = { description: 'There is none.', schema: problemSchema };
const invalid: ResponseDoc = { description: 'A field is not valid.', schema: problemSchema };
const conflict: ResponseDoc = { description: 'There is another of this id, or no room.', schema: problemSchema };

/** Operations on who may do what at a site. */
export const accessOperations: readonly Operation[] = [
  {
    id: 'listGrants',
    method: 'GET',
    path: PATH,
    summary: 'Lists who may do what at a site beyond what tokens say.',
    role,
    responses: { 200: { description: 'All of them.', schema: grantListSchema } },
    handler: lazily(async () => (await import('./access.ts')).listGrants),
  },
  {
    id: 'createKey',
    method: 'POST',
    path: PATH,
    summary: 'Makes a key for the site; it is shown in this answer and never again.',
    role,
    requestBody: { mediaTypes, schema: newKeySchema, description: 'What the key is for.' },
    responses: {
      201: {
        description: 'The key.',
        schema: createdKeySchema,
        headers: { Location: 'Where its grant is, relative to this address.' },
      },
      409: conflict,
      422: invalid,
    },
    handler: lazily(async () => (await import('./access.ts')).createKey),
  },
  {
    id: 'getGrant',
    method: 'GET',
    path: `${PATH}/{id}`,
    summary: 'Shows a grant, without secrets.',
    role,
    responses: { 200: { description: 'The grant.', schema: grantSchema }, 404: notFound },
    handler: lazily(async () => (await import('./access.ts')).getGrant),
  },
  {
    id: 'putGrant',
    method: 'PUT',
    path: `${PATH}/{id}`,
    summary: 'Grants a role to a principal of Microsoft Entra. A grant is never changed: delete it and make another.',
    role,
    requestBody: { mediaTypes, schema: entraGrantSchema, description: 'Who may do what.' },
    responses: {
      200: { description: 'It was there already.', schema: grantSchema },
      201: { description: 'It is new.', schema: grantSchema },
      409: conflict,
      422: invalid,
    },
    handler: lazily(async () => (await import('./access.ts')).putGrant),
  },
  {
    id: 'deleteGrant',
    method: 'DELETE',
    path: `${PATH}/{id}`,
    summary: 'Takes a grant away. It works on for 5 minutes at most, in other processes.',
    role,
    responses: { 204: { description: 'It is gone.' }, 404: notFound },
    handler: lazily(async () => (await import('./access.ts')).deleteGrant),
  },
];
