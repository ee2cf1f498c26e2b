import { X509Certificate } from 'node:crypto';

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** One certificate of a PEM text. */
export interface PemCertificate {
  readonly pem: string;
  readonly parsed: X509Certificate;
}

/** All certificates of a PEM text in order, undefined when one of them cannot be parsed; other blocks and comments are skipped. */
export function parseCertificates(text: Buffer): readonly PemCertificate[] | undefined {
  const blocks = text.toString('latin1').match(CERTIFICATE) ?? [];
  try {
    return blocks.map((pem) => ({ pem, parsed: new X509Certificate(pem) }));
  } catch {
    return undefined;
  }
}
