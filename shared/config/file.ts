/** One configuration file as text; the name is only shown. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}
