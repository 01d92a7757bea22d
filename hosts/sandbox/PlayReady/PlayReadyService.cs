using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The licence service: one challenge in, one message out. It believes nothing that a real one would check.</summary>
/// <param name="authority">Gives its keys and certificates. They are asked for when the first challenge comes.</param>
/// <param name="contentKeys">The content keys.</param>
/// <param name="clock">The time.</param>
internal sealed class PlayReadyService(Func<PlayReadyKeys> authority, ContentKeys contentKeys, TimeProvider clock)
{
    private readonly ReplayGuard _guard = new();

    /// <summary>Answers a challenge.</summary>
    /// <param name="body">The challenge.</param>
    /// <param name="all">The terms of each licence.</param>
    /// <param name="oddities">What is to be unusual about the answer.</param>
    /// <param name="isKept">Whether to remember that there was this challenge; not when its answer will not arrive.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="FaultException">The challenge is refused.</exception>
    public byte[] Answer(ReadOnlySpan<byte> body, IReadOnlyList<LicenseTerms> all, Oddities oddities, bool isKept) => Answer(Verify(body, oddities, isKept), all, oddities);

    /// <summary>Verifies a challenge.</summary>
    /// <param name="body">The challenge.</param>
    /// <param name="oddities">What is not to be checked.</param>
    /// <param name="isKept">Whether to remember that there was this challenge.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="FaultException">The challenge is refused.</exception>
    public Challenge Verify(ReadOnlySpan<byte> body, Oddities oddities, bool isKept)
    {
        DateTimeOffset now = oddities.Now ?? clock.GetUtcNow();
        Challenge challenge = new ChallengeReader(authority()).Read(body, now);
        if (oddities.Checks("time") && oddities.Window is { } window && (challenge.ClientTime - now).Duration() > window)
            throw new FaultException(StatusCode.InvalidMessage, $"The client's time is further off than {window.TotalSeconds} seconds.");
        if (oddities.Checks("replay") && _guard.Use([Convert.ToHexString(challenge.Nonce)], isKept) is not null)
            throw new FaultException(StatusCode.InvalidMessage, "The nonce has been used before.");
        return challenge;
    }

    /// <summary>Answers a challenge that has been verified.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="all">The terms of each licence.</param>
    /// <param name="oddities">What is to be unusual about the answer.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="FaultException">There is no licence for it.</exception>
    public byte[] Answer(Challenge challenge, IReadOnlyList<LicenseTerms> all, Oddities oddities)
    {
        PlayReadyKeys keys = authority();
        DateTimeOffset now = oddities.Now ?? clock.GetUtcNow();
        if (all.FirstOrDefault(terms => terms.Error is not null)?.Error is { } error) throw new FaultException(error, "The request asked for this fault.");

        List<byte[]> licenses = Licenses(challenge, all, now, oddities);
        bool isPersistent = all.Any(terms => terms.IsPersistent);
        bool isSigned = (isPersistent || oddities.Signs) && !oddities.Flaw("unsigned");
        byte[]? nonce = oddities.Flaw("nonce") ? RandomNumberGenerator.GetBytes(16) : challenge.Nonce;
        LicenseAnswer answer = new()
        {
            Licenses = oddities.Flaw("no_license") ? [] : oddities.Flaw("duplicate") ? [.. licenses, .. licenses] : licenses,
            HasId = isSigned || !oddities.Odd("bare"),
            Transaction = oddities.Odd("transaction") ? Guid.NewGuid() : null,
            Nonce = (isPersistent || isSigned) && !oddities.Flaw("no_nonce") ? nonce : null,
            ResponseId = oddities.Flaw("no_response_id") ? null : RandomNumberGenerator.GetBytes(32),
        };
        string message = isSigned ? Signed(answer, keys, oddities) : SoapWriter.Message(SoapWriter.LicenseResponse(answer), "", oddities.IsSoap12);
        byte[] bytes = Encoding.UTF8.GetBytes(message);
        return oddities.Flaw("malformed") ? "this is no message"u8.ToArray() : oddities.Flaw("truncated") ? bytes[..(bytes.Length / 2)] : bytes;
    }

    private static string Signed(LicenseAnswer answer, PlayReadyKeys keys, Oddities oddities)
    {
        if (oddities.Flaw("root")) keys = PlayReadyKeys.Read(PlayReadyKeys.Make());
        using ECDsa key = PlayReadyKeys.Open(keys.ResponseKey);
        byte[] chain = keys.ResponseChain;
        if (oddities.Flaw("usage"))
        {
            using ECDsa issuer = PlayReadyKeys.Open(keys.ServerIssuer.Key);
            chain = CertificateMaker.Chain(CertificateMaker.Sign(PlayReadyKeys.Server(key, KeyUsage.Sign), issuer), keys.ServerIssuer.Certificate);
        }

        string response = SoapWriter.LicenseResponse(answer with { SigningChain = chain });
        return SoapWriter.Message(response, SoapWriter.Sign(response, key, oddities), oddities.IsSoap12);
    }

    private List<byte[]> Licenses(Challenge challenge, IReadOnlyList<LicenseTerms> all, DateTimeOffset now, Oddities oddities)
    {
        byte[] deviceKey = challenge.Device.Find(KeyUsage.EncryptKey)!.Point;
        List<byte[]> licenses = [];
        foreach (LicenseTerms terms in all)
        {
            if (oddities.Checks("level") && terms.Level > challenge.Device.Level)
                throw new FaultException(StatusCode.LevelTooLow, $"The licence needs security level {terms.Level}, the device has {challenge.Device.Level}.");
            foreach (WantedKey key in Wanted(challenge, terms))
            {
                if (oddities.Checks("cbc") && key.Type == KeyType.AesCbc && !challenge.KnowsCbc)
                    throw new FaultException(StatusCode.ServiceSpecific, "The key is for AES in CBC mode, and the client has no feature AESCBC.");
                byte[] rightsId = terms.IsPersistent ? RandomNumberGenerator.GetBytes(16) : Add(challenge.Nonce, licenses.Count, oddities.Odd("big_endian"));
                licenses.Add(LicenseMaker.Make(terms, key, rightsId, deviceKey, now, oddities));
            }
        }

        return licenses;
    }

    private IEnumerable<WantedKey> Wanted(Challenge challenge, LicenseTerms terms)
    {
        IEnumerable<HeaderKey> wanted = challenge.Header.Keys;
        if (terms.Kid is { } kid) wanted = [challenge.Header.Keys.FirstOrDefault(key => key.Kid == kid) ?? new HeaderKey(kid, null, null)];
        else if (challenge.Header.Keys.Count == 0) throw new FaultException(StatusCode.HeaderKidMissing, "Neither the header nor the terms have a KID.");

        return wanted.Select(key =>
        {
            KeyType type = terms.Type ?? key.Type ?? challenge.Header.Type ?? KeyType.AesCtr;
            if ((terms.ContentKey ?? ConfiguredKey(key.Kid, terms)) is { } configured) return new WantedKey(key.Kid, type, configured);

            // Nobody named the key, so it is the seed's; unless the header shows that it is not.
            byte[] derived = KeySeed.Derive(terms.Seed ?? KeySeed.Test, key.Kid);
            if (key.Checksum is { } checksum && !KeySeed.Checksum(derived, key.Kid).AsSpan().SequenceEqual(checksum))
                throw new FaultException(StatusCode.ServiceSpecific, $"The key of the KID {key.Kid} is not known here, and by its checksum it is not the seed's.");
            return new WantedKey(key.Kid, type, derived);
        });
    }

    private byte[]? ConfiguredKey(Guid kid, LicenseTerms terms) =>
        terms.Seed is null ? contentKeys.Find(Convert.ToHexStringLower(kid.ToByteArray(bigEndian: true)))?.Key : null;

    private static byte[] Add(byte[] nonce, int number, bool isBigEndian)
    {
        byte[] sum = [.. nonce];
        for (int i = 0, carry = number; i < sum.Length && carry > 0; i++)
        {
            int at = isBigEndian ? sum.Length - 1 - i : i;
            carry += sum[at];
            sum[at] = (byte)carry;
            carry >>= 8;
        }

        return sum;
    }
}
