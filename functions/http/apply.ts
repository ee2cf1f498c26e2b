import type { ApplyResult, DiffResult, ValidationResult } from '../../shared/api/resources.ts';
import type { ApiRequest, ApiResponse, Deps, Handler } from './contract.ts';
import { changesBetween } from './changes.ts';
import { etagOf } from './etag.ts';
import { problemResponse } from './problems.ts';
import { readResources } from './read-resources.ts';
import { type Draft, draftChange } from './site-state.ts';
import { changeSite, readSite } from './write-site.ts';

const apiVersion = 'mqttbridge/v1';

/** Creates and replaces the resources of the body, all or none. */
export const apply: Handler = async (request, _caller, deps) => {
  const site = request.params.site ?? '';
  const dryRun = request.query.get('dryRun') === 'true';
  const read = readResources(request);
  if (read.kind === 'refused') return read.response;
  return changeSite(deps, site, (state) => {
    const draft = draftChange(state, { put: read.loaded }, deps.now());
    if (!draft.valid) return { response: problemResponse('invalid-resource', { errors: draft.problems }) };
    const response = { status: 200, body: { json: applyResult(draft, dryRun) } };
    return draft.change === undefined || dryRun ? { response } : { change: draft.change, response };
  });
};

/** Checks the resources of the body together with those that the site has. */
export const validate: Handler = async (request, _caller, deps) => {
  const draft = await draftOf(request, deps);
  if ('status' in draft) return draft;
  const { valid, problems } = draft;
  const json: ValidationResult = { apiVersion, kind: 'ValidationResult', valid, problems: [...problems] };
  return { status: 200, body: { json } };
};

/** Says what `apply` would change, field by field. */
export const diff: Handler = async (request, _caller, deps) => {
  const draft = await draftOf(request, deps);
  if ('status' in draft) return draft;
  if (!draft.valid) return problemResponse('invalid-resource', { errors: draft.problems });
  const results = draft.results.map(({ kind, name, outcome, before, after }) => ({
    kind,
    name,
    outcome,
    changes: changesBetween(before, after),
    ...(before === undefined ? {} : { before }),
    after,
  }));
  const json: DiffResult = { apiVersion, kind: 'DiffResult', results };
  return { status: 200, body: { json } };
};

async function draftOf(request: ApiRequest, { stores, now }: Deps): Promise<Draft | ApiResponse> {
  const read = readResources(request);
  if (read.kind === 'refused') return read.response;
  return draftChange(await readSite(stores.bridges, request.params.site ?? ''), { put: read.loaded }, now());
}

function applyResult({ results, problems }: Draft, dryRun: boolean): ApplyResult {
  return {
    apiVersion,
    kind: 'ApplyResult',
    dryRun,
    results: results.map(({ kind, name, outcome, entry }) =>
      dryRun && outcome !== 'unchanged' ? { kind, name, outcome } : { kind, name, outcome, etag: etagOf(entry) },
    ),
    warnings: [...problems],
  };
}
