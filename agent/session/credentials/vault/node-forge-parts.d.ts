declare module 'node-forge/lib/forge.js' {
  import forge from 'node-forge';
  export default forge;
}

declare module 'node-forge/lib/pbe.js' {
  import type { asn1, cipher } from 'node-forge';
  interface PasswordBasedEncryption {
    /** A cipher that decrypts; null is no password at all, which PKCS #12 tells from an empty one. */
    getCipher(oid: string, parameters: asn1.Asn1, password: string | null): cipher.BlockCipher;
  }
  const pbe: PasswordBasedEncryption;
  export default pbe;
}

declare module 'node-forge/lib/sha512.js' {}
