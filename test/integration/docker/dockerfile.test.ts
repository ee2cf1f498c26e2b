import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { validateConfig } from '../../../shared/config/validate.ts';
import { type Dockerfile, type Stage, textsOf } from '../../support/docker/dockerfile.ts';
import { readDockerfile } from '../../support/docker/image.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const readText = (file: string) => readFile(join(ROOT, file), 'utf8');

const packageSchema = z.object({
  version: z.string(),
  description: z.string(),
  license: z.string(),
  devDependencies: z.object({ node: z.string() }),
});

describe('the Dockerfile', () => {
  let dockerfile: Dockerfile;
  let stages: readonly [Stage, Stage];
  let manifest: z.infer<typeof packageSchema>;

  beforeAll(async () => {
    dockerfile = await readDockerfile();
    stages = dockerfile.stages as readonly [Stage, Stage];
    manifest = packageSchema.parse(JSON.parse(await readText('package.json')));
  });

  test('builds in one stage and delivers another, both on the Node that tests run on', () => {
    expect(dockerfile.stages.map(({ from }) => from)).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}']);
    expect(dockerfile.args.get('NODE_IMAGE')).toBe(`node:${manifest.devDependencies.node}-bookworm-slim`);
  });

  test('runs nothing in what it delivers, and takes nothing but the program and an empty folder', () => {
    const [, final] = stages;
    expect(textsOf(final, 'RUN')).toEqual([]);
    expect(textsOf(final, 'COPY')).toEqual([
      '--from=build /image /opt/mqttbridge',
      '--from=build --chown=65532:65532 /data /var/lib/mqttbridge',
    ]);
  });

  test('writes a list of all components with a pinned tool', () => {
    const [sbom = ''] = textsOf(stages[0], 'RUN').filter((text) => text.includes('cyclonedx'));
    expect(sbom).toMatch(/^npx --yes @cyclonedx\/cyclonedx-npm@\d+\.\d+\.\d+ .*--omit dev .*\/image\/sbom\.cdx\.json$/);
  });

  test('is no root, ends at SIGTERM, and has no probe but those of the agent', () => {
    const [, final] = stages;
    expect(textsOf(final, 'USER')).toEqual(['65532:65532']);
    expect(textsOf(final, 'STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(textsOf(final, 'HEALTHCHECK')).toEqual(['NONE']);
    expect(textsOf(final, 'EXPOSE')).toEqual(['9600 7071']);
  });

  test('starts Node without a shell, with the options of the program itself', async () => {
    const [entry = ''] = textsOf(stages[1], 'ENTRYPOINT');
    const [first = ''] = (await readText('cli/main.ts')).split('\n');
    const options = first.replace('#!/usr/bin/env -S node ', '').split(' ');
    expect(JSON.parse(entry)).toEqual(['node', ...options, '/opt/mqttbridge/dist/bin/mqttbridge.cjs']);
  });

  test('says in its labels what package.json says', () => {
    const [, final] = stages;
    const labels = textsOf(final, 'LABEL').join(' ');
    expect(textsOf(final, 'ARG')).toContain(`VERSION=${manifest.version}`);
    expect(labels).toContain(`description="${manifest.description}"`);
    expect(labels).toContain(`licenses="${manifest.license}"`);
    for (const name of ['title', 'version', 'revision']) expect(labels).toContain(`org.opencontainers.image.${name}=`);
  });
});

const serviceSchema = z.strictObject({
  image: z.string().regex(/:/),
  build: z.strictObject({ context: z.literal('../..'), dockerfile: z.literal('infra/docker/Dockerfile') }).optional(),
  command: z.array(z.string()),
  read_only: z.literal(true).optional(),
  tmpfs: z.tuple([z.literal('/tmp')]).optional(),
  cap_drop: z.tuple([z.literal('ALL')]).optional(),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]).optional(),
  stop_grace_period: z.literal('20s').optional(),
  restart: z.literal('unless-stopped').optional(),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).optional(),
  depends_on: z.array(z.string()).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)),
  volumes: z.array(z.string()).optional(),
});

const composeSchema = z.strictObject({
  name: z.string(),
  'x-hardened': z.unknown(),
  'x-broker': z.unknown(),
  services: z.record(z.string(), serviceSchema),
  configs: z.record(z.string(), z.strictObject({ file: z.string() })),
  volumes: z.record(z.string(), z.strictObject({})),
});

describe('compose.yaml', () => {
  let compose: z.infer<typeof composeSchema>;

  beforeAll(async () => {
    compose = composeSchema.parse(parse(await readText('infra/docker/compose.yaml'), { merge: true }));
  });

  test('runs our image read-only and without rights, once as each of its programs', () => {
    const ours = Object.values(compose.services).filter(({ image }) => image.startsWith('mqttbridge'));
    expect(ours.map(({ command }) => command[0])).toEqual(['run', 'control-plane']);
    for (const service of ours)
      expect([service.read_only, service.tmpfs, service.cap_drop, service.security_opt]).not.toContain(undefined);
  });

  test('uses ports once, on this machine only, and those that the commands listen at', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports);
    expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
    for (const { command, ports: published } of Object.values(compose.services)) {
      const http = command[command.indexOf('--http') + 1];
      if (command.includes('--http'))
        expect(published.map((port) => port.split(':')[2])).toEqual([http?.split(':')[1]]);
    }
  });

  test('refers to services, configurations and volumes that it has', () => {
    for (const { depends_on = [], configs = [], volumes = [] } of Object.values(compose.services)) {
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(depends_on));
      expect(Object.keys(compose.configs)).toEqual(expect.arrayContaining(configs.map(({ source }) => source)));
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes.map((one) => one.split(':')[0])));
    }
  });

  test('bridges between the brokers that it starts', async () => {
    const { command, configs } = compose.services['agent'] ?? {};
    expect(command).toContain(configs?.[0]?.target);
    const file = compose.configs['bridge']?.file ?? '';
    const { problems, connectors } = validateConfig([{ name: file, text: await readText(join('infra/docker', file)) }]);
    expect(problems).toEqual([]);
    const spec = connectors[0]?.connector.spec;
    const hosts = [spec?.localBrokerConnection, spec?.remoteBrokerConnection].map((side) => side?.endpoint);
    expect(hosts).toEqual(['edge:1883', 'cloud:1883']);
  });
});
