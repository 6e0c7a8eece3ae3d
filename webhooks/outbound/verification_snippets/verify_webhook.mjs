// Verifies a webhook that is signed by Standard Webhooks. Needs nothing but Node.
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE_SECONDS = 5 * 60;

/**
 * Says whether the request is authentic and recent.
 *
 * @param {string} secret the signing secret as it was shown (whsec_…)
 * @param {Record<string, string>} headers as Node gives them, names in lower case
 * @param {Buffer} body exactly what came in: with Express, use express.raw({ type: '*\/*' })
 * @returns {boolean}
 */
export function verifyWebhook(secret, headers, body) {
    const id = headers['webhook-id'] ?? headers['svix-id'];
    const timestamp = headers['webhook-timestamp'] ?? headers['svix-timestamp'];
    const signatures = headers['webhook-signature'] ?? headers['svix-signature'];
    if (!id || !signatures || !/^[0-9]+$/.test(timestamp ?? '')) {
        return false;
    }
    if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) {
        return false;
    }
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
    // While a secret is rotated, there are two signatures: one of them has to fit.
    return signatures.split(' ').some((entry) => {
        const [version, encoded = ''] = entry.split(',');
        const given = Buffer.from(encoded, 'base64');
        return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
    });
}
