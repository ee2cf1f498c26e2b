import { describe, expect, test } from 'vitest';
import { execute } from '../../../support/helm/evaluate.ts';
import { parseTemplate } from '../../../support/helm/parse.ts';

function render(source: string, data: object = {}): string {
  const { body, defined } = parseTemplate(source);
  return execute(defined, body, data);
}

describe('templates as Go reads them', () => {
  test.for([
    ['a {{- "b" -}} c', 'abc'],
    ['a\n\n{{- /* a note with }} in it */ -}}\n\nb', 'ab'],
    ['{{ "}}" }}{{ `{{` }}', '}}{{'],
    ['{{ .a.b }}', 'deep'],
    ['{{ with .a }}{{ .b }}{{ else }}none{{ end }}', 'deep'],
    ['{{ with .none }}some{{ else }}none{{ end }}', 'none'],
    ['{{ if .none }}1{{ else if .a }}2{{ else }}3{{ end }}', '2'],
    ['{{ range .list }}[{{ . }}]{{ end }}', '[x][y]'],
    ['{{ range $i, $x := .list }}{{ $i }}{{ $x }}{{ end }}', '0x1y'],
    ['{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}', 'a1b2'],
    ['{{ range .empty }}x{{ else }}nothing{{ end }}', 'nothing'],
    ['{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ end }}{{ $x }}', 'b'],
    ['{{ $x := "a" }}{{ if true }}{{ $x := "b" }}{{ end }}{{ $x }}', 'a'],
    ['{{ range .list }}{{ $.a.b }}{{ end }}', 'deepdeep'],
    ['{{ (.none | default .a).b }}', 'deep'],
    ['{{ .list | toJson | printf "%s-%s" "x" }}', 'x-["x","y"]'],
    ['{{ and .a .none .list | not }}', 'true'],
    ['{{ (or .none .a).b }}', 'deep'],
    ['{{ .has "a" }}', 'true'],
    ['{{ define "t" }}<{{ .b }}>{{ end }}{{ include "t" .a }}', '<deep>'],
    ['{{ "a\\nb" | nindent 2 }}', '\n  a\n  b'],
    ['{{ dict "b" 1 "a" "<&>" | toJson }}', '{"a":"\\u003c\\u0026\\u003e","b":1}'],
    ['{{ dict "b" (list "yes" "1") "a" 1 | toYaml }}', 'a: 1\nb:\n- "yes"\n- "1"'],
    ['{{ (fromYaml "a: [").Error | contains "a" }}', 'true'],
    ['{{ list "b" "" "a" "b" | compact | uniq | sortAlpha | toJson }}', '["a","b"]'],
    ['{{ 5 | int }}{{ .large | int }}', '51000000'],
  ] as const)('%s', ([source, expected]) => {
    const data = {
      a: { b: 'deep' },
      list: ['x', 'y'],
      map: { b: 2, a: 1 },
      empty: [],
      large: 1_000_000,
      has: (name: string) => name === 'a',
    };
    expect(render(source, data)).toBe(expected);
  });

  test.for([
    ['{{ .none.b }}', 'line 1: nil pointer'],
    ['\n{{ .none }}', 'line 2: not to be printed'],
    ['{{ .large }}', 'not to be printed'],
    ['{{ .map }}', 'not to be printed'],
    ['{{ $x }}', '$x is not declared'],
    ['{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}', '$x is not declared'],
    ['{{ lookup "v1" }}', 'function lookup is not known'],
    ['{{ constructor }}', 'function constructor is not known'],
    ['{{ include "none" . }}', 'template none is not defined'],
    ['{{ template "t" }}', 'line 1: template'],
    ['{{ if true }}', 'does not end'],
    ['{{ end }}', 'without a block'],
    ['{{ "a" ', 'does not end'],
    ['{{ }}', 'empty'],
    ['{{ ~ }}', 'cannot read ~'],
    ['{{ (1 }}', 'a parenthesis does not end'],
    ['{{ 1 ) }}', 'more than a pipeline'],
    ['{{ 1 | | 2 }}', 'a command is empty'],
    ['{{ eq 1 "1" }}', 'incompatible types'],
    ['{{ range 3 }}{{ end }}', 'neither a list nor a map'],
    ['{{ printf "%d" 1 }}', '%d is not known'],
    ['{{ required "is needed" "" }}', 'is needed'],
    ['{{ fail "no" }}', 'no'],
    ['{{ .map "x" }}', 'arguments for what is no function'],
  ] as const)('what is wrong or not played is an error: %s', ([source, message]) => {
    expect(() => render(source, { large: 1e6, map: {} })).toThrow(message);
  });
});
