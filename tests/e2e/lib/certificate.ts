/** Certificates to test with, made by openssl. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  certificate: string;
  key: string;
  /** SHA-256 of the certificate, as Node shows it. */
  fingerprint: string;
  pem: string;
}

/** A self-signed certificate for the host names of TwinpaneServer, as BASE.pem and BASE.key. */
export async function makeCertificate(base: string, options: { days?: number } = {}): Promise<Certificate> {
  const certificate = `${base}.pem`;
  const key = `${base}.key`;
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', certificate,
    '-days', String(options.days ?? 60), '-subj', '/CN=Twinpane tests', '-addext', 'subjectAltName=DNS:cobrowse.localhost,DNS:agent.localhost,DNS:view.localhost']);
  const { stdout } = await run('openssl', ['x509', '-in', certificate, '-noout', '-fingerprint', '-sha256']);
  return { certificate, key, fingerprint: stdout.trim().replace(/^.*=/, ''), pem: await readFile(certificate, 'utf8') };
}
