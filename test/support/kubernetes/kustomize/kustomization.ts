import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const FILES = ['kustomization.yaml', 'Kustomization'];

const generatorSchema = z.strictObject({
  name: z.string(),
  behavior: z.enum(['create', 'replace']).default('create'),
  files: z.array(z.string()),
  options: z
    .strictObject({
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()).optional(),
      disableNameSuffixHash: z.boolean().optional(),
    })
    .optional(),
});

const patchSchema = z.strictObject({
  target: z.strictObject({ kind: z.string(), name: z.string().optional() }),
  path: z.string(),
});

const wholeSchema = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()).default([]),
  components: z.array(z.string()).default([]),
  labels: z.array(z.strictObject({ pairs: z.record(z.string(), z.string()) })).default([]),
  configMapGenerator: z.array(generatorSchema).default([]),
  patches: z.array(patchSchema).default([]),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string().optional(), newTag: z.string() })).default([]),
});

/** A part that others take in; it is built as they are. */
const componentSchema = wholeSchema.extend({
  apiVersion: z.literal('kustomize.config.k8s.io/v1alpha1'),
  kind: z.literal('Component'),
});

/** What our kustomizations use of Kustomize; anything else is refused, since nobody here would carry it out. */
export const kustomizationSchema = z.discriminatedUnion('kind', [wholeSchema, componentSchema]);

export type Kustomization = z.infer<typeof kustomizationSchema>;
export type ConfigMapGenerator = z.infer<typeof generatorSchema>;
export type Patch = z.infer<typeof patchSchema>;

/** Reads the kustomization of a folder; rejects where there is none, or one that is not understood. */
export async function readKustomization(folder: string): Promise<Kustomization> {
  for (const name of FILES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return kustomizationSchema.parse(parse(text));
  }
  throw new Error(`${folder} has no ${FILES.join(' and no ')}`);
}
