<?php

declare(strict_types=1);

const TOLERANCE_SECONDS = 5 * 60;

/**
 * Says whether a webhook that is signed by Standard Webhooks is authentic and recent.
 *
 * $secret is the signing secret as it was shown (whsec_…), $headers have names in lower case:
 * array_change_key_case(getallheaders()). $body is exactly what came in:
 * file_get_contents('php://input').
 */
function verify_webhook(string $secret, array $headers, string $body): bool
{
    $id = $headers['webhook-id'] ?? $headers['svix-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? $headers['svix-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? $headers['svix-signature'] ?? '';
    if ($id === '' || $signatures === '' || !ctype_digit($timestamp)) {
        return false;
    }
    if (abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // While a secret is rotated, there are two signatures: one of them has to fit.
    foreach (explode(' ', $signatures) as $entry) {
        if (hash_equals("v1,$expected", $entry)) {
            return true;
        }
    }
    return false;
}
