using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

/// <summary>Verifies webhooks that are signed by Standard Webhooks. Needs .NET 7 or newer.</summary>
public static class VerifyWebhook
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Says whether a request is authentic and recent.</summary>
    /// <param name="secret">The signing secret as it was shown (whsec_…).</param>
    /// <param name="headers">Names in lower case. With ASP.NET Core:
    /// Request.Headers.ToDictionary(each => each.Key.ToLowerInvariant(), each => each.Value.ToString())</param>
    /// <param name="body">Exactly what came in.</param>
    public static bool IsAuthentic(string secret, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        string id = First(headers, "webhook-id", "svix-id");
        string timestamp = First(headers, "webhook-timestamp", "svix-timestamp");
        string signatures = First(headers, "webhook-signature", "svix-signature");
        if (id == "" || signatures == "" || timestamp.Length > 12 || !timestamp.All(char.IsAsciiDigit) || timestamp == "")
        {
            return false;
        }
        long age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp);
        if (Math.Abs(age) > Tolerance.TotalSeconds)
        {
            return false;
        }
        byte[] key = Convert.FromBase64String(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret.Substring(6) : secret);
        byte[] signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.").Concat(body).ToArray();
        byte[] expected = Encoding.ASCII.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
        // While a secret is rotated, there are two signatures: one of them has to fit.
        return signatures.Split(' ').Any(entry =>
            CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(entry)));
    }

    private static string First(IReadOnlyDictionary<string, string> headers, params string[] names) =>
        names.Select(name => headers.TryGetValue(name, out string? value) ? value : null).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "";
}
